package handler

import (
	"context"
	"math/rand/v2"
	"time"
)

// budget divides the time of one invocation: handlers run until a margin before its deadline, commits almost up to it. A
// cancelled invocation (SIGTERM) stops its handlers at once and still has the margin to commit what is done.
type budget struct {
	handle context.Context
	commit context.Context
	margin time.Duration
	end    func()
}

func newBudget(ctx context.Context, margin time.Duration) budget {
	b := budget{handle: ctx, margin: margin}
	commit, cancelCommit := context.WithCancel(context.WithoutCancel(ctx))
	b.commit, b.end = commit, cancelCommit
	if deadline, ok := ctx.Deadline(); ok {
		b.margin = min(margin, time.Until(deadline)/4)
		handle, cancelHandle := context.WithDeadline(ctx, deadline.Add(-b.margin))
		commit, cancelDeadline := context.WithDeadline(commit, deadline.Add(-b.margin/8))
		b.handle, b.commit = handle, commit
		b.end = func() { cancelHandle(); cancelDeadline(); cancelCommit() }
	}
	b.graceAfter(ctx, cancelCommit)
	return b
}

// graceAfter ends the commit's context a margin after the invocation was cancelled.
func (b *budget) graceAfter(ctx context.Context, cancelCommit func()) {
	end := b.end
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(b.margin, cancelCommit) })
	b.end = func() { stop(); end() }
}

// backoff waits before the next try of something transient; false means that there is no time or hope for one.
func backoff(ctx context.Context, attempt int) bool {
	const most = 5 // two seconds, where no deadline says how long: in tests
	wait := min(50*time.Millisecond<<min(attempt, 10), 5*time.Second)
	wait += rand.N(wait / 2)
	deadline, ok := ctx.Deadline()
	if ok && time.Until(deadline) <= wait || !ok && attempt >= most {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
