package sink_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

// bySequence makes the sequence number the version, which for the origins here compares as text.
func bySequence(_ *row, o sink.Origin) string { return o.Sequence }

func TestTheHighestVersionOfABatchCounts(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table("t", sink.GuardedBy(bySequence))
	u := sink.NewUnit()
	for _, r := range []struct {
		sequence string
		handle   func(*sink.Batch)
	}{
		{"5", upsert(table, "a", 5)},
		{"3", upsert(table, "a", 3)},
		{"4", remove(table, "a")},
		{"2", upsert(table, "b", 2)},
		{"2", upsert(table, "b", 22)}, // equal: the last one staged
		{"6", upsert(table, "c", 6)},
		{"7", remove(table, "c")},
		{"1", upsert(table, "c", 1)},
	} {
		b := u.Begin(sink.Origin{Sequence: r.sequence})
		r.handle(b)
		_ = b.End(nil)
	}
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a=5 b=22 -c"}; !slices.Equal(s.calls, want) {
		t.Errorf("wrote %q, want %q", s.calls, want)
	}
}

func TestGuardedByCommitsFirstAndIsGuarded(t *testing.T) {
	t.Parallel()
	var order []string
	plain, guarded := newStore(), newStore()
	plain.name, plain.commits = "plain", &order
	guarded.name, guarded.commits = "guarded", &order
	first, second := plain.table("t"), guarded.table("t", sink.GuardedBy(bySequence))
	b := sink.NewUnit().Begin(origin(0))
	if second.Upsert(b, row{"a", 1}); b.Unguarded() {
		t.Error("the record counts as unguarded")
	}
	if err := staged(upsert(sink.Tee[row](first, second), "a", 1)).Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"guarded", "plain"}; !slices.Equal(order, want) {
		t.Errorf("committed in the order %q, want %q", order, want)
	}
}

// An option for other rows cannot be told by the compiler, and a guard that is silently missing loses writes.
func TestGuardedByOfOtherRowsFailsTheRecord(t *testing.T) {
	t.Parallel()
	s := newStore()
	for name, option := range map[string]sink.PortOption{
		"other rows": sink.GuardedBy(func(*string, sink.Origin) string { return "" }),
		"nil":        sink.GuardedBy[row](nil),
	} {
		u := sink.NewUnit()
		b := u.Begin(origin(0))
		s.table("t", option).Upsert(b, row{"a", 1})
		err := b.End(nil)
		if err == nil || sink.IsPermanent(err) || !strings.Contains(err.Error(), "GuardedBy") {
			t.Errorf("%s: error %v; want one that names GuardedBy and is not permanent", name, err)
		}
		if err := u.Commit(t.Context(), nil); err != nil || len(s.rows) != 0 {
			t.Errorf("%s: error %v, rows %v; want neither", name, err, s.rows)
		}
	}
}
