package sink_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

func TestSinksCommitInOrderOfRankThenCreation(t *testing.T) {
	t.Parallel()
	var order []string
	named := func(name string) *store {
		s := newStore()
		s.name, s.commits = name, &order
		return s
	}
	effect := sink.Func(func(context.Context, []sink.Write[row]) error {
		order = append(order, "effect")
		return nil
	})
	late, early, guarded, functions := named("late"), named("early"), named("guarded"), named("functions")
	earlyTable := early.table("e")
	lateTable := late.table("l")
	guardedTable := guarded.table("g", sink.Guarded())

	u := staged(func(b *sink.Batch) {
		sink.Do(b, functions, look())
		effect.Upsert(b, row{"a", 1})
		lateTable.Upsert(b, row{"a", 1})
		earlyTable.Upsert(b, row{"a", 1})
		guardedTable.Upsert(b, row{"a", 1})
	})
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"guarded", "early", "late", "functions", "effect"}
	if !slices.Equal(order, want) {
		t.Errorf("committed in the order %v, want %v", order, want)
	}
}

func TestASinkThatCommittedIsNotGivenTheRecordsAgain(t *testing.T) {
	t.Parallel()
	s := newStore()
	history := s.table("t", sink.EveryWrite())
	errEffect := errors.New("effect")
	broken := true
	var got []string
	effect := sink.Func(func(_ context.Context, writes []sink.Write[row]) error {
		if broken {
			return errEffect
		}
		got = append(got, describe(writes))
		return nil
	})
	u := staged(upsert(sink.Tee[row](history, effect), "a", 1), upsert(sink.Tee[row](history, effect), "b", 2))
	for range 2 {
		if err := u.Commit(t.Context(), nil); !errors.Is(err, errEffect) {
			t.Fatalf("got %v", err)
		}
	}
	broken = false
	for range 2 {
		if err := u.Commit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(s.calls, []string{"a=1 b=2"}) || !slices.Equal(got, []string{"a=1 b=2"}) {
		t.Errorf("the first sink got %q, the second %q; each should get both records once", s.calls, got)
	}
}

func TestCommitOfSubsets(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t")
	u := staged(upsert(table, "a", 1), upsert(table, "a", 2), remove(table, "a"), upsert(table, "a", 4))
	for n, want := range []map[string]int{{}, {"t/a": 1}, {"t/a": 2}, {}, {"t/a": 4}} {
		if err := u.Commit(t.Context(), upTo(n)); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(s.rows, want) {
			t.Errorf("after the commit of %d records the table holds %v, want %v", n, s.rows, want)
		}
	}
}

func TestFailedAndOpenRecordsAreNotCommitted(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t")
	u := sink.NewUnit()
	var batches []*sink.Batch
	for i := range 4 {
		b := u.Begin(origin(i))
		table.Upsert(b, row{fmt.Sprint(i), i})
		batches = append(batches, b)
	}
	errHandler, errFirst := errors.New("handler"), errors.New("first")
	_ = batches[0].End(errHandler)
	batches[1].Fail(nil)
	batches[1].Fail(errFirst)
	batches[1].Fail(errors.New("second"))
	if err := batches[1].End(nil); !errors.Is(err, errFirst) {
		t.Errorf("End returned %v, want the first error that Fail was called with", err)
	}
	_ = batches[2].End(nil)
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"t/2": 2}; !maps.Equal(s.rows, want) {
		t.Errorf("the table holds %v, want %v", s.rows, want)
	}
	if err := batches[0].End(errFirst); !errors.Is(err, errHandler) {
		t.Errorf("a second End returned %v, want the first error", err)
	}
	if err := batches[2].End(errHandler); err != nil {
		t.Errorf("a second End returned %v, want what the first did", err)
	}
}

func TestTheUnitMayGrowAfterACommit(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t")
	u := sink.NewUnit()
	for i := range 200 {
		b := u.Begin(origin(i))
		table.Upsert(b, row{"a", i})
		_ = b.End(nil)
		if err := u.Commit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if s.rows["t/a"] != i {
			t.Fatalf("after record %d the row is version %d", i, s.rows["t/a"])
		}
	}
	if len(s.calls) != 200 {
		t.Errorf("%d writes, want 200", len(s.calls))
	}
}

func TestRecordsStagedOutOfOrderAfterACommit(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t", sink.EveryWrite())
	u := sink.NewUnit()
	var batches []*sink.Batch
	for i := range 4 {
		batches = append(batches, u.Begin(origin(i)))
	}
	for _, pair := range [][]int{{1, 0}, {3, 2}} {
		for _, i := range pair {
			table.Upsert(batches[i], row{"a", i})
		}
		for _, i := range pair {
			_ = batches[i].End(nil)
		}
		if err := u.Commit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"a=0 a=1", "a=2 a=3"}; !slices.Equal(s.calls, want) {
		t.Errorf("wrote %q, want %q", s.calls, want)
	}
}

func TestRetryReplacesWhatARecordStaged(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t")
	u := staged(upsert(table, "a", 1))
	failed := u.Begin(origin(1))
	table.Upsert(failed, row{"b", 1})
	last := u.Begin(origin(2))
	upsert(table, "b", 3)(last)
	_ = last.End(nil)

	_ = failed.End(errors.New("the first attempt"))
	second := u.Retry(failed)
	if second.Origin() != failed.Origin() {
		t.Errorf("the retry is of %+v, want %+v", second.Origin(), failed.Origin())
	}
	if next := u.Begin(origin(3)).Origin().Index; next != 3 {
		t.Errorf("the record after the retry has the index %d, want 3: a retry is no record of its own", next)
	}
	table.Upsert(second, row{"b", 2})
	table.Upsert(second, row{"c", 2})
	_ = second.End(nil)
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"t/a": 1, "t/b": 3, "t/c": 2}; !maps.Equal(s.rows, want) {
		t.Errorf("the table holds %v, want %v", s.rows, want)
	}
}

func TestRetryDropsWhatASoundRecordStaged(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t")
	for name, end := range map[string]func(*sink.Batch){
		"open":  func(*sink.Batch) {},
		"ended": func(b *sink.Batch) { _ = b.End(nil) },
	} {
		u := sink.NewUnit()
		first := u.Begin(origin(0))
		table.Upsert(first, row{"a", 1})
		end(first)
		_ = u.Retry(first).End(nil)
		if err := errors.Join(u.Commit(t.Context(), nil), u.Err()); err != nil || len(s.rows) != 0 {
			t.Errorf("%s: error %v, rows %v; want neither", name, err, s.rows)
		}
		if table.Upsert(first, row{"a", 2}); u.Err() == nil {
			t.Errorf("%s: the first attempt staged after the second had begun, unnoticed", name)
		}
	}
}

// The race detector is the judge of what runs here.
func TestConcurrentStaging(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 50
	s := newStore()
	table, other := s.table("t"), s.table("o", sink.Guarded())
	u := sink.NewUnit()
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := range each {
				b := u.Begin(origin(i))
				table.Upsert(b, row{fmt.Sprint(w, "-", i), i})
				other.Delete(b, row{key: "x"})
				sink.Do(b, s, look())
				_ = b.Unguarded()
				_ = b.End(u.Err())
			}
		})
	}
	wait.Wait()
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(s.rows) != workers*each || len(s.seen) != workers*each {
		t.Errorf("%d rows, %d functions run, want %d of each", len(s.rows), len(s.seen), workers*each)
	}
}
