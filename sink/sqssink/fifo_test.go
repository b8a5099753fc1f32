package sqssink_test

import (
	"context"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqssink"
)

// deliver commits one record with these rows.
func deliver(t testing.TB, q sink.Target[row], o sink.Origin, rows ...row) {
	t.Helper()
	err := sinktest.StageAs(t.Context(), o, func(_ context.Context, b *sink.Batch) error {
		for _, r := range rows {
			q.Upsert(b, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRepetitionsOfAMessageAreDropped, and nothing else is: not another record's, not the same row staged twice.
func TestRepetitionsOfAMessageAreDropped(t *testing.T) {
	t.Parallel()
	f := &fake{}
	q := newQueue[row](t, f, fifoURL)
	for range 2 {
		deliver(t, q, origin(0), row{"a", "1"}, row{"a", "1"}, row{"b", "1"})
		deliver(t, q, origin(1), row{"a", "1"})
	}
	f.wantKeys(t, "a a b a")
	deliver(t, q, origin(0), row{"a", "changed"})
	f.wantKeys(t, "a a b a a")
	other := origin(0)
	other.Source = "another"
	deliver(t, q, other, row{"a", "1"})
	deliver(t, newQueue[row](t, f, fifoURL, sqssink.DeduplicateByEvent("s")), origin(0), row{"a", "1"})
	f.wantKeys(t, "a a b a a a a")
}

func TestDeduplicateByEvent(t *testing.T) {
	t.Parallel()
	f := &fake{}
	ours := newQueue[row](t, f, fifoURL, sqssink.DeduplicateByEvent("ours"))
	theirs := newQueue[row](t, f, fifoURL, sqssink.DeduplicateByEvent("theirs"))
	for _, text := range []string{"first", "again"} {
		deliver(t, ours, origin(0), row{"a", text}, row{"b", text})
		deliver(t, theirs, origin(0), row{"c", text})
	}
	f.wantKeys(t, "a b c")
	unknown := sink.Origin{Source: "arn"}
	deliver(t, ours, unknown, row{"d", "1"})
	deliver(t, ours, unknown, row{"e", "1"})
	f.wantKeys(t, "a b c d e")
}

// TestACommitOfSomeRecordsKeepsTheIDs: they do not depend on who is in the commit.
func TestACommitOfSomeRecordsKeepsTheIDs(t *testing.T) {
	t.Parallel()
	f := &fake{}
	q := newQueue[row](t, f, fifoURL)
	for _, skipped := range []int{-1, 0, 1, 2} {
		if err := staged(t, q, keys("abc")...).Commit(t.Context(), func(record int) bool { return record != skipped }); err != nil {
			t.Fatal(err)
		}
	}
	f.wantKeys(t, "a b c")
}

func TestIdentifiersAreThoseSQSTakes(t *testing.T) {
	t.Parallel()
	long := "arn:aws:dynamodb:eu-west-1:123456789012:table/" + strings.Repeat("t", 255) + "/stream/2026-01-01T00:00:00.000"
	for _, source := range []string{origin(0).Source, long, "", "with space", "é", strings.Repeat("a", 128), strings.Repeat("a", 129)} {
		f := &fake{}
		deliver(t, newQueue[row](t, f, fifoURL), sink.Origin{Source: source, EventID: "e"}, row{})
		group, id := *f.messages[0].MessageGroupId, *f.messages[0].MessageDeduplicationId
		as := source != "" && source != "é" && !strings.Contains(source, " ") && len(source) <= 128
		if (group == source) != as || !as && len(group) != 64 || len(id) != 64 {
			t.Errorf("source %q: group %q, deduplication ID %q", source, group, id)
		}
	}
}

func TestGroupBy(t *testing.T) {
	t.Parallel()
	byKey := sqssink.GroupBy(func(r row, o sink.Origin) string { return r.Key + o.EventID })
	f := &fake{}
	deliver(t, newQueue[row](t, f, fifoURL, byKey), origin(7), row{Key: "k"})
	if got := *f.messages[0].MessageGroupId; got != "ke7" {
		t.Errorf("group %q", got)
	}
	deliver(t, newQueue[row](t, f, standardURL), origin(7), row{Key: "k"})
	if got := f.messages[1].MessageGroupId; got != nil {
		t.Errorf("a standard queue's message has the group %q", *got)
	}
}
