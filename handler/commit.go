package handler

import (
	"context"
	"errors"
	"slices"

	"github.com/dynasink/dynasink/sink"
)

// commit makes durable what the records from lo up to hi have staged, and finds the records that a sink refuses: one that
// the error names, else by halving, in O(log n) transactions for each. What is committed is never undone, so the records
// before one that failed stay.
func (r *run[T]) commit(ctx context.Context, lo, hi int) {
	kept := r.kept(lo, hi)
	if len(kept) == 0 {
		return
	}
	err := r.try(ctx, lo, hi)
	bad, named := r.named(err, kept)
	switch {
	case err == nil:
		for _, i := range kept {
			r.state[i].status = committed
		}
	case isConfig(err) || r.unit.Err() != nil:
		r.reported(kept[0], err)
	case named && bad != kept[0] && sink.IsTransient(err):
		r.commit(ctx, lo, bad)
		r.stop(bad, err)
	case sink.IsTransient(err) || sink.IsUncertain(err):
		r.stop(kept[0], err)
	case named && r.commitsBefore(ctx, lo, bad, kept):
		r.refuse(ctx, bad, err)
		r.commit(ctx, bad+1, hi)
	case named: // once more: what failed it may have been the work of a record that is refused now
		r.commit(ctx, bad, hi)
	case len(kept) == 1 && r.suspicious(err):
		r.stop(kept[0], err)
	case len(kept) == 1:
		r.refuse(ctx, kept[0], err)
	default:
		middle := kept[len(kept)/2]
		r.commit(ctx, lo, middle)
		r.commit(ctx, middle, hi)
	}
}

// commitsBefore commits the records before one that failed, and reports whether all of them are durable now.
func (r *run[T]) commitsBefore(ctx context.Context, lo, bad int, kept []int) bool {
	r.commit(ctx, lo, bad)
	return !slices.ContainsFunc(kept, func(i int) bool { return i < bad && r.state[i].status != committed })
}

// mostSuspects is how many records of a batch are found by halving for an unmarked error, before it is taken for a failure
// of the sink itself, a missing table, say: then the batch stops, because with HaltKey each record would be tried alone.
const mostSuspects = 8

// suspicious counts the records found by halving for an unmarked error.
func (r *run[T]) suspicious(err error) bool {
	if sink.IsPermanent(err) || r.h.options.setsAside(err) {
		return false
	}
	r.suspects++
	return r.suspects > mostSuspects
}

// refuse settles a record whose staging a sink refused, unless a record before it has stopped the batch meanwhile.
func (r *run[T]) refuse(ctx context.Context, i int, err error) {
	if r.keeps(i) {
		r.fail(ctx, i, err)
	}
}

// kept lists the records of a range that are to be committed, in order. A record that waits because of its unguarded work
// holds back the later ones of its item.
func (r *run[T]) kept(lo, hi int) []int {
	var kept []int
	for i := lo; i < min(hi, r.limit); i++ {
		switch {
		case r.keeps(i):
			kept = append(kept, i)
		case r.state[i].status == staged && !r.haltKey(i):
			r.limit = i
		}
	}
	return kept
}

// try commits a range, again and again while what stops it is transient and there is time.
func (r *run[T]) try(ctx context.Context, lo, hi int) error {
	keep := func(i int) bool { return lo <= i && i < hi && r.keeps(i) }
	for attempt := 0; ; attempt++ {
		err := guard(func() error { return r.unit.Commit(ctx, keep) })
		if err == nil || !sink.IsTransient(err) || !backoff(ctx, attempt) {
			return err
		}
	}
}

// named returns the record that err is about, if it is one of the kept ones.
func (r *run[T]) named(err error, kept []int) (int, bool) {
	var known *sink.RecordError
	if !errors.As(err, &known) {
		return 0, false
	}
	for _, i := range kept {
		if i == known.Origin.Index {
			return i, true
		}
	}
	return 0, false
}
