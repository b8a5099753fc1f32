package sinktest

import (
	"context"
	"slices"
	"sync"

	"github.com/dynasink/dynasink/sink"
)

// Recorder is a [sink.Target] that remembers what was committed, for tests of handlers. What a failed record staged
// is not there, as it would not be in a store.
//
// It records every write in its order, without compacting them, so a test sees all that its handler staged. Like other
// targets without a guard it records a redelivered write again. It does not know what makes two rows the same row: it is
// not [sink.Keyed], so handler.Mirror stages no delete on it when a change moves a row to another key. A target that wraps
// another, to count or to fail, must forward SameKey for a mirror to see that. A Recorder is made by [NewRecorder] and is safe for
// concurrent use.
type Recorder[R any] struct {
	port   *sink.Port[R]
	mu     sync.Mutex
	writes []sink.Write[R]
}

// NewRecorder returns an empty recorder.
func NewRecorder[R any]() *Recorder[R] {
	r := &Recorder[R]{}
	r.port = sink.Func(r.record)
	return r
}

func (r *Recorder[R]) record(_ context.Context, writes []sink.Write[R]) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = append(r.writes, writes...)
	return nil
}

// Upsert implements [sink.Target].
func (r *Recorder[R]) Upsert(b *sink.Batch, row R) { r.port.Upsert(b, row) }

// Delete implements [sink.Target].
func (r *Recorder[R]) Delete(b *sink.Batch, key R) { r.port.Delete(b, key) }

// Writes returns what has been committed since the last Reset, in order. The slice is the caller's.
func (r *Recorder[R]) Writes() []sink.Write[R] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.writes)
}

// Upserts returns the rows of the committed upserts, in order.
func (r *Recorder[R]) Upserts() []R { return r.rows(false) }

// Deletes returns the rows that the committed deletes were staged with, in order.
func (r *Recorder[R]) Deletes() []R { return r.rows(true) }

func (r *Recorder[R]) rows(deleted bool) []R {
	var rows []R
	for _, w := range r.Writes() {
		if w.Delete == deleted {
			rows = append(rows, w.Row)
		}
	}
	return rows
}

// Reset forgets what was recorded.
func (r *Recorder[R]) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = nil
}
