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
		err  error
		want string // which of the questions are answered with yes
	}{
		"nil":                     {nil, ""},
		"unmarked":                {err, ""},
		"permanent":               {sink.Permanent(err), "permanent"},
		"transient":               {sink.Transient(err), "transient"},
		"wrapped":                 {fmt.Errorf("table t: %w", sink.Permanent(err)), "permanent"},
		"in a row error":          {&sink.RowError{Err: sink.Transient(err)}, "transient"},
		"in a record error":       {&sink.RecordError{Err: sink.Permanent(err)}, "permanent"},
		"joined":                  {errors.Join(err, sink.Permanent(err)), "permanent"},
		"outermost is permanent":  {sink.Permanent(fmt.Errorf("gave up: %w", sink.Transient(err))), "permanent"},
		"outermost is transient":  {sink.Transient(sink.Permanent(err)), "transient"},
		"deadline":                {timeout, "transient"},
		"cancelled":               {context.Canceled, "transient"},
		"uncertain":               {sink.Uncertain(err), "uncertain"},
		"deadline, uncertain":     {fmt.Errorf("commit: %w", sink.Uncertain(timeout)), "uncertain"},
		"deadline made permanent": {sink.Permanent(timeout), "permanent"},
	} {
		got := ""
		for answer, yes := range map[string]bool{"permanent": sink.IsPermanent(c.err), "transient": sink.IsTransient(c.err), "uncertain": sink.IsUncertain(c.err)} {
			if yes {
				got += answer
			}
		}
		if got != c.want {
			t.Errorf("%s: the error is %q, want %q", name, got, c.want)
		}
	}
}

func TestMarksKeepTheError(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for _, mark := range []func(error) error{sink.Permanent, sink.Transient, sink.Uncertain} {
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
