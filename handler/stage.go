package handler

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/dynasink/dynasink/sink"
)

var (
	errTime      = errors.New("not handled before the deadline margin")
	errStopped   = errors.New("not handled before the invocation was cancelled")
	errUnhandled = errors.New("the record was not handled")
	errGone      = errors.New("the handler ended its goroutine instead of returning")
)

// stageWithin stages all records, and leaves a handler behind that does not return when its time is over: the records
// before it are committed, and what it still stages is refused. It returns the run to go on with.
func (r *run[T]) stageWithin(b budget) *run[T] {
	done := make(chan struct{})
	go r.stageAll(b.handle, done) // on this run, even if it starts after the run was left
	select {
	case <-done:
	case <-b.handle.Done():
		if !ends(b.margin/4, done) { // most handlers return as soon as their context ends
			r = r.leave()
		}
	}
	if i := r.unhandled(); i < r.limit {
		r.stop(i, sink.Transient(r.cause(b.handle)))
	}
	return r
}

func (r *run[T]) stageAll(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	r.broken(guard(func() error { r.h.stage(r, ctx); return nil }))
}

// broken ends the batch at the record in hand when something panicked around the handler: an error's own methods, say.
func (r *run[T]) broken(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := r.unhandled(); err != nil && !r.stopped && i < r.limit {
		r.stop(i, err)
	}
}

// unhandled is the first record that has neither been settled nor may be: the one in hand when the time was over.
func (r *run[T]) unhandled() int {
	i := slices.IndexFunc(r.state, func(s state) bool { return s.status == pending })
	if i < 0 {
		return len(r.state)
	}
	return i
}

// ends reports whether done is closed within d.
func ends(d time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// leave takes the run over from handlers that go on: they keep the old one, where nothing they do counts.
func (r *run[T]) leave() *run[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	for i := range r.state {
		_ = r.state[i].batch.End(errStopped) // refuses what is staged from now on; one that has ended stays as it is
	}
	taken := &run[T]{h: r.h, records: r.records, unit: r.unit, progress: r.progress}
	taken.state, taken.halted = slices.Clone(r.state), maps.Clone(r.halted)
	return taken
}

func (r *run[T]) cause(handle context.Context) error {
	switch {
	case handle.Err() == nil:
		return errGone
	case errors.Is(handle.Err(), context.DeadlineExceeded):
		return errTime
	default:
		return errStopped
	}
}

// goesOn reports whether record i is to be handled; false ends the staging.
func (r *run[T]) goesOn(ctx context.Context, i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.stopped && i < r.limit && ctx.Err() == nil
}

// stageEach calls the handler record by record.
func (r *run[T]) stageEach(ctx context.Context, h StreamEventHandler[T]) {
	for i := range r.records {
		if !r.goesOn(ctx, i) {
			return
		}
		r.stageOne(ctx, h, i)
	}
}

func (r *run[T]) stageOne(ctx context.Context, h StreamEventHandler[T], i int) {
	batch := r.state[i].batch
	for attempt := 0; batch != nil; attempt++ {
		rec := r.open(ctx, i) // afresh for each attempt, because the handler may have changed its record
		if rec == nil {
			return
		}
		err := batch.End(instruction(guard(func() error { return h.HandleRecord(ctx, rec, batch) })))
		switch {
		case err == nil:
			r.settle(i, staged, nil)
			return
		case !sink.IsTransient(err) || !backoff(ctx, attempt):
			r.fail(ctx, i, err)
			return
		}
		batch = r.retry(i)
	}
}

// open decodes record i for its handler; nil means that it has been settled without one.
func (r *run[T]) open(ctx context.Context, i int) *Record[T] {
	raw := &r.records[i]
	if r.holdsBack(i) {
		return nil
	}
	err := raw.check()
	if err == nil && !r.h.options.wants(raw) {
		r.settle(i, skipped, nil)
		return nil
	}
	var rec *Record[T]
	if err == nil {
		rec, err = r.h.decoder.record(raw, r.take(i))
	}
	pass := false
	if err == nil {
		err = guard(func() error { pass = r.h.passes(rec); return nil })
	}
	switch {
	case err != nil:
		r.fail(ctx, i, err)
		return nil
	case !pass:
		r.settle(i, skipped, nil)
		return nil
	}
	return rec
}

func (h *DynamoDBEventHandler[T]) passes(rec *Record[T]) bool {
	return !slices.ContainsFunc(h.filters, func(keep func(*Record[T]) bool) bool { return !keep(rec) })
}
