package handler_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

var errRefused = errors.New("the store refuses a row")

// many makes n records of different items; bad ones are refused by the store of refusing.
func many(n int, bad ...int) []handlertest.Record {
	table := newTable()
	records := make([]handlertest.Record, n)
	for i := range records {
		records[i] = table.Insert(item(fmt.Sprintf("%04d", i), ""))
	}
	for _, i := range bad {
		records[i] = records[i].With("dynamodb.NewImage.pk", fmt.Sprintf(`{"S":"bad %04d"}`, i))
	}
	return records
}

func refusing(mark func(error) error) *store {
	s := newStore()
	s.refuse = func(key string) error {
		if strings.HasPrefix(key, "bad") {
			return mark(errRefused)
		}
		return nil
	}
	return s
}

func unmarked(err error) error { return err }

// TestOneBadRecordOfAThousand: the store does not say which row it refuses, so the batch is halved, in O(log n)
// transactions, wherever the bad record is.
func TestOneBadRecordOfAThousand(t *testing.T) {
	t.Parallel()
	const n = 1000
	limit := 2*int(math.Ceil(math.Log2(n))) + 1
	for bad := 0; bad < n; bad += 142 {
		s, letters := refusing(sink.Permanent), newLetters()
		h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.DeadLetters(letters))
		invoke(t, h, many(n, bad)...).succeeds(t)
		if s.transactions > limit || len(s.rows) != n-1 {
			t.Errorf("record %d is bad: %d transactions, want at most %d; %d rows", bad, s.transactions, limit, len(s.rows))
		}
		if got := letters.Upserts(); len(got) != 1 || !strings.Contains(string(got[0].Record), fmt.Sprintf("bad %04d", bad)) {
			t.Errorf("record %d is bad: the dead letters are %v", bad, got)
		}
	}
}

// TestBadRecordIsReportedWithoutDeadLetters, and what comes before it is committed.
func TestBadRecordIsReportedWithoutDeadLetters(t *testing.T) {
	t.Parallel()
	for _, mark := range []func(error) error{unmarked, sink.Permanent} {
		for _, bad := range []int{1, 99, 500, 999} {
			s := refusing(mark)
			h := handler.NewDynamoDBEventHandler(obey(s.table()), quiet)
			records := many(1000, bad, 999)
			invoke(t, h, records...).reports(t, records[bad])
			if len(s.rows) != bad || s.transactions > 24 {
				t.Errorf("record %d is bad: %d rows in %d transactions", bad, len(s.rows), s.transactions)
			}
		}
	}
}

// TestSeveralBadRecords costs O(log n) transactions for each.
func TestSeveralBadRecords(t *testing.T) {
	t.Parallel()
	s, letters := refusing(sink.Permanent), newLetters()
	h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.DeadLetters(letters))
	bad := []int{0, 3, 4, 511, 512, 998, 999}
	invoke(t, h, many(1000, bad...)...).succeeds(t)
	if len(s.rows) != 993 || len(letters.Upserts()) != 7 || s.transactions > 7*21 {
		t.Errorf("%d rows, %d letters, %d transactions", len(s.rows), len(letters.Upserts()), s.transactions)
	}
}

// TestNamedRecordIsNotSearched: a sink that knows the row spares the halving.
func TestNamedRecordIsNotSearched(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	table := sink.NewPort(s, func(i *Item) (string, error) { return i.ID, nil },
		func(ctx context.Context, tx *storeTx, writes []sink.Write[Item]) error {
			for i, w := range writes {
				if strings.HasPrefix(w.Row.ID, "bad") {
					return &sink.RowError{Row: i, Err: sink.Permanent(errRefused)}
				}
			}
			return s.write(ctx, tx, writes)
		})
	h := handler.NewDynamoDBEventHandler(obey(table), handler.DeadLetters(letters))
	invoke(t, h, many(1000, 400, 700)...).succeeds(t)
	if len(s.rows) != 998 || len(letters.Upserts()) != 2 || s.transactions > 5 {
		t.Errorf("%d rows, %d letters, %d transactions; want 998, 2, at most 5", len(s.rows), len(letters.Upserts()), s.transactions)
	}
}

// TestNamedRecordBehindTheHalt is not set aside: a record before it, found later, has stopped the batch.
func TestNamedRecordBehindTheHalt(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	table := sink.NewPort(s, func(i *Item) (string, error) { return i.ID, nil },
		func(ctx context.Context, tx *storeTx, writes []sink.Write[Item]) error {
			for i, w := range slices.Backward(writes) {
				switch w.Row.Do {
				case "named":
					return &sink.RowError{Row: i, Err: sink.Permanent(errRefused)}
				case "unnamed":
					return errRefused
				}
			}
			return s.write(ctx, tx, writes)
		})
	h := handler.NewDynamoDBEventHandler(obey(table), quiet, handler.DeadLetters(letters))
	records := inserts("", "unnamed", "", "named", "")
	invoke(t, h, records...).reports(t, records[1])
	wantRows(t, s, "a")
	if n := len(letters.Upserts()); n != 0 {
		t.Errorf("%d dead letters from behind the halt", n)
	}
}

// TestTransientCommit is tried again, with all of the batch and without searching for a record.
func TestTransientCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit = func() error {
			if s.transactions < 4 {
				return sink.Transient(errors.New("deadlock"))
			}
			return nil
		}
		h := handler.NewDynamoDBEventHandler(obey(s.table()))
		invoke(t, h, many(10)...).succeeds(t)
		if s.transactions != 4 || len(s.rows) != 10 {
			t.Errorf("%d rows in %d transactions", len(s.rows), s.transactions)
		}
	})
}

// TestCommitThatStaysTransient reports the batch, and sets nothing aside.
func TestCommitThatStaysTransient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, letters := newStore(), newLetters()
		s.commit = func() error { return sink.Transient(errors.New("no connection")) }
		h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.DeadLetters(letters), handler.DeadLetterUnmarked())
		invoke(t, h, many(10)...).fails(t, "record 0", "no connection")
		if len(letters.Upserts()) != 0 || s.transactions > 12 {
			t.Errorf("%d letters, %d transactions", len(letters.Upserts()), s.transactions)
		}
	})
}

// TestUncertainCommit is neither tried again nor set aside: Lambda redelivers it.
func TestUncertainCommit(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	s.commit = func() error { return sink.Uncertain(errors.New("the answer was lost")) }
	h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.DeadLetters(letters), handler.DeadLetterUnmarked())
	invoke(t, h, many(10)...).fails(t, "record 0", "the answer was lost")
	if len(letters.Upserts()) != 0 || s.transactions != 1 {
		t.Errorf("%d letters, %d transactions", len(letters.Upserts()), s.transactions)
	}
}

// TestTransientActionOfOneRecord: when one record's function keeps failing for a passing reason, the records before it are
// committed nevertheless.
func TestTransientActionOfOneRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		table := s.table()
		h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
			table.Upsert(batch, *rec.NewImage)
			if rec.NewImage.Do == "wait" {
				sink.Do(batch, s, sink.Action[*storeTx]{Run: func(context.Context, *storeTx) error { return sink.Transient(errRefused) }})
			}
			return nil
		}), quiet)
		records := inserts("", "", "wait", "")
		invoke(t, h, records...).reports(t, records[2])
		wantRows(t, s, "a b")
	})
}

// TestSinkThatPanics fails its record and not the process; a target that panics when staging, too.
func TestSinkThatPanics(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.refuse = func(key string) error {
		if key == "b" {
			panic("no " + key)
		}
		return nil
	}
	h := handler.NewDynamoDBEventHandler(obey(s.table()), quiet)
	records := inserts("", "", "")
	invoke(t, h, records...).reports(t, records[1])
	wantRows(t, s, "a")

	h = handler.NewDynamoDBEventHandler(obey(sink.Target[Item](nil)))
	invoke(t, h, records...).fails(t, "record 0", "panic")
}

// TestLaterSinkFails: the sinks before it stay ahead, the record is reported, and no sink gets anything twice.
func TestLaterSinkFails(t *testing.T) {
	t.Parallel()
	first, second := newStore(), newStore()
	second.refuse = func(key string) error {
		if key == "c" {
			return errRefused
		}
		return nil
	}
	h := handler.NewDynamoDBEventHandler(obey(sink.Tee(first.table(), second.table())), quiet)
	records := inserts("", "", "", "")
	invoke(t, h, records...).reports(t, records[2])
	wantRows(t, first, "a b c d")
	wantRows(t, second, "a b")
	if len(first.log) != 4 {
		t.Errorf("the first sink committed %v", first.log)
	}
}

// TestConfigErrorOfASink fails the batch whatever the policy.
func TestConfigErrorOfASink(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	s.commit = func() error { return &handler.ConfigError{Setting: "schema", Err: errors.New("no such column")} }
	h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.DeadLetters(letters), handler.DeadLetterUnmarked(),
		handler.OnFailure(handler.HaltKey))
	invoke(t, h, inserts("", "")...).fails(t, "misconfigured (schema): no such column")
	if len(letters.Upserts()) != 0 || s.transactions != 1 {
		t.Errorf("%d letters, %d transactions", len(letters.Upserts()), s.transactions)
	}
}
