package handler_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// history makes inserts of the items named by the first letter of each step; the rest says what the handler does.
func history(steps ...string) []handlertest.Record {
	table := newTable()
	records := make([]handlertest.Record, len(steps))
	for i, step := range steps {
		records[i] = table.Insert(item(step[:1], step[1:]))
	}
	return records
}

// TestHaltKey: later records of the failed item wait, other items go on.
func TestHaltKey(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table(sink.Guarded())), quiet, handler.OnFailure(handler.HaltKey))
	records := history("a1", "bfail", "a2", "b3", "c4", "cfail", "c5", "d6")
	invoke(t, h, records...).reports(t, records[1])
	if got, want := strings.Join(s.log, " "), "a c d"; got != want || s.rows["a"] != "2" || s.rows["c"] != "4" {
		t.Errorf("committed %q (%v), want %q", got, s.rows, want)
	}
}

// TestHaltKeyIsNotCalledForHeldRecords: the handler does not even see what waits.
func TestHaltKeyIsNotCalledForHeldRecords(t *testing.T) {
	t.Parallel()
	calls := ""
	h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], _ *sink.Batch) error {
		calls += rec.Keys.ID + rec.NewImage.Do + " "
		if rec.NewImage.Do == "fail" {
			return errBusiness
		}
		return nil
	}), quiet, handler.OnFailure(handler.HaltKey))
	invoke(t, h, history("a1", "afail", "a2", "b3")...)
	if calls != "a1 afail b3 " {
		t.Errorf("the handler was called with %q", calls)
	}
}

// TestHaltKeyHoldsUnguardedWork: what cannot be repeated waits, and with it the later records of its item.
func TestHaltKeyHoldsUnguardedWork(t *testing.T) {
	t.Parallel()
	s := newStore()
	guarded, unguarded := s.table(sink.Guarded()), s.table()
	h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
		switch rec.NewImage.Do {
		case "fail":
			return errBusiness
		case "unguarded":
			unguarded.Upsert(batch, *rec.NewImage)
		default:
			guarded.Upsert(batch, *rec.NewImage)
		}
		return nil
	}), quiet, handler.OnFailure(handler.HaltKey))
	records := history("aunguarded", "bfail", "cunguarded", "c2", "d3")
	invoke(t, h, records...).reports(t, records[1])
	wantRows(t, s, "a d")
}

// TestHaltKeyTellsItemsApart by all key attributes and their types.
func TestHaltKeyTellsItemsApart(t *testing.T) {
	t.Parallel()
	handled := 0
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[map[string]any](
		func(_ context.Context, rec *handler.Record[map[string]any], _ *sink.Batch) error {
			if handled++; handled == 1 {
				return errBusiness
			}
			return nil
		}), quiet, handler.OnFailure(handler.HaltKey))
	table := handlertest.Table{Keys: []string{"p", "s"}}
	invoke(t, h,
		table.Insert(map[string]any{"p": "a", "s": "b"}), // fails
		table.Insert(map[string]any{"p": "a", "s": []byte{0x6d, 0xb7}}),
		table.Insert(map[string]any{"p": "b", "s": "a"}),
		table.Insert(map[string]any{"p": "a", "s": 7}),
		table.Insert(map[string]any{"p": "a", "s": "7"}),
		table.Remove(map[string]any{"s": "b", "p": "a"}), // held
	)
	if handled != 5 {
		t.Errorf("%d records were handled, want 5: all but the last are of other items", handled)
	}
}

// TestHaltKeyWithDamagedKeys: an item that cannot be told may be any, so nothing goes on.
func TestHaltKeyWithDamagedKeys(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table(sink.Guarded())), quiet, handler.OnFailure(handler.HaltKey))
	for _, keys := range []string{`null`, `{}`, `[]`, `{"pk":{"S":1}}`, `{"pk":"a"}`} {
		records := history("a1", "b2", "c3")
		records[1] = records[1].With("dynamodb.Keys", keys).With("dynamodb.NewImage", `{"do":{"S":"fail"}}`)
		invoke(t, h, records...).reports(t, records[1])
		wantRows(t, s, "a")
	}
}

// TestHaltKeyAtTheCommit: a record that the sink refuses halts its item, and only it.
func TestHaltKeyAtTheCommit(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.refuse = func(key string) error {
		if key == "b" {
			return errors.New("refused")
		}
		return nil
	}
	h := handler.NewDynamoDBEventHandler(obey(s.table(sink.Guarded())), quiet, handler.OnFailure(handler.HaltKey))
	records := history("a1", "b2", "c3", "b4", "d5")
	invoke(t, h, records...).reports(t, records[1])
	wantRows(t, s, "a c d")
}

// TestHaltKeyReportsEvenIfTheFirstRecordFailed: other items succeeded, so it is a partial response and not an error.
func TestHaltKeyReportsEvenIfTheFirstRecordFailed(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table(sink.Guarded())), quiet, handler.OnFailure(handler.HaltKey))
	records := history("afail", "b1")
	invoke(t, h, records...).reports(t, records[0])
	wantRows(t, s, "b")
	invoke(t, h, history("afail", "a1")...).fails(t, "record 0")
}
