package handler

import (
	"context"
	"slices"

	"github.com/dynasink/dynasink/sink"
)

// stageTogether calls a whole-batch handler with all records up to the first that stops the batch.
func (r *run[T]) stageTogether(ctx context.Context, h StreamBatchHandler[T]) {
	for attempt := 0; ; attempt++ {
		entries := r.entries(ctx, attempt > 0)
		if len(entries) == 0 {
			return
		}
		whole := instruction(guard(func() error { return h.HandleRecords(ctx, entries) }))
		errs := make([]error, len(entries))
		for k, e := range entries {
			errs[k] = e.Batch.End(whole)
		}
		passing := slices.ContainsFunc(errs, sink.IsTransient)
		if passing && !backoff(ctx, attempt) {
			passing = false
		}
		r.settleAll(ctx, entries, errs, passing)
		if !passing {
			return
		}
	}
}

// entries decodes the records that are due; none when the time is over before all have been decoded.
func (r *run[T]) entries(ctx context.Context, again bool) []Entry[T] {
	var entries []Entry[T]
	for i := range r.records {
		if !r.goesOn(ctx, i) {
			break
		}
		if !r.due(i) {
			continue
		}
		rec, batch := r.open(ctx, i), r.state[i].batch
		if rec != nil && again {
			batch = r.retry(i)
		}
		if rec != nil && batch != nil {
			entries = append(entries, Entry[T]{rec, batch})
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return entries
}

// due reports whether record i has not been settled by an earlier attempt.
func (r *run[T]) due(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state[i].status == pending
}

// settleAll settles the records of one attempt; with again, those that failed for a passing reason stay as they are.
func (r *run[T]) settleAll(ctx context.Context, entries []Entry[T], errs []error, again bool) {
	for k, e := range entries {
		i := e.Batch.Origin().Index
		switch {
		case errs[k] == nil:
			r.settle(i, staged, nil)
		case again && sink.IsTransient(errs[k]):
		case r.reaches(i) && !r.holdsBack(i):
			r.fail(ctx, i, errs[k])
		}
	}
}

// reaches reports whether no record up to i has stopped the batch.
func (r *run[T]) reaches(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return i < r.limit
}
