package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// corpus returns the images of the event files in testdata.
func corpus(tb testing.TB) (items []string) {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatal("no event files: ", err)
	}
	for _, file := range files {
		payload, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		records, err := streamjson.Split(string(payload))
		if err != nil {
			tb.Fatalf("%s: %v", file, err)
		}
		for _, r := range records {
			for _, item := range []string{r.Keys, r.NewImage, r.OldImage} {
				if item != "" {
					items = append(items, item)
				}
			}
		}
	}
	return items
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, item := range corpus(t) {
		checkItem(t, item, reflect.TypeFor[map[string]any]())
		checkItem(t, item, reflect.TypeFor[everything]())
	}
}

// leaves are the types that buildType chooses from.
var leaves = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[int8](), reflect.TypeFor[int64](), reflect.TypeFor[uint16](), reflect.TypeFor[float32](),
	reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[[]byte](), reflect.TypeFor[any](), reflect.TypeFor[time.Time](),
	reflect.TypeFor[attributevalue.Number](), reflect.TypeFor[[3]int](), reflect.TypeFor[[2]byte](), reflect.TypeFor[unread](), reflect.TypeFor[upper](),
	reflect.TypeFor[attributevalue.UnixTime](), reflect.TypeFor[myString](), reflect.TypeFor[myBytes](), reflect.TypeFor[error](), reflect.TypeFor[chan int](),
	reflect.TypeFor[embedded](), reflect.TypeFor[jsonTree](), reflect.TypeFor[complex64](),
}

var (
	fuzzNames   = []string{"a", "b", "Aa", "aA", "pk", "tags", "é", "x y", "m"}
	fuzzOptions = []string{"", ",string", ",unixtime", ",omitempty", ",string,unixtime"}
)

// shape is a stream of choices.
type shape []byte

func (s *shape) choose(n int) int {
	if len(*s) == 0 {
		return 0
	}
	c := int((*s)[0]) % n
	*s = (*s)[1:]
	return c
}

// buildType builds a Go type from the choices in s.
func (s *shape) buildType(depth int) reflect.Type {
	switch c := s.choose(12); {
	case depth > 4 || c < 6:
		return leaves[s.choose(len(leaves))]
	case c == 6:
		return reflect.PointerTo(s.buildType(depth + 1))
	case c == 7 || c == 8:
		return reflect.SliceOf(s.buildType(depth + 1))
	case c == 9:
		keys := []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[myString](), reflect.TypeFor[bool](), reflect.TypeFor[upper]()}
		return reflect.MapOf(keys[s.choose(len(keys))], s.buildType(depth+1))
	}
	return s.buildStruct(depth + 1)
}

func (s *shape) buildStruct(depth int) reflect.Type {
	fields := make([]reflect.StructField, s.choose(6))
	for i := range fields {
		tag := fuzzNames[s.choose(len(fuzzNames))] + fuzzOptions[s.choose(len(fuzzOptions))]
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: s.buildType(depth), Tag: reflect.StructTag(fmt.Sprintf("dynamodbav:%q", tag))}
	}
	return reflect.StructOf(fields)
}

// FuzzDecode mutates both items and the types that they are decoded into.
func FuzzDecode(f *testing.F) {
	shapes := [][]byte{{}, {3, 0, 0, 6, 1, 0, 0, 5}, {5, 1, 2, 7, 0, 0, 3, 4, 9, 8, 2, 1, 10, 3, 2, 1, 0, 9, 9, 9}, []byte("a struct of some shape or other"), {5, 8, 0, 9, 0, 0, 0}}
	for i, item := range corpus(f) {
		f.Add(item, shapes[i%len(shapes)])
	}
	for i, v := range values {
		f.Add(`{"a":`+v+`,"b":`+values[(i*7)%len(values)]+`}`, shapes[i%len(shapes)])
	}
	for i, bad := range badItems {
		if len(bad.item) < 1000 {
			f.Add(bad.item, shapes[i%len(shapes)])
		}
	}
	f.Fuzz(func(t *testing.T, item string, s []byte) {
		choices := shape(s)
		typ := choices.buildStruct(0)
		checkItem(t, item, typ)
		checkOverflow(t, item, typ)
		checkItem(t, item, reflect.TypeFor[map[string]any]())
	})
}

// checkItem decodes item into a T twice, the second time with what the plan
// has learnt, and compares with attributevalue.
func checkItem(t *testing.T, item string, typ reflect.Type) {
	t.Helper()
	o := newOptions(nil)
	if checkTarget(typ, o.tagKey()) != nil {
		return
	}
	c := compiler{options: &o, plans: map[planKey]*plan{}}
	p := c.plan(planKey{typ: typ})
	want := reflect.New(typ)
	wantErr := usualInto(item, want.Interface())
	for range 2 {
		got := reflect.New(typ)
		end, err := decodeItem(p, item, 0, got.Elem(), &o)
		if err == nil && streamjson.Space(item, end) != len(item) {
			err = fail(errTrailing)
		}
		checkResult(t, item, typ, err, wantErr)
		if err == nil && wantErr == nil && !ambiguous(item) && !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Fatalf("%s into %v:\n got %v\nwant %v", item, typ, got.Elem(), want.Elem())
		}
	}
}

// checkResult allows an error where attributevalue has none only if the item
// itself is at fault, or for a number that loses digits.
func checkResult(t *testing.T, item string, typ reflect.Type, err, want error) {
	t.Helper()
	_, itemErr := ParseItem([]byte(item))
	plain, jsonErr := ToJSON([]byte(item))
	switch {
	case (itemErr == nil) != (jsonErr == nil) || jsonErr == nil && !json.Valid(plain):
		t.Fatalf("%s: ParseItem: %v, ToJSON: %s, %v", item, itemErr, plain, jsonErr)
	case itemErr != nil && err == nil:
		t.Fatalf("%s into %v: accepted what ParseItem refuses: %v", item, typ, itemErr)
	case itemErr == nil && want == nil && err != nil && !errors.Is(err, errInexact):
		t.Fatalf("%s into %v: %v, attributevalue has no error", item, typ, err)
	case err == nil && want != nil && !ambiguous(item):
		t.Fatalf("%s into %v: no error, attributevalue: %v", item, typ, want)
	}
}

func usualInto(item string, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	m, err := attributevalue.UnmarshalMapJSON([]byte(item))
	if err != nil {
		return err
	}
	return attributevalue.UnmarshalMapWithOptions(m, into, func(o *attributevalue.DecoderOptions) { o.UseNumber = true })
}

// ambiguous reports whether two attributes of one map match but for case, of
// which attributevalue takes any, or whether two keys may be one number.
func ambiguous(item string) bool {
	m, err := ParseItem([]byte(item))
	return err == nil && ambiguousMap(m)
}

func ambiguousMap(m map[string]types.AttributeValue) bool {
	seen := map[string]bool{}
	for name, av := range m {
		folded := strings.TrimLeft(strings.ToUpper(strings.ToLower(name)), "+0")
		if seen[folded] || ambiguousValue(av) || strings.ContainsAny(folded, "ſK") {
			return true
		}
		seen[folded] = true
	}
	return seen["1"] && seen["TRUE"] || seen["T"] && (seen["TRUE"] || seen["1"]) || seen["F"] && (seen["FALSE"] || seen[""]) || seen[""] && seen["FALSE"]
}

func ambiguousValue(av types.AttributeValue) bool {
	switch av := av.(type) {
	case *types.AttributeValueMemberM:
		return ambiguousMap(av.Value)
	case *types.AttributeValueMemberL:
		for _, e := range av.Value {
			if ambiguousValue(e) {
				return true
			}
		}
	}
	return false
}

// FuzzMarshal wants what was decoded to survive the way back.
func FuzzMarshal(f *testing.F) {
	for _, item := range corpus(f) {
		f.Add(item)
	}
	f.Fuzz(func(t *testing.T, item string) {
		m, err := ParseItem([]byte(item))
		if err != nil {
			return
		}
		text, err := MarshalItem(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseItem(text)
		if err != nil || !reflect.DeepEqual(back, m) {
			t.Fatalf("%s became %s: %v", item, text, err)
		}
		ev, err := ToEventItem(m)
		if err != nil {
			t.Fatal(err)
		}
		if back, err = FromEventItem(ev); err != nil || len(back) != len(m) {
			t.Fatalf("%s through events: %v", item, err)
		}
		var v map[string]any
		if err := Unmarshal([]byte(item), &v); err != nil {
			t.Fatal(err)
		}
		_, _ = Marshal(v) // an empty name is an error there
	})
}
