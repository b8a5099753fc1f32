package sink

import (
	"errors"
	"slices"
)

// Target stages writes of rows of type R: a table, a collection, a log. Handlers depend on Target only, so that
// changing the store changes one constructor, and a test needs no store at all (see package sinktest).
//
// Neither method writes anything or reports an error: a row that cannot be staged (its key is empty, say) fails its
// record through [Batch.Fail], as if the handler had returned the error.
//
// Implementations must be safe for concurrent use; the batches of concurrent Lambda invocations share one Target.
// The interface has these two methods for ever.
type Target[R any] interface {
	// Upsert stages row as the new state of the row with its key: inserted if it is absent, replaced if it is present.
	Upsert(b *Batch, row R)
	// Delete stages the removal of the row with key's key; an absent row is not an error. Only the key fields of
	// key are read, unless the store needs more to find the row (MongoDB's shard key): pass the row made of the
	// record's OldImage where there is one.
	Delete(b *Batch, key R)
}

// Keyed is implemented by targets that know what makes two rows the same row. [Port] and [Tee] implement it;
// handler.Mirror asks it whether a change moved a row to another key. A target that wraps another must forward SameKey:
// without it a mirror cannot see that a row moved, and leaves the old one behind.
type Keyed[R any] interface {
	// SameKey reports whether a and b are states of one row. A row whose key cannot be told equals none.
	SameKey(a, b R) bool
}

// Stateful is implemented by targets whose Delete may read more of the row than its key. [Tee] implements it; handler.Mirror
// then demands old images.
type Stateful interface {
	// DeletesByState reports whether Delete needs the last state of the row and not only its key.
	DeletesByState() bool
}

// Origin tells which stream record a write comes from. The names are those of a DynamoDB stream record:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
type Origin struct {
	Source    string // eventSourceARN: the ARN of the stream
	EventID   string // eventID: unique within the stream
	EventName string // eventName: INSERT, MODIFY or REMOVE; "" where it is not known
	Sequence  string // dynamodb.SequenceNumber: decimal digits, compared as a number, comparable within one stream only
	Index     int    // position of the record in the Lambda batch, set by Unit.Begin
}

// Write is one staged change as a sink gets it at commit.
type Write[R any] struct {
	Row    R // for a delete only the key fields are sure to be set
	Delete bool
	// New says that the first change of the row in this commit was an upsert of an INSERT, so that the row is most likely
	// not in the store yet. It is a hint to try a plain insert first; after a redelivery it is wrong.
	New bool
	// Ordinal counts the writes that the record has staged on the port, from 0: with the origin it names the write, and is the
	// same when the record is delivered again. It is kept with [EveryWrite] only.
	Ordinal int
	Origin  Origin
}

// Tee returns a target that stages every write on each of targets, in their order. They may belong to different
// sinks; there is no transaction across sinks (see the package comment). Without targets, or with a nil one, every record
// that stages on it fails.
func Tee[R any](targets ...Target[R]) Target[R] {
	t := tee[R]{targets: slices.Clone(targets)}
	if len(targets) == 0 {
		t.err = errNoTarget
	}
	if slices.ContainsFunc(targets, func(target Target[R]) bool { return isNil(target) }) {
		t.err = errNilTarget
	}
	return t
}

var (
	errNoTarget  = errors.New("sink: Tee got no targets, so what is staged on it would be lost")
	errNilTarget = errors.New("sink: Tee got a nil target")
)

type tee[R any] struct {
	targets []Target[R]
	err     error // why nothing can be staged
}

func (t tee[R]) Upsert(b *Batch, row R) {
	t.each(b, func(target Target[R]) { target.Upsert(b, row) })
}

func (t tee[R]) Delete(b *Batch, key R) {
	t.each(b, func(target Target[R]) { target.Delete(b, key) })
}

func (t tee[R]) each(b *Batch, stage func(Target[R])) {
	if t.err != nil {
		b.Fail(t.err)
		return
	}
	for _, target := range t.targets {
		stage(target)
	}
}

// SameKey reports whether a and b are the same row for every target that is [Keyed].
func (t tee[R]) SameKey(a, b R) bool {
	if t.err != nil {
		return false
	}
	for _, target := range t.targets {
		if keyed, ok := target.(Keyed[R]); ok && !keyed.SameKey(a, b) {
			return false
		}
	}
	return true
}

// DeletesByState reports whether any target needs it that is [Stateful].
func (t tee[R]) DeletesByState() bool {
	return t.err == nil && slices.ContainsFunc(t.targets, func(target Target[R]) bool {
		stateful, ok := target.(Stateful)
		return ok && stateful.DeletesByState()
	})
}
