package sink_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

// Misuse by handlers and by sinks, which the unit must notice.

func TestLateStagingFailsTheUnit(t *testing.T) {
	t.Parallel()
	table := newStore().table("t")
	for name, late := range map[string]func(*sink.Batch){
		"upsert":   upsert(table, "b", 1),
		"delete":   remove(table, "b"),
		"function": func(b *sink.Batch) { sink.Do(b, newStore(), look()) },
		"Fail":     func(b *sink.Batch) { b.Fail(errors.New("late")) },
		"bad key":  upsert(table, "", 1),
	} {
		u := sink.NewUnit()
		b := u.Begin(origin(0))
		_ = b.End(nil)
		if err := u.Err(); err != nil {
			t.Fatalf("%s: before it: %v", name, err)
		}
		late(b)
		var at *sink.RecordError
		if err := u.Err(); !errors.As(err, &at) || at.Origin.EventID != "event 0" {
			t.Errorf("%s: Err is %v, want an error of the record", name, err)
		}
		if err := u.Commit(t.Context(), nil); err == nil {
			t.Errorf("%s: the commit went through", name)
		}
	}
}

func TestLateStagingDuringTheCommit(t *testing.T) {
	t.Parallel()
	table := newStore().table("t")
	u := sink.NewUnit()
	b := u.Begin(origin(0))
	sink.Func(func(context.Context, []sink.Write[row]) error {
		table.Upsert(b, row{"late", 1})
		return nil
	}).Upsert(b, row{"a", 1})
	_ = b.End(nil)
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if u.Err() == nil {
		t.Error("Err is nil after the commit, and the late write is lost unnoticed")
	}
}

// A sink that breaks its contract must not make the unit believe that rows were written.
func TestCommitChecksItsSinks(t *testing.T) {
	t.Parallel()
	errWrite := errors.New("write")
	for name, c := range map[string]struct {
		outcome outcome
		handle  func(*store) func(*sink.Batch)
		want    string
	}{
		"panics in InTx":      {panics, plain, "panic during commit: store"},
		"does nothing":        {doesNothing, plain, "without running its function"},
		"swallows an error":   {swallows, failing(errWrite), "write"},
		"recovers and lies":   {swallows, panicking, "without running its function"},
		"panics in an action": {succeeds, panicking, "panic during commit: action"},
		"panics in write":     {succeeds, panickingWrite, "panic during commit: writer"},
	} {
		s := newStore()
		s.outcomes = []outcome{c.outcome}
		u := staged(c.handle(s))
		if err := u.Commit(t.Context(), nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the commit returned %v, want an error with %q", name, err, c.want)
		}
		if len(s.rows) != 0 {
			t.Errorf("%s: rows were written: %v", name, s.rows)
		}
	}
}

func plain(s *store) func(*sink.Batch) { return upsert(s.table("t"), "a", 1) }

func failing(err error) func(*store) func(*sink.Batch) {
	return func(s *store) func(*sink.Batch) {
		return func(b *sink.Batch) { sink.Do(b, s, fails(err)) }
	}
}

func panicking(s *store) func(*sink.Batch) {
	return func(b *sink.Batch) {
		sink.Do(b, s, sink.Action[*tx]{Run: func(context.Context, *tx) error { panic(errors.New("action")) }})
	}
}

func panickingWrite(s *store) func(*sink.Batch) {
	port := sink.NewPort(s, keyOf, func(context.Context, *tx, []sink.Write[row]) error { panic("writer") })
	return upsert(port, "a", 1)
}

func TestCommitAfterTheContextHasEnded(t *testing.T) {
	t.Parallel()
	var got []string
	u := staged(upsert(effectOf(&got), "a", 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := u.Commit(ctx, nil); !errors.Is(err, context.Canceled) || !sink.IsTransient(err) || got != nil {
		t.Errorf("error %v, the effect got %q; want a transient error and nothing", err, got)
	}
	if err := u.Commit(ctx, upTo(0)); err != nil {
		t.Errorf("nothing to write: %v", err)
	}
}
