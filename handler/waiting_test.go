package handler_test

import (
	"context"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// TestTogetherWaitsBeforeItSetsAside: a permanent failure of a record that has to wait for an earlier one of its item waits.
func TestTogetherWaitsBeforeItSetsAside(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	h := handler.NewDynamoDBBatchHandler(handler.StreamBatchHandlerFunc[Item](func(ctx context.Context, entries []handler.Entry[Item]) error {
		for _, e := range entries {
			if err := obey(s.table(sink.Guarded()))(ctx, e.Record, e.Batch); err != nil {
				e.Batch.Fail(err)
			}
		}
		return nil
	}), quiet, handler.OnFailure(handler.HaltKey), handler.DeadLetters(letters))
	records := history("a1", "bfail", "bpermanent", "c1")
	invoke(t, h, records...).reports(t, records[1])
	if n := len(letters.Upserts()); n != 0 {
		t.Errorf("%d dead letters for a record that waits", n)
	}
	wantRows(t, s, "a c")
}

// TestHaltKeyBehindANamedRecord: the sink names d first, although b before it is bad too. Then d waits, and so does all of its
// item.
func TestHaltKeyBehindANamedRecord(t *testing.T) {
	t.Parallel()
	s := newStore()
	guarded := s.table(sink.Guarded())
	unguarded := sink.NewPort(s, func(i *Item) (string, error) { return i.ID, nil },
		func(ctx context.Context, tx *storeTx, writes []sink.Write[Item]) error {
			for _, bad := range []string{"d", "b"} {
				for k, w := range writes {
					if w.Row.ID == bad && w.Row.Do == "bad" {
						return &sink.RowError{Row: k, Err: sink.Permanent(errBusiness)}
					}
				}
			}
			return s.write(ctx, tx, writes)
		})
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Item](func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
		if rec.NewImage.Do == "bad" {
			unguarded.Upsert(batch, *rec.NewImage)
		} else {
			guarded.Upsert(batch, *rec.NewImage)
		}
		return nil
	}), quiet, handler.OnFailure(handler.HaltKey))
	records := history("a1", "bbad", "dbad", "d9", "e1")
	invoke(t, h, records...).reports(t, records[1])
	if s.rows["d"] == "9" {
		t.Errorf("a later record of item d was committed before the one that waits")
	}
}
