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

// written stages n keys in a scrambled order and returns them as they were written.
func written[K comparable](t *testing.T, n int, key func(i int) K) []K {
	t.Helper()
	var got []K
	port := sink.NewPort(newStore(), func(k *K) (K, error) { return *k, nil },
		func(_ context.Context, _ *tx, writes []sink.Write[K]) error {
			for _, w := range writes {
				got = append(got, w.Row)
			}
			return nil
		})
	u := staged(func(b *sink.Batch) {
		for i := range n {
			port.Upsert(b, key(i*7%n))
		}
		port.Upsert(b, key(n/2))
	})
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWritesAreSortedByKey(t *testing.T) {
	t.Parallel()
	const n = 100
	if got := written(t, n, func(i int) string { return fmt.Sprint("key ", i) }); !slices.IsSorted(got) || len(got) != n {
		t.Errorf("string keys: %q", got)
	}
	if got := written(t, n, func(i int) int { return i - n/2 }); !slices.IsSorted(got) || len(got) != n {
		t.Errorf("int keys: %v", got)
	}
	if got := written(t, n, func(i int) int64 { return int64(i - n/2) }); !slices.IsSorted(got) || len(got) != n {
		t.Errorf("int64 keys: %v", got)
	}
}

func TestWritesWithoutAnOrderKeepTheOrderOfStaging(t *testing.T) {
	t.Parallel()
	got := written(t, 10, func(i int) [2]int { return [2]int{i, i} })
	for i := range 10 {
		if got[i][0] != i*7%10 {
			t.Fatalf("wrote %v", got)
		}
	}
}

func TestAKeyThatFailsFailsItsRecordForGood(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t")
	u := staged(upsert(table, "a", 1))
	b := u.Begin(origin(1))
	table.Upsert(b, row{"b", 1})
	table.Delete(b, row{})
	if err := b.End(nil); !sink.IsPermanent(err) || !errors.Is(err, errNoKey) {
		t.Errorf("the record's error is %v, want a permanent one that wraps the key's", err)
	}
	if err := u.Commit(t.Context(), nil); err != nil || len(s.rows) != 1 {
		t.Errorf("error %v, rows %v; want the first record's row only", err, s.rows)
	}
}

func TestEveryWriteIsHandedOverInOrder(t *testing.T) {
	t.Parallel()
	s := newStore()
	history := s.table("t", sink.EveryWrite())
	u := staged(upsert(history, "b", 1), upsert(history, "a", 1), remove(history, "b"), upsert(history, "b", 1))
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"b=1 a=1 -b b=1"}; !slices.Equal(s.calls, want) {
		t.Errorf("wrote %q, want %q", s.calls, want)
	}
}

func TestWritesCarryTheOriginOfTheirRecord(t *testing.T) {
	t.Parallel()
	var got []sink.Origin
	port := sink.Func(func(_ context.Context, writes []sink.Write[row]) error {
		for _, w := range writes {
			got = append(got, w.Origin)
		}
		return nil
	})
	u := staged(func(*sink.Batch) {}, upsert(port, "a", 1), upsert(port, "a", 2))
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	first, second := origin(1), origin(2)
	first.Index, second.Index = 1, 2
	if want := []sink.Origin{first, second}; !slices.Equal(got, want) {
		t.Errorf("origins %+v, want %+v", got, want)
	}
}

// TestAFuncMayKeepItsWrites: it is its user's own, and nothing is taken back from it.
func TestAFuncMayKeepItsWrites(t *testing.T) {
	t.Parallel()
	var kept [][]sink.Write[row]
	port := sink.Func(func(_ context.Context, writes []sink.Write[row]) error {
		kept = append(kept, writes)
		return nil
	})
	for _, key := range []string{"a", "b"} {
		if err := staged(upsert(port, key, 1)).Commit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept) != 2 || kept[0][0].Row.key != "a" || kept[1][0].Row.key != "b" {
		t.Errorf("kept %v", kept)
	}
}

func TestGuardedTargetsLeaveTheRecordGuarded(t *testing.T) {
	t.Parallel()
	s := newStore()
	guarded, table := s.table("g", sink.Guarded()), s.table("t")
	for name, c := range map[string]struct {
		handle func(*sink.Batch)
		want   bool
	}{
		"nothing":                  {func(*sink.Batch) {}, false},
		"guarded rows":             {upsert(guarded, "a", 1), false},
		"rows":                     {upsert(table, "a", 1), true},
		"an effect":                {upsert(effectOf(new([]string)), "a", 1), true},
		"both":                     {upsert(sink.Tee[row](guarded, table), "a", 1), true},
		"a function":               {func(b *sink.Batch) { sink.Do(b, s, look()) }, true},
		"a function with a guard":  {func(b *sink.Batch) { sink.Do(b, s, sink.Action[*tx]{Run: look().Run, Guarded: true}) }, false},
		"rows, then guarded ones":  {func(b *sink.Batch) { table.Upsert(b, row{"a", 1}); guarded.Upsert(b, row{"a", 1}) }, true},
		"a row that is not staged": {upsert(table, "", 1), false},
	} {
		b := sink.NewUnit().Begin(origin(0))
		c.handle(b)
		if got := b.Unguarded(); got != c.want {
			t.Errorf("%s: Unguarded is %t", name, got)
		}
	}
}

func noWrite(context.Context, *tx, []sink.Write[row]) error { return nil }

// refusing returns a port whose writer fails with err.
func refusing(s *store, err error) *sink.Port[row] {
	return sink.NewPort(s, keyOf, func(context.Context, *tx, []sink.Write[row]) error { return err })
}

func TestRowErrorsNameTheRecord(t *testing.T) {
	t.Parallel()
	errRow := errors.New("too long")
	for _, c := range []struct {
		rowErr error
		want   int // index of the record, -1: not told
	}{
		{&sink.RowError{Row: 0, Err: errRow}, 2}, // sorted by key: c, b, a were staged
		{&sink.RowError{Row: 2, Err: sink.Permanent(errRow)}, 0},
		{fmt.Errorf("table t: %w", &sink.RowError{Row: 1, Err: errRow}), 1},
		{&sink.RowError{Row: 3, Err: errRow}, -1},
		{&sink.RowError{Row: -1, Err: errRow}, -1},
		{errRow, -1},
	} {
		port := refusing(newStore(), c.rowErr)
		err := staged(upsert(port, "c", 1), upsert(port, "b", 1), upsert(port, "a", 1)).Commit(t.Context(), nil)
		var at *sink.RecordError
		found := errors.As(err, &at)
		if found != (c.want >= 0) || found && at.Origin.Index != c.want || !errors.Is(err, errRow) {
			t.Errorf("%v became %v, want an error of record %d", c.rowErr, err, c.want)
		}
		if sink.IsPermanent(err) != sink.IsPermanent(c.rowErr) {
			t.Errorf("%v lost or gained a mark", c.rowErr)
		}
	}
}

func TestTargetsOfOneSinkShareATransaction(t *testing.T) {
	t.Parallel()
	s := newStore()
	first, last := s.table("first"), refusing(s, errStore)
	u := staged(upsert(sink.Tee[row](first, last), "a", 1))
	if err := u.Commit(t.Context(), nil); !errors.Is(err, errStore) || len(s.rows) != 0 {
		t.Errorf("error %v, rows %v; want the error and no row", err, s.rows)
	}
}

func TestTargetsFlushInOrderOfCreation(t *testing.T) {
	t.Parallel()
	s := newStore()
	parent, child := s.table("parent"), s.table("child")
	u := staged(upsert(child, "c", 1), upsert(parent, "p", 1))
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"p=1", "c=1"}; !slices.Equal(s.calls, want) {
		t.Errorf("wrote %q, want %q", s.calls, want)
	}
}

// listed is a sink that cannot be compared.
type listed struct {
	stores []*store
}

func (l listed) InTx(ctx context.Context, fn func(context.Context, *tx) error) error {
	return l.stores[0].InTx(ctx, fn)
}

func TestSinksThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	s := newStore()
	write := func(_ context.Context, t *tx, writes []sink.Write[row]) error {
		t.rows[writes[0].Row.key] = writes[0].Row.version
		return nil
	}
	l := listed{[]*store{s}}
	a, b := sink.NewPort(l, keyOf, write), sink.NewPort(l, keyOf, write)
	u := staged(upsert(a, "a", 1), upsert(b, "b", 2), func(b *sink.Batch) { sink.Do(b, l, look()) })
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(s.rows) != 2 || len(s.seen) != 1 {
		t.Errorf("rows %v, functions %v", s.rows, s.seen)
	}
}

func TestSameKey(t *testing.T) {
	t.Parallel()
	s := newStore()
	table, history := s.table("t"), s.table("h", sink.EveryWrite())
	for name, c := range map[string]struct {
		target sink.Keyed[row]
		a, b   row
		want   bool
	}{
		"states of a row":        {table, row{"a", 1}, row{"a", 2}, true},
		"two rows":               {table, row{"a", 1}, row{"b", 1}, false},
		"rows without key":       {table, row{}, row{}, false},
		"one without key":        {table, row{"a", 1}, row{}, false},
		"every write":            {history, row{"a", 1}, row{"b", 1}, true},
		"function":               {effectOf(new([]string)), row{"a", 1}, row{"b", 1}, true},
		"port without a key":     {sink.NewPort[row, string](s, nil, noWrite), row{"a", 1}, row{"a", 2}, false},
		"tee of nothing":         {tee(), row{"a", 1}, row{"a", 2}, false},
		"tee of nil":             {tee((*sink.Port[row])(nil)), row{"a", 1}, row{"a", 2}, false},
		"tee, same for all":      {tee(table, history), row{"a", 1}, row{"a", 2}, true},
		"tee, different for one": {tee(history, table), row{"a", 1}, row{"b", 2}, false},
		"tee of an unkeyed one":  {tee(unkeyed{}), row{"a", 1}, row{"b", 2}, true},
	} {
		if got := c.target.SameKey(c.a, c.b); got != c.want {
			t.Errorf("%s: SameKey(%v, %v) is %t", name, c.a, c.b, got)
		}
	}
}

// What is nil is told by the record's error, without a panic and without a mark: it is no record's fault.
func TestWhatIsNilFailsTheRecord(t *testing.T) {
	t.Parallel()
	for want, target := range map[string]sink.Target[row]{
		"the sink of a port for rows of type sink_test.row is nil": sink.NewPort(nil, keyOf, noWrite),
		"the sink of a port":             sink.NewPort((*store)(nil), keyOf, noWrite),
		"the key function of a port":     sink.NewPort[row, string](newStore(), nil, noWrite),
		"the write function of a port":   sink.NewPort[row, string, *tx](newStore(), keyOf, nil),
		"the write function":             sink.Func[row](nil),
		"Tee got no targets":             sink.Tee[row](),
		"Tee got a nil target":           sink.Tee[row](unkeyed{}, nil),
		"got a nil target":               sink.Tee[row](unkeyed{}, (*sink.Port[row])(nil)),
		"the write function of a port f": sink.Tee[row](unkeyed{}, sink.Func[row](nil)),
	} {
		for name, stage := range map[string]func(*sink.Batch, row){"Upsert": target.Upsert, "Delete": target.Delete} {
			u := sink.NewUnit()
			b := u.Begin(origin(0))
			stage(b, row{"a", 1})
			err := b.End(nil)
			if err == nil || !strings.Contains(err.Error(), want) || sink.IsPermanent(err) || sink.IsTransient(err) {
				t.Errorf("%s: the record's error is %v, want an unmarked one with %q", name, err, want)
			}
			if err := u.Commit(t.Context(), nil); err != nil {
				t.Errorf("%s: the commit: %v", name, err)
			}
		}
	}
}

type unkeyed struct{}

func (unkeyed) Upsert(*sink.Batch, row) {}
func (unkeyed) Delete(*sink.Batch, row) {}

func tee(targets ...sink.Target[row]) sink.Keyed[row] { return sink.Tee(targets...).(sink.Keyed[row]) }
