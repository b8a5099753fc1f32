package sink_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	err := errors.New("cause")
	timeout := fmt.Errorf("query: %w", context.DeadlineExceeded)
	for name, c := range map[string]struct {
		err                  error
		permanent, transient bool
	}{
		"nil":                     {nil, false, false},
		"unmarked":                {err, false, false},
		"permanent":               {sink.Permanent(err), true, false},
		"transient":               {sink.Transient(err), false, true},
		"wrapped":                 {fmt.Errorf("table t: %w", sink.Permanent(err)), true, false},
		"in a row error":          {&sink.RowError{Err: sink.Transient(err)}, false, true},
		"in a record error":       {&sink.RecordError{Err: sink.Permanent(err)}, true, false},
		"joined":                  {errors.Join(err, sink.Permanent(err)), true, false},
		"outermost is permanent":  {sink.Permanent(fmt.Errorf("gave up: %w", sink.Transient(err))), true, false},
		"outermost is transient":  {sink.Transient(sink.Permanent(err)), false, true},
		"deadline":                {timeout, false, true},
		"cancelled":               {context.Canceled, false, true},
		"deadline made permanent": {sink.Permanent(timeout), true, false},
	} {
		if sink.IsPermanent(c.err) != c.permanent || sink.IsTransient(c.err) != c.transient {
			t.Errorf("%s: permanent %t, transient %t", name, sink.IsPermanent(c.err), sink.IsTransient(c.err))
		}
	}
}

func TestMarksKeepTheError(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for _, mark := range []func(error) error{sink.Permanent, sink.Transient} {
		if mark(nil) != nil {
			t.Error("a marked nil is not nil")
		}
		if err := mark(cause); err.Error() != "cause" || !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
	}
}

func TestRecordErrorNamesTheRecord(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := &sink.RecordError{Origin: sink.Origin{Index: 3, Sequence: "1003"}, Err: &sink.RowError{Row: 5, Err: cause}}
	if want := "record 3 (sequence number 1003): row 5: cause"; err.Error() != want || !errors.Is(err, cause) {
		t.Errorf("got %q, want %q", err, want)
	}
	err.Origin.Sequence = ""
	if want := "record 3: row 5: cause"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestPadSequence(t *testing.T) {
	t.Parallel()
	forty := strings.Repeat("9", 40)
	for sequence, want := range map[string]string{
		"1":                     strings.Repeat("0", 39) + "1",
		"111700000000000000001": strings.Repeat("0", 19) + "111700000000000000001",
		forty:                   forty,
	} {
		if got, err := sink.PadSequence(sequence); err != nil || got != want {
			t.Errorf("PadSequence(%q) = %q, %v", sequence, got, err)
		}
	}
	for _, bad := range []string{"", " 1", "-1", "1.0", "1e3", "٣", forty + "0", "shard-1"} {
		if got, err := sink.PadSequence(bad); !sink.IsPermanent(err) {
			t.Errorf("PadSequence(%q) = %q, %v; want a permanent error", bad, got, err)
		}
	}
}
