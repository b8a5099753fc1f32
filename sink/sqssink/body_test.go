package sqssink_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqssink"
)

// stageOne commits one row of a record.
func stageOne[R any](t testing.TB, f *fake, o sink.Origin, r R, opts ...sqssink.Option) error {
	t.Helper()
	q := newQueue[R](t, f, standardURL, opts...)
	return sinktest.StageAs(t.Context(), o, func(_ context.Context, b *sink.Batch) error {
		q.Upsert(b, r)
		return nil
	})
}

// TestBodiesAreOfCharactersThatSQSTakes and mean what the row did.
func TestBodiesAreOfCharactersThatSQSTakes(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for r := rune(0); r <= 0x10FFFF; r++ {
		if r < 0x300 || r > 0xD7F0 && r < 0xE010 || r > 0xFFF0 && r < 0x10010 || r > 0x10FFF0 {
			if r < 0xD800 || r > 0xDFFF {
				all.WriteRune(r)
			}
		}
	}
	for name, text := range map[string]string{"all": all.String(), "plain": "plain", "markup": "<a & b>", "newlines": "\r\n\t\x00\u2028"} {
		f := &fake{}
		if err := stageOne(t, f, origin(0), row{"k", text}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := f.rows(t)[0].Text; got != text {
			t.Errorf("%s: got %q, want %q", name, got, text)
		}
	}
}

// TestRawJSONIsKept as in a dead letter: numbers digit by digit, escapes as they were, bytes that are no text replaced.
func TestRawJSONIsKept(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"N":"1", "x": 12345678901234567890.10}`: `{"N":"1","x":12345678901234567890.10}`,
		`["\u0000<\ud800>"]`:                      `["\u0000<\ud800>"]`,
		"[\"\uffff \ufffe\"]":                     `["\uffff \ufffe"]`,
		"[\"a\xffb\xed\xa0\x80\"]":                "[\"a\ufffdb\ufffd\ufffd\ufffd\"]",
	} {
		f := &fake{}
		if err := stageOne(t, f, origin(0), json.RawMessage(in)); err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		if got := *f.messages[0].MessageBody; got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestAttributesTellTheOrigin(t *testing.T) {
	t.Parallel()
	f := &fake{}
	for _, o := range []sink.Origin{origin(1), {Source: "a\x00\uffff\xff"}} {
		if err := stageOne(t, f, o, row{}); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []map[string]string{
		{"source": "arn:aws:dynamodb:x:1:table/t/stream/s", "eventID": "e1", "sequence": "1001"},
		{"source": "a\ufffd\ufffd\ufffd"},
	} {
		got := f.messages[i].MessageAttributes
		for name, value := range want {
			if a := got[name]; a.StringValue == nil || *a.StringValue != value || *a.DataType != "String" {
				t.Errorf("%s of message %d is %v, want %q", name, i, a.StringValue, value)
			}
		}
		if len(got) != len(want) {
			t.Errorf("message %d has attributes %v", i, got)
		}
	}
}

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("hunter2") }

// TestWhatHasNoJSON fails its record, without the value; a type that never has any is not the record's fault.
func TestWhatHasNoJSON(t *testing.T) {
	t.Parallel()
	f := &fake{}
	for name, c := range map[string]struct {
		err       error
		permanent bool
	}{
		"a method of sqssink_test.failing failed": {stageOne(t, f, origin(0), failing{}), true},
		"*json.UnsupportedValueError":             {stageOne(t, f, origin(0), math.NaN()), true},
		"a method of json.RawMessage failed":      {stageOne(t, f, origin(0), json.RawMessage("{hunter2")), true},
		"unsupported type: chan int":              {stageOne(t, f, origin(0), make(chan int)), false},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), name) || sink.IsPermanent(c.err) != c.permanent || strings.Contains(c.err.Error(), "hunter") {
			t.Errorf("%s: error %v", name, c.err)
		}
	}
	if len(f.calls) > 0 {
		t.Errorf("%d calls", len(f.calls))
	}
}
