package mapping

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/streamjson"
)

type benchFlat struct {
	PK      string    `dynamodbav:"pk"`
	SK      string    `dynamodbav:"sk"`
	Name    string    `dynamodbav:"name"`
	Email   string    `dynamodbav:"email"`
	Status  string    `dynamodbav:"status"`
	Qty     int       `dynamodbav:"qty"`
	Total   float64   `dynamodbav:"total"`
	Paid    bool      `dynamodbav:"paid"`
	Version int64     `dynamodbav:"version"`
	Placed  time.Time `dynamodbav:"placed_at,unixtime"`
}

const benchFlatItem = `{"pk":{"S":"CUSTOMER#00000017"},"sk":{"S":"ORDER#2026-01-17#000017"},"name":{"S":"Some One"},"email":{"S":"someone17@example.org"},` +
	`"status":{"S":"SHIPPED"},"qty":{"N":"17"},"total":{"N":"129.95"},"paid":{"BOOL":true},"version":{"N":"3"},"placed_at":{"N":"1768608000"}}`

func benchDecoder[T any](tb testing.TB, opts ...Option) *Decoder[T] {
	tb.Helper()
	d, err := NewDecoder[T](opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestFlatItemCostsNoAllocation(t *testing.T) {
	d, clone := benchDecoder[benchFlat](t), benchDecoder[benchFlat](t, CloneStrings())
	var v benchFlat
	decode := func(d *Decoder[benchFlat]) func() {
		return func() {
			if err := d.DecodeString(benchFlatItem, &v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := testing.AllocsPerRun(1000, decode(d)); n > 0.1 && !raceEnabled {
		t.Errorf("%v allocations per item", n)
	}
	if n := testing.AllocsPerRun(100, decode(clone)); n < 5 {
		t.Errorf("%v allocations per item with CloneStrings, for five strings", n)
	}
}

func TestOverflowCostsOneAllocation(t *testing.T) {
	d := benchDecoder[struct {
		PK   string `dynamodbav:"pk"`
		Rest Overflow
	}](t)
	v := struct {
		PK   string `dynamodbav:"pk"`
		Rest Overflow
	}{}
	for item, want := range map[string]float64{`{"pk":{"S":"x"}}`: 0, benchFlatItem: 1} {
		n := testing.AllocsPerRun(1000, func() {
			if err := d.DecodeString(item, &v); err != nil {
				t.Fatal(err)
			}
		})
		if n > want+0.1 && !raceEnabled {
			t.Errorf("%v allocations for %.20s, want %v", n, item, want)
		}
	}
}

// TestLargestPayload wants all that a payload of 6 MB allocates, dropped or
// not, to stay within four times its size.
func TestLargestPayload(t *testing.T) {
	record := `{"eventID":"1","eventName":"INSERT","dynamodb":{"Keys":{"pk":{"S":"x"}},"NewImage":` + benchFlatItem + `,"SequenceNumber":"%d"},"pad":"` + strings.Repeat("x", 190) + `"}`
	var b strings.Builder
	b.WriteString(`{"Records":[` + fmt.Sprintf(record, 0))
	for i := 1; i < 10_000; i++ {
		b.WriteString("," + fmt.Sprintf(record, i))
	}
	payload := []byte(b.String() + `]}`)
	d := benchDecoder[benchFlat](t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text, images := string(payload), make([]benchFlat, 10_000)
	records, err := streamjson.SplitWith(text, func(n int, image streamjson.Image, at int) (int, bool) {
		if image != streamjson.NewImage {
			return at, false
		}
		end, err := d.DecodePrefix(text, at, &images[n])
		return end, err == nil
	})
	runtime.ReadMemStats(&after)
	if err != nil || len(records) != 10_000 || images[9_999].PK == "" {
		t.Fatal(len(records), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4*uint64(len(payload)) && !raceEnabled {
		t.Errorf("allocated %d bytes for a payload of %d", used, len(payload))
	}
}

// TestConcurrentUse has goroutines overwrite each other's guesses.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	d := benchDecoder[everything](t)
	items := []string{
		`{"S":{"S":"a"},"N":{"N":"1"},"F":{"N":"2"},"L":{"L":[{"S":"x"}]}}`, `{"L":{"L":[{"S":"x"}]},"F":{"N":"2"},"N":{"N":"1"},"S":{"S":"a"}}`,
		`{"N":{"N":"1"},"unknown":{"M":{}},"S":{"S":"a"},"L":{"L":[{"S":"x"}]},"F":{"N":"2"}}`, `{ "s":{"S":"a"}, "n":{"N":"1"}, "l":{"L":[{"S":"x"}]}, "f" : {"N":"2"} }`,
	}
	want := everything{S: "a", N: 1, F: 2, L: []string{"x"}}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 200 {
				var got everything
				if err := d.DecodeString(items[(i+n)%len(items)], &got); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestManyFieldsAndAttributes(t *testing.T) {
	t.Parallel()
	fields := make([]reflect.StructField, 150)
	var item strings.Builder
	for i := range fields {
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[int]()}
		fmt.Fprintf(&item, `"F%d":{"N":"%d"},"other%d":{"NULL":true},`, i, i, i)
	}
	typ := reflect.StructOf(fields)
	checkItem(t, `{`+item.String()+`"last":{"BOOL":true}}`, typ)
	for _, twice := range []string{"F149", "other149"} {
		v := reflect.New(typ).Interface()
		err := Unmarshal([]byte(`{`+item.String()+`"`+twice+`":{"N":"1"}}`), v)
		if err == nil || !strings.Contains(err.Error(), twice+": attribute name occurs twice") {
			t.Errorf("%s twice: %v", twice, err)
		}
	}
}

func TestNamesThatDifferInCase(t *testing.T) {
	t.Parallel()
	type lower struct{ A string }
	for item, want := range map[string]string{
		`{"A":{"S":"exact"},"a":{"S":"folded"}}`: "exact", `{"a":{"S":"folded"},"A":{"S":"exact"}}`: "exact", `{"a":{"S":"folded"}}`: "folded",
		`{"a":{"S":"folded"},"A":{"NULL":true}}`: "",
	} {
		var v lower
		if err := Unmarshal([]byte(item), &v); err != nil || v.A != want {
			t.Errorf("%s: %q, %v", item, v.A, err)
		}
	}
}

func TestUnmarshalIntoWhatIsThere(t *testing.T) {
	t.Parallel()
	type there struct {
		L  []int
		LS []embedded
		M  map[string]string
		P  *embedded
		A  any
		SS []string
	}
	fresh := func() *there {
		return &there{
			L: []int{7, 8, 9}, LS: []embedded{{Deep: "d", Shadow: "s"}}, M: map[string]string{"old": "x"}, P: &embedded{Deep: "d"}, A: &embedded{Deep: "d"},
			SS: make([]string, 1, 4),
		}
	}
	for _, item := range []string{
		`{"L":{"L":[{"N":"1"}]}}`, `{"L":{"L":[]}}`, `{"L":{"L":[{"N":"1"},{"N":"2"},{"N":"3"},{"N":"4"}]}}`, `{"LS":{"L":[{"M":{"deep":{"S":"n"}}}]}}`,
		`{"M":{"M":{"new":{"S":"y"}}}}`, `{"P":{"M":{"Shadow":{"S":"n"}}}}`, `{"A":{"M":{"Shadow":{"S":"n"}}}}`, `{"A":{"NULL":true}}`, `{"SS":{"SS":["a","b"]}}`,
		`{"P":{"NULL":true},"M":{"NULL":true},"L":{"NULL":true}}`,
	} {
		got, want := fresh(), fresh()
		err, wantErr := Unmarshal([]byte(item), got), usualInto(item, want)
		if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v, %v", item, got, err, want, wantErr)
		}
	}
}

func BenchmarkDecodeFlat(b *testing.B) {
	d := benchDecoder[benchFlat](b)
	var v benchFlat
	b.SetBytes(int64(len(benchFlatItem)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.DecodeString(benchFlatItem, &v); err != nil {
			b.Fatal(err)
		}
	}
}
