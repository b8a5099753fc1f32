package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

type togetherFunc = handler.StreamBatchHandlerFunc[Item]

// obeyAll is obey for the whole batch: it names the records that fail.
func obeyAll(target sink.Target[Item]) togetherFunc {
	each := obey(target)
	return func(ctx context.Context, entries []handler.Entry[Item]) error {
		for _, e := range entries {
			e.Batch.Fail(each(ctx, e.Record, e.Batch))
		}
		return nil
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	s, calls := newStore(), 0
	all := obeyAll(s.table())
	h := handler.NewDynamoDBBatchHandler(togetherFunc(func(ctx context.Context, entries []handler.Entry[Item]) error {
		calls++
		return all(ctx, entries)
	}))
	invoke(t, h, inserts("", "", "")...).succeeds(t)
	wantRows(t, s, "a b c")
	if calls != 1 || s.transactions != 1 {
		t.Errorf("%d calls, %d transactions", calls, s.transactions)
	}
}

// TestTogetherNamesTheRecord that failed; the others go their way, as the policy says.
func TestTogetherNamesTheRecord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		do      string
		opts    []handler.Option
		rows    string
		letters int // with a target for them if there are any
		done    bool
	}{
		{"fail", nil, "a", 0, false},
		{"fail", []handler.Option{handler.OnFailure(handler.HaltKey)}, "a c", 0, false},
		{"permanent", nil, "a", 0, false},
		{"permanent", nil, "a c", 1, true},
	} {
		s, letters := newStore(), newLetters()
		opts := append([]handler.Option{quiet}, c.opts...)
		if c.letters > 0 {
			opts = append(opts, handler.DeadLetters(letters))
		}
		h := handler.NewDynamoDBBatchHandler(obeyAll(s.table(sink.Guarded())), opts...)
		records := inserts("", c.do, "")
		got := invoke(t, h, records...)
		if c.done {
			got.succeeds(t)
		} else {
			got.reports(t, records[1])
		}
		wantRows(t, s, c.rows)
		if n := len(letters.Upserts()); n != c.letters {
			t.Errorf("%s: %d dead letters, want %d", c.do, n, c.letters)
		}
	}
}

// TestTogetherNothingAfterTheHalt: a later permanent failure is not set aside by a batch that has stopped before it.
func TestTogetherNothingAfterTheHalt(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	h := handler.NewDynamoDBBatchHandler(obeyAll(s.table()), quiet, handler.DeadLetters(letters))
	records := inserts("", "fail", "permanent", "")
	invoke(t, h, records...).reports(t, records[1])
	wantRows(t, s, "a")
	if n := len(letters.Upserts()); n != 0 {
		t.Errorf("%d dead letters from behind the halt", n)
	}
}

// TestTogetherFails: an error or a panic of the whole fails all records, and is marked for all.
func TestTogetherFails(t *testing.T) {
	t.Parallel()
	s, letters := newStore(), newLetters()
	table := s.table()
	all := func(err error) *handler.DynamoDBEventHandler[Item] {
		return handler.NewDynamoDBBatchHandler(togetherFunc(func(_ context.Context, entries []handler.Entry[Item]) error {
			for _, e := range entries {
				table.Upsert(e.Batch, *e.NewImage)
			}
			if err == nil {
				panic("together")
			}
			return err
		}), quiet, handler.DeadLetters(letters))
	}
	invoke(t, all(errBusiness), inserts("", "")...).fails(t, "record 0", errBusiness.Error())
	invoke(t, all(nil), inserts("", "")...).fails(t, "record 0", "panic: together")
	invoke(t, all(sink.Permanent(errBusiness)), inserts("", "")...).succeeds(t)
	wantRows(t, s, "")
	if n := len(letters.Upserts()); n != 2 {
		t.Errorf("%d dead letters, want both records", n)
	}
}

// TestTogetherSkipsAndFails: what does not decode or pass the filters is not in the batch.
func TestTogetherSkipsAndFails(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBBatchHandler(obeyAll(s.table()), quiet,
		handler.Where(func(rec *handler.Record[Item]) bool { return rec.NewImage.Do != "drop" }))
	records := inserts("", "drop", "", "", "")
	records[3] = records[3].With("dynamodb.NewImage.do", `{"X":1}`)
	invoke(t, h, records...).reports(t, records[3])
	wantRows(t, s, "a c")
}

// TestTogetherRetries what failed for a passing reason, and only that.
func TestTogetherRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		table := s.table()
		var calls []string
		h := handler.NewDynamoDBBatchHandler(togetherFunc(func(_ context.Context, entries []handler.Entry[Item]) error {
			call := ""
			for _, e := range entries {
				call += e.Keys.ID
				table.Upsert(e.Batch, *e.NewImage)
				if e.NewImage.Do == fmt.Sprint("wait ", len(calls)) {
					e.Batch.Fail(sink.Transient(errBusiness))
				}
				e.NewImage.Do = "changed"
			}
			calls = append(calls, call)
			if len(calls) == 2 {
				return sink.Transient(errBusiness)
			}
			return nil
		}))
		invoke(t, h, inserts("x", "wait 0", "y", "wait 0")...).succeeds(t)
		wantRows(t, s, "a b c d")
		if got := strings.Join(calls, " "); got != "abcd bd bd" {
			t.Errorf("it was called with %q", got)
		}
	})
}

// TestTogetherStaysTransient: the rest is committed as far as the first that fails.
func TestTogetherStaysTransient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		h := handler.NewDynamoDBBatchHandler(obeyAll(s.table()), quiet)
		records := inserts("", "transient", "")
		invoke(t, h, records...).reports(t, records[1])
		wantRows(t, s, "a")
	})
}

// TestTogetherIsLeftBehind: it has handled nothing until it returns.
func TestTogetherIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		release := make(chan struct{})
		all := obeyAll(s.table())
		h := handler.NewDynamoDBBatchHandler(togetherFunc(func(ctx context.Context, entries []handler.Entry[Item]) error {
			<-release
			return all(ctx, entries)
		}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		response, err := h.Invoke(ctx, payload(t, inserts("", "")))
		outcome{response, err}.fails(t, "record 0", "deadline")
		close(release)
		synctest.Wait()
		wantRows(t, s, "")
	})
}

// TestTogetherInAnyOrder: the order of staging does not matter, the order of the records does.
func TestTogetherInAnyOrder(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table()
	h := handler.NewDynamoDBBatchHandler(togetherFunc(func(_ context.Context, entries []handler.Entry[Item]) error {
		for i := len(entries) - 1; i >= 0; i-- {
			table.Upsert(entries[i].Batch, *entries[i].NewImage)
		}
		return nil
	}))
	invoke(t, h, history("a1", "a2", "a3")...).succeeds(t)
	if s.rows["a"] != "3" {
		t.Errorf("the row is %q, want the last record's", s.rows["a"])
	}
}
