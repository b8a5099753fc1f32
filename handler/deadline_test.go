package handler_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// blocking stages the item and, for Do "block", then waits for release without looking at its context.
func blocking(target sink.Target[Item], release <-chan struct{}) handleFunc {
	return func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
		target.Upsert(batch, *rec.NewImage)
		if rec.NewImage.Do == "block" {
			<-release
			target.Upsert(batch, Item{ID: "late"})
		}
		return nil
	}
}

// TestHandlerThatIgnoresItsContext is left behind: what was handled before it is committed and answered in time, and what
// it does later counts for nothing.
func TestHandlerThatIgnoresItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		release := make(chan struct{})
		h := handler.NewDynamoDBEventHandler(blocking(s.table(), release), quiet)
		records := inserts("", "", "block", "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		response, err := h.Invoke(ctx, payload(t, records))
		outcome{response, err}.reports(t, records[2])
		if took := time.Since(began); took < 58*time.Second || took > 59*time.Second {
			t.Errorf("the answer came after %v of a minute with a margin of two seconds", took)
		}
		close(release)
		synctest.Wait()
		wantRows(t, s, "a b")
	})
}

// TestLateStagingOfAHandlerLeftBehind: a handler that was left behind stages while what came before it is committed. Its write is
// refused, and its record is the one that is reported.
func TestLateStagingOfAHandlerLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		release := make(chan struct{})
		s.commit = func() error {
			close(release)
			synctest.Wait() // until it has staged
			return nil
		}
		h := handler.NewDynamoDBEventHandler(blocking(s.table(), release), quiet)
		records := inserts("", "", "block", "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		response, err := h.Invoke(ctx, payload(t, records))
		outcome{response, err}.reports(t, records[2])
		wantRows(t, s, "a b")
	})
}

// TestFirstHandlerBlocks: nothing was handled, so the invocation fails and says why.
func TestFirstHandlerBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		h := handler.NewDynamoDBEventHandler(blocking(newStore().table(), release))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		response, err := h.Invoke(ctx, payload(t, inserts("block", "")))
		outcome{response, err}.fails(t, "record 0", "not handled before the deadline margin")
	})
}

// TestHandlerThatMindsItsContext has what it returned counted, late as it was.
func TestHandlerThatMindsItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		table := s.table()
		h := handler.NewDynamoDBEventHandler(handleFunc(func(ctx context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
			table.Upsert(batch, *rec.NewImage)
			switch rec.NewImage.Do {
			case "finish":
				<-ctx.Done()
			case "give up":
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}), quiet)
		for do, rows := range map[string]string{"finish": "a b", "give up": "a"} {
			s.rows = map[string]string{}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			records := inserts("", do, "")
			response, err := h.Invoke(ctx, payload(t, records))
			cancel()
			if do == "finish" {
				outcome{response, err}.reports(t, records[2])
			} else {
				outcome{response, err}.reports(t, records[1])
			}
			wantRows(t, s, rows)
		}
	})
}

// TestMargin: at most a quarter of the time is kept.
func TestMargin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ timeout, margin, want time.Duration }{
		{time.Minute, handler.DefaultDeadlineMargin, 58 * time.Second},
		{time.Minute, 20 * time.Second, 45 * time.Second},
		{time.Minute, 0, time.Minute},
		{time.Minute, -time.Second, time.Minute},
		{2 * time.Second, handler.DefaultDeadlineMargin, 1500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := handler.NewDynamoDBEventHandler(handleFunc(func(ctx context.Context, _ *handler.Record[Item], _ *sink.Batch) error {
				if deadline, _ := ctx.Deadline(); time.Until(deadline) != c.want {
					t.Errorf("with %v and a margin of %v the handler has %v, want %v", c.timeout, c.margin, time.Until(deadline), c.want)
				}
				return nil
			}), handler.DeadlineMargin(c.margin))
			ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
			defer cancel()
			if _, err := h.Invoke(ctx, payload(t, inserts(""))); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCancelled: SIGTERM, say. What was handled is committed, the rest is reported.
func TestCancelled(t *testing.T) {
	t.Parallel()
	s := newStore()
	table := s.table()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
		table.Upsert(batch, *rec.NewImage)
		if rec.NewImage.Do == "cancel" {
			cancel()
		}
		return nil
	}), quiet)
	records := inserts("", "cancel", "", "")
	response, err := h.Invoke(ctx, payload(t, records))
	outcome{response, err}.reports(t, records[2])
	wantRows(t, s, "a b")

	response, err = h.Invoke(ctx, payload(t, records))
	outcome{response, err}.fails(t, "record 0", "cancelled")
	response, err = h.Invoke(ctx, payload(t, nil))
	outcome{response, err}.succeeds(t)
}

// TestExpired: an invocation whose deadline has passed does nothing.
func TestExpired(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), -time.Hour)
	defer cancel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table()))
	response, err := h.Invoke(ctx, payload(t, inserts("", "")))
	outcome{response, err}.fails(t, "record 0", "deadline")
	wantRows(t, s, "")
}

// TestCommitThatBlocks ends with its context, before the deadline, and a cancelled invocation's after the margin.
func TestCommitThatBlocks(t *testing.T) {
	t.Parallel()
	blocks := sink.Func(func(ctx context.Context, _ []sink.Write[Item]) error {
		<-ctx.Done()
		return ctx.Err()
	})
	synctest.Test(t, func(t *testing.T) {
		h := handler.NewDynamoDBEventHandler(obey(blocks))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		response, err := h.Invoke(ctx, payload(t, inserts("")))
		outcome{response, err}.fails(t, context.DeadlineExceeded.Error())
		if took := time.Since(began); took < 59*time.Second || took >= time.Minute {
			t.Errorf("the answer came after %v of a minute", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		h := handler.NewDynamoDBEventHandler(obey(blocks))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		response, err := h.Invoke(ctx, payload(t, inserts("")))
		outcome{response, err}.fails(t, context.Canceled.Error())
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("the answer came after %v, want a margin of two seconds after the first", took)
		}
	})
}

// TestDeadlineDuringRetries: there is no time to wait, so the record is reported at once.
func TestDeadlineDuringRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.commit = func() error { return sink.Transient(errors.New("deadlock")) }
		h := handler.NewDynamoDBEventHandler(obey(s.table()))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		response, err := h.Invoke(ctx, payload(t, inserts("")))
		outcome{response, err}.fails(t, "deadlock")
		if took := time.Since(began); took >= 3*time.Second {
			t.Errorf("the answer came after %v of three seconds", took)
		}
	})
}
