package handlertest

import (
	"context"
	"fmt"
)

// lane is what is delivered one batch after the other: a shard, or one of its parallel batches.
type lane struct {
	shard  *shard
	rest   []Record // not read yet
	stack  []batch  // read and not done; the last one is next
	window window
}

// batch is what one invocation gets.
type batch struct {
	records   []Record
	retries   int  // that were used
	failures  int  // in a row
	duplicate bool // was done before
	final     bool // closes a window
}

func (l *lane) busy() bool { return len(l.rest) > 0 || len(l.stack) > 0 || l.window.open }

func (l *lane) push(b batch) { l.stack = append(l.stack, b) }

func (l *lane) pop() batch {
	b := l.stack[len(l.stack)-1]
	l.stack = l.stack[:len(l.stack)-1]
	return b
}

// next is the batch to deliver.
func (r *run) next(l *lane) batch {
	if len(l.stack) > 0 {
		return l.pop()
	}
	if r.TumblingWindow > 0 && l.closes() {
		return batch{final: true}
	}
	l.enter(r.TumblingWindow)
	n := r.fits(l)
	b := batch{records: l.rest[:n]}
	l.rest = l.rest[n:]
	return b
}

// fits is how many records go into the next batch: of one window, and of 6 MB together.
func (r *run) fits(l *lane) int {
	size := 0
	for n, rec := range l.rest {
		size += len(rec.json)
		if n == r.BatchSize || n > 0 && size > 6<<20 || r.TumblingWindow > 0 && !l.window.holds(rec) {
			return n
		}
	}
	return len(l.rest)
}

// step makes one invocation and decides what becomes of its batch.
func (r *run) step(ctx context.Context, l *lane) error {
	b := r.next(l)
	a := r.invoke(ctx, l, b)
	if from := a.from(b.records); from < 0 {
		r.done(l, b, a)
		return nil
	} else if from > 0 {
		l.window.keep(a)
		return r.again(l, b, from)
	}
	return r.again(l, b, 0)
}

func (r *run) done(l *lane, b batch, a answer) {
	l.window.keep(a)
	if b.final {
		l.window = window{}
	}
	if a.fault == Duplicate && !b.duplicate && !b.final {
		l.push(batch{records: b.records, duplicate: true})
	}
}

// again delivers the records from one on again, or gives them up. With bisection a split does not use a retry.
func (r *run) again(l *lane, b batch, from int) error {
	next := b
	next.records = b.records[from:]
	if next.failures++; from > 0 {
		next.failures = 1
	}
	n := len(next.records)
	switch {
	case r.MaximumRetryAttempts == nil && next.failures >= patience:
		return fmt.Errorf("handlertest: the function makes no progress: %s was blocked by %d failures of the batch %s",
			l.shard.id, next.failures, span(next.records))
	case r.BisectBatchOnFunctionError && from > 0:
		l.push(next)
	case r.BisectBatchOnFunctionError && n > 1:
		second := next
		next.records, second.records = next.records[:n/2], next.records[n/2:]
		l.push(second)
		l.push(next)
	case r.MaximumRetryAttempts != nil && b.retries >= *r.MaximumRetryAttempts:
		r.discard(l, next)
	default:
		next.retries++
		l.push(next)
	}
	return nil
}

func (r *run) discard(l *lane, b batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Discarded = append(r.result.Discarded, Discarded{Shard: l.shard.id, Records: b.records, Invocations: b.retries + 1})
	if b.final {
		l.window = window{}
	}
}
