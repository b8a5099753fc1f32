package sink_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

func TestFunctionsSeeWhatWasStagedBefore(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t")
	u := staged(func(b *sink.Batch) {
		table.Upsert(b, row{"a", 1})
		sink.Do(b, s, look())
		table.Upsert(b, row{"a", 2})
	}, func(b *sink.Batch) {
		sink.Do(b, s, look())
		table.Delete(b, row{key: "a"})
	})
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"map[t/a:1]", "map[t/a:2]"}; !slices.Equal(s.seen, want) {
		t.Errorf("functions saw %q, want %q", s.seen, want)
	}
}

func TestUnorderedFunctionsAreNoBarrier(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t")
	u := staged(func(b *sink.Batch) {
		table.Upsert(b, row{"a", 1})
		sink.Do(b, s, sink.Action[*tx]{Run: look().Run, Unordered: true})
		table.Upsert(b, row{"a", 2})
	})
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a=2"}; !slices.Equal(s.calls, want) || len(s.seen) != 1 {
		t.Errorf("wrote %q, want %q; %d functions ran, want 1", s.calls, want, len(s.seen))
	}
}

func TestAFailedFunctionIsItsRecordsFailure(t *testing.T) {
	t.Parallel()
	errRun := errors.New("run")
	s := newStore()
	table := s.table("t")
	u := staged(upsert(table, "a", 1), func(b *sink.Batch) { sink.Do(b, s, fails(sink.Permanent(errRun))) }, upsert(table, "b", 1))
	err := u.Commit(t.Context(), nil)
	var at *sink.RecordError
	if !errors.As(err, &at) || at.Origin.Index != 1 || !errors.Is(err, errRun) || !sink.IsPermanent(err) {
		t.Errorf("got %v, want a permanent error of record 1", err)
	}
	if len(s.rows) != 0 {
		t.Errorf("rows %v were written", s.rows)
	}
	if err := u.Commit(t.Context(), func(record int) bool { return record != 1 }); err != nil || len(s.rows) != 2 {
		t.Errorf("without the record: error %v, rows %v", err, s.rows)
	}
}

func TestAFunctionMayBlameAnotherRecord(t *testing.T) {
	t.Parallel()
	s := newStore()
	blamed := &sink.RecordError{Origin: sink.Origin{Index: 7}, Err: errStore}
	err := staged(func(b *sink.Batch) { sink.Do(b, s, fails(blamed)) }).Commit(t.Context(), nil)
	var at *sink.RecordError
	if !errors.As(err, &at) || at.Origin.Index != 7 {
		t.Errorf("got %v, want the function's own record error", err)
	}
}

// planner is a store that wants to see the actions of a transaction before they run.
type planner struct {
	*store
	plans []string
	err   error
}

func (p *planner) Prepare(_ context.Context, t *tx, actions []sink.Action[*tx]) error {
	plan := fmt.Sprint(len(t.rows))
	for _, a := range actions {
		plan += fmt.Sprint(" ", a.Tag)
	}
	p.plans = append(p.plans, plan)
	return p.err
}

func TestPreparerSeesTheActionsFirst(t *testing.T) {
	t.Parallel()
	p := &planner{store: newStore()}
	table := sink.NewPort(p, keyOf, func(_ context.Context, t *tx, _ []sink.Write[row]) error {
		t.rows["x"] = 1
		return nil
	})
	tagged := func(tag string) func(*sink.Batch) {
		return func(b *sink.Batch) {
			table.Upsert(b, row{tag, 1})
			sink.Do(b, p, sink.Action[*tx]{Run: look().Run, Tag: tag})
		}
	}
	u := staged(tagged("a"), tagged("b"), tagged("c"), upsert(table, "d", 1))
	p.err = errStore
	if err := u.Commit(t.Context(), upTo(1)); !errors.Is(err, errStore) || len(p.seen) != 0 {
		t.Errorf("error %v, %d functions ran; want the preparer's error and none", err, len(p.seen))
	}
	p.err = nil
	for _, n := range []int{2, 3} {
		if err := u.Commit(t.Context(), upTo(n)); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"0 a", "0 a b", "1 c"}; !slices.Equal(p.plans, want) {
		t.Errorf("prepared %q, want %q", p.plans, want)
	}
	if len(p.seen) != 3 {
		t.Errorf("%d functions ran, want 3", len(p.seen))
	}
}

// TestActionsOfNothing fail their record, and not the process.
func TestActionsOfNothing(t *testing.T) {
	t.Parallel()
	unit := sink.NewUnit()
	for name, stage := range map[string]func(b *sink.Batch){
		"no sink": func(b *sink.Batch) {
			sink.Do(b, sink.Sink[int](nil), sink.Action[int]{Run: func(context.Context, int) error { return nil }})
		},
		"no Run": func(b *sink.Batch) { sink.Do(b, newStore(), sink.Action[*tx]{}) },
	} {
		b := unit.Begin(sink.Origin{})
		stage(b)
		if err := b.End(nil); err == nil || !strings.Contains(err.Error(), "sink: Do") || sink.IsPermanent(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
