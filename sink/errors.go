package sink

import (
	"context"
	"errors"
	"fmt"
)

// An error is an instruction to the batch loop. Unmarked errors are reported to Lambda, which redelivers the record;
// the marks below say more. The outermost mark of an error's chain counts.

type mark uint8

const (
	permanent mark = iota + 1
	transient
	uncertain
)

type markedError struct {
	err  error
	mark mark
}

func (e *markedError) Error() string { return e.err.Error() }
func (e *markedError) Unwrap() error { return e.err }

func marked(err error, m mark) bool {
	var e *markedError
	return errors.As(err, &e) && e.mark == m
}

// Permanent marks err as one that no retry can mend: a value the column cannot hold, a record that breaks a business
// rule. With a dead-letter sink the record is set aside and the batch goes on; without one it is reported like any
// failure. Permanent(nil) is nil.
func Permanent(err error) error { return withMark(err, permanent) }

// IsPermanent reports whether err is marked by [Permanent].
func IsPermanent(err error) bool { return marked(err, permanent) }

// Transient marks err as one that passes: a lost connection, a deadlock, throttling. The commit is tried again in
// place while the invocation's deadline allows. Transient(nil) is nil.
func Transient(err error) error { return withMark(err, transient) }

// IsTransient reports whether err is marked by [Transient], or is the end of a context and not marked otherwise.
func IsTransient(err error) bool {
	if marked(err, transient) {
		return true
	}
	var other *markedError
	ended := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	return ended && !errors.As(err, &other)
}

// Uncertain marks err as a commit whose answer was lost: it may have happened. It is never retried in place; Lambda
// redelivers the records, and guarded work bears that. Uncertain(nil) is nil.
func Uncertain(err error) error { return withMark(err, uncertain) }

// IsUncertain reports whether err is marked by [Uncertain].
func IsUncertain(err error) bool { return marked(err, uncertain) }

func withMark(err error, m mark) error {
	if err == nil {
		return nil
	}
	return &markedError{err, m}
}

// RowError is returned by the write function of a [Port] that knows which row of its argument failed. The port turns
// it into a [RecordError], which spares the batch loop the search for the record.
type RowError struct {
	Row int // index into the writes the function was given
	Err error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Row, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }

// RecordError is a failure of one record of a unit.
type RecordError struct {
	Origin Origin // Origin.Index is the record's position in the unit
	Err    error
}

func (e *RecordError) Error() string {
	if e.Origin.Sequence == "" {
		return fmt.Sprintf("record %d: %v", e.Origin.Index, e.Err)
	}
	return fmt.Sprintf("record %d (sequence number %s): %v", e.Origin.Index, e.Origin.Sequence, e.Err)
}
func (e *RecordError) Unwrap() error { return e.Err }
