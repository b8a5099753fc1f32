package sink

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// Batch is one stream record's view of the unit of work. A handler stages on it through a [Target]; it becomes part of
// the commit when the handler returns nil, and is dropped whole when the handler fails.
//
// A Batch may be used by several goroutines of its handler; the order in which they stage is then theirs to keep.
// Staging on it after its handler has returned fails the invocation, because the write might miss the commit.
type Batch struct {
	unit      *Unit
	origin    Origin
	err       error
	ended     bool
	unguarded bool
}

// Origin returns the stream record that this batch belongs to.
func (b *Batch) Origin() Origin { return b.origin }

// Fail fails the record, as if its handler had returned err; the first error stays. It is how a target reports a row
// that it cannot stage, and how a whole-batch handler names the record that failed. A nil err changes nothing.
func (b *Batch) Fail(err error) {
	b.unit.mu.Lock()
	defer b.unit.mu.Unlock()
	b.fail(err)
}

func (b *Batch) fail(err error) {
	if b.ended {
		b.unit.misused(b)
		return
	}
	if b.err == nil {
		b.err = err
	}
}

// End closes the batch when its handler has returned err, and returns the error of the record: what Fail was called with
// first, else err. A record with an error takes no part in any commit. Ending twice changes nothing.
//
// End is called by whatever runs handlers (package handler, sinktest.Stage), not by handlers.
func (b *Batch) End(err error) error {
	b.unit.mu.Lock()
	defer b.unit.mu.Unlock()
	if !b.ended {
		if b.err == nil {
			b.err = err
		}
		b.ended = true
	}
	return b.err
}

// Unguarded reports whether the record staged work that is not protected against being applied again: an effect sink, an
// append-only target, a function that runs at least once.
func (b *Batch) Unguarded() bool {
	b.unit.mu.Lock()
	defer b.unit.mu.Unlock()
	return b.unguarded
}

var errRetried = errors.New("sink: the handler was called again for the record")

var errLate = errors.New("sink: staged after its handler had returned, so the write may be lost; wait for goroutines before returning")

func (u *Unit) misused(b *Batch) {
	sound := b.err == nil || errors.Is(b.err, errRetried) // a record that failed takes no part in a commit: nothing of it can miss one
	if u.late == nil && sound {
		u.late = &RecordError{b.origin, errLate}
	}
}

// panicError is what a panic of a sink becomes: its InTx has rolled back, and the records are redelivered. It wraps nothing,
// because a panic with a marked error is no instruction, and shows of other values only the type: they may hold a row.
func panicError(recovered any) error {
	stack := debug.Stack()
	switch v := recovered.(type) {
	case error, string:
		return fmt.Errorf("sink: panic during commit: %v\n%s", v, stack)
	default:
		return fmt.Errorf("sink: panic during commit with a %T\n%s", v, stack)
	}
}
