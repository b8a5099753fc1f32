package sinktest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/dynasink/dynasink/sink"
)

// Stage runs fn as the handler of the only record of a unit of work, and commits what it staged. It returns fn's
// error, what [sink.Batch.Fail] was called with, or the error of the commit; nothing is written in the first two cases.
// It also fails when fn left a goroutine behind that staged too late. A panic of fn is the test's own.
//
// The record's origin is made up, and later than that of every Stage before it, in earlier processes too as far as
// the clock is right: a sink that guards its rows applies each. To choose it, as a test of redelivery must, use
// [StageAs].
//
// Stage may be called by several goroutines at once.
func Stage(ctx context.Context, fn func(ctx context.Context, b *sink.Batch) error) error {
	return StageAs(ctx, NextOrigin(), fn)
}

// StageAs is [Stage] for a record whose origin is o, as it is; only Index is set. Calling it twice with the same origin
// is what redelivery by Lambda looks like to a sink.
func StageAs(ctx context.Context, o sink.Origin, fn func(ctx context.Context, b *sink.Batch) error) error {
	u := sink.NewUnit()
	b := u.Begin(o)
	if err := b.End(fn(ctx, b)); err != nil {
		return err
	}
	if err := u.Commit(ctx, nil); err != nil {
		return err
	}
	return u.Err()
}

// NextOrigin returns the origin of a made-up stream record: always the same stream, and a sequence number of 21 digits
// that is greater than all it returned before. It is safe for concurrent use.
func NextOrigin() sink.Origin {
	n := tick()
	return sink.Origin{
		Source:   "arn:aws:dynamodb:eu-west-1:123456789012:table/sinktest/stream/2026-01-01T00:00:00.000",
		EventID:  fmt.Sprintf("%032x", n),
		Sequence: fmt.Sprintf("1%020d", n),
	}
}

var last atomic.Int64

// tick returns the time in nanoseconds, or one more than its last answer if the clock has not moved on.
func tick() int64 {
	for {
		before := last.Load()
		now := max(time.Now().UnixNano(), before+1)
		if last.CompareAndSwap(before, now) {
			return now
		}
	}
}
