package streamjson

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

func unread(int) ImageReader { return nil }

// whole puts the parts together, and checks their numbers.
func whole(t *testing.T, parts []Part) (records []Record) {
	t.Helper()
	for i, p := range parts {
		if i == 0 && p.Number != 0 || i > 0 && p.Number <= parts[i-1].Number {
			t.Errorf("part %d at place %d", p.Number, i)
		}
		records = append(records, p.Records...)
	}
	return records
}

// sameSplit fails the test unless n goroutines find what one finds.
func sameSplit(t *testing.T, p string, n int) (parts []Part) {
	t.Helper()
	want, wantErr := Split(p)
	parts, err := SplitParts(p, n, unread)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%d parts: error %v, want %v: %q", n, err, wantErr, p)
	}
	if got := whole(t, parts); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("%d parts of %q\n got %+v\nwant %+v", n, p, got, want)
	}
	return parts
}

// many is a payload of n records, each of which holds what looks like the beginning of one.
func many(n int, image string) string {
	records := make([]string, n)
	for i := range records {
		records[i] = record(i, image)
	}
	return payload(records...)
}

const looksLikeOne = `{"pk":{"S":"k"},"log":{"M":{"eventID":{"S":"x"}}},"text":{"S":",{\"eventID\":"}}`

func TestPartsAreWhatOneGoroutineFinds(t *testing.T) {
	t.Parallel()
	damaged := strings.Replace(many(9, `{}`), `"SizeBytes":6`, `"SizeBytes":"6"`, 1)
	broken := strings.Replace(many(9, `{}`), `,{"eventID":"7"`, `;{"eventID":"7"`, 1)
	payloads := append(goodPayloads(), many(20, `{}`), many(20, looksLikeOne), damaged, broken,
		strings.Replace(damaged, `"o"`, `"\x"`, 3), strings.TrimSuffix(many(9, `{}`), `}]}`), many(9, `{}`)+`,`,
		strings.NewReplacer(`{"eventID"`, "\n { \"eventID\" ").Replace(many(9, looksLikeOne)),
		`{"Records":[1,2,3],"a":{}}`, `{"Records":[{"a`+strings.Repeat("a", 99)+`":1}]}`)
	for _, p := range payloads {
		for n := range 6 {
			sameSplit(t, p, n)
		}
	}
}

// TestPartsAreShared: a payload of plain records is cut where it can be, and one whose items look like records is not cut wrongly.
func TestPartsAreShared(t *testing.T) {
	t.Parallel()
	parts := sameSplit(t, many(100, `{}`), 4)
	if len(parts) != 4 {
		t.Fatalf("%d parts", len(parts))
	}
	for _, p := range parts {
		if n := len(p.Records); n < 20 || n > 30 || cap(p.Records) > 40 {
			t.Errorf("part %d: %d records, room for %d", p.Number, n, cap(p.Records))
		}
	}
	missed := sameSplit(t, many(100, `{"log":{"M":`+strings.Repeat(`{"eventID":`, 99)+`1`+strings.Repeat(`}`, 99)+`}}`), 4)
	if len(missed) == 4 {
		t.Error("no part began elsewhere than at a record: the test tests nothing")
	}
}

// TestReadersOfParts: each counts from its part's first record, and reads the images of the records that are its part's.
func TestReadersOfParts(t *testing.T) {
	t.Parallel()
	const n = 3
	p := many(50, looksLikeOne)
	var seen [n][]string
	parts, err := SplitParts(p, n, func(part int) ImageReader {
		return func(record int, image Image, at int) (int, bool) {
			if image == Keys {
				for len(seen[part]) <= record {
					seen[part] = append(seen[part], "")
				}
				seen[part][record] = p[at : at+len(`{"pk":{"S":"k00`)]
			}
			return at, false
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		for i, r := range part.Records {
			if got := seen[part.Number][i]; !strings.HasPrefix(r.Keys, got) || got == "" {
				t.Errorf("part %d, record %d: the reader saw %s of %s", part.Number, i, got, r.Keys)
			}
		}
	}
}

// TestAReaderThatEndsItsGoroutine: what it leaves is split by the goroutine before.
func TestAReaderThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	p := many(50, `{}`)
	var ended atomic.Bool
	parts, err := SplitParts(p, 2, func(part int) ImageReader {
		return func(record int, _ Image, at int) (int, bool) {
			if part == 1 && record == 5 {
				ended.Store(true)
				runtime.Goexit()
			}
			return at, false
		}
	})
	if got := whole(t, parts); err != nil || !ended.Load() || len(got) != 50 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

func FuzzSplitParts(f *testing.F) {
	for _, p := range append(goodPayloads(), many(9, looksLikeOne), many(5, `{"a":{"S":"\x"}}`)) {
		f.Add(p, uint8(3))
	}
	f.Fuzz(func(t *testing.T, p string, n uint8) { sameSplit(t, p, int(n%8)) })
}

// TestMemoryOfAWrongGuess: a stretch that begins elsewhere than at a record does not make room for a record of a few bytes each.
// It is not parallel, so that nothing else is counted.
func TestMemoryOfAWrongGuess(t *testing.T) {
	list := `{"t":{"L":[` + strings.Repeat(`{"eventID":"1"},`, 40_000) + `1]}}`
	p := many(9, list)
	allocated := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if got := allocated(func() { _, _ = SplitParts(p, 4, unread) }); got > 16<<20 {
		t.Errorf("%d bytes were split with %d", len(p), got)
	}
}
