package handler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/dynasink/dynasink/sink"
)

// run is one batch on its way: which records are staged, which have failed, from where Lambda has to redeliver.
type run[T any] struct {
	h       *DynamoDBEventHandler[T]
	records []rawRecord
	unit    *sink.Unit
	passed  []*slot[T] // what was decoded while the payload was split; for the handlers' goroutine alone

	mu      sync.Mutex // guards what follows while handlers run, because they may be left behind
	stopped bool       // the handlers were left behind; what they still do does not count
	progress
}

// progress is the part of a run that changes.
type progress struct {
	state  []state
	limit  int            // no record from here on is committed in this invocation
	first  int            // the first record that failed, len(records) if none
	halted map[string]int // item key → its first record that failed, with HaltKey
	config error          // fails the whole batch

	suspects int // see run.suspicious
}

// state of one record.
type state struct {
	status status
	batch  *sink.Batch
	err    error
	key    string // see run.key
	keyed  bool
}

type status uint8

const (
	pending   status = iota
	skipped          // dropped by a filter: nothing to do
	staged           // handled, waiting for the commit
	held             // not handled because an earlier record of its item failed
	failed           // state.err says why
	setAside         // a dead letter now
	committed        // durable in every sink
)

// done reports whether Lambda need not deliver the record again.
func (s status) done() bool { return s == skipped || s == setAside || s == committed }

func newRun[T any](h *DynamoDBEventHandler[T], records []rawRecord) *run[T] {
	n := len(records)
	r := &run[T]{h: h, records: records, unit: sink.NewUnit(), progress: progress{state: make([]state, n), limit: n, first: n}}
	for i := range records {
		r.state[i].batch = r.unit.Begin(records[i].origin())
	}
	return r
}

// retry opens the record's view of the unit again, or returns nil if the run has gone on without its handlers.
func (r *run[T]) retry(i int) *sink.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return nil
	}
	r.state[i].batch = r.unit.Retry(r.state[i].batch)
	return r.state[i].batch
}

// fail settles a record that failed: set aside if that is allowed, else reported. It is called without r.mu.
func (r *run[T]) fail(ctx context.Context, i int, err error) {
	o := r.h.options
	if !o.setsAside(err) {
		r.reported(i, err)
		return
	}
	letter := r.setAside(ctx, i, err)
	if letter != nil {
		r.reported(i, errors.Join(err, fmt.Errorf("and its dead letter could not be written: %w", letter)))
		return
	}
	r.settle(i, setAside, err)
	r.log(ctx, slog.LevelWarn, "stream record set aside as a dead letter", i, err)
}

// setAside writes the dead letter of a record, again and again while what stops it is transient and there is time.
func (r *run[T]) setAside(ctx context.Context, i int, reason error) error {
	for attempt := 0; ; attempt++ {
		err := guard(func() error { return r.h.options.setAside(ctx, &r.records[i], reason) })
		if err == nil || !sink.IsTransient(err) || !backoff(ctx, attempt) {
			return err
		}
	}
}

// settle sets the status of a record unless the handlers were left behind.
func (r *run[T]) settle(i int, s status, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stopped {
		r.state[i].status, r.state[i].err = s, err
	}
}

// reported marks a record as failed and applies the halt policy.
func (r *run[T]) reported(i int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return
	}
	r.state[i].status, r.state[i].err = failed, err
	r.first = min(r.first, i)
	switch {
	case isConfig(err):
		r.config, r.limit = err, 0
	case r.h.options.halt == HaltBatch || !r.haltKey(i):
		r.limit = min(r.limit, i)
	}
}

// stop ends the batch before record i, for a reason that is not the record's own.
func (r *run[T]) stop(i int, err error) {
	r.state[i].status, r.state[i].err = failed, err
	r.first, r.limit = min(r.first, i), min(r.limit, i)
}

// keeps reports whether a record may be committed.
func (r *run[T]) keeps(i int) bool {
	if i >= r.limit || r.state[i].status != staged {
		return false
	}
	return i < r.first || !r.holds(i) && !r.state[i].batch.Unguarded()
}

// answer is what Lambda is told.
func (r *run[T]) answer(ctx context.Context) ([]byte, error) {
	r.failClosed()
	if err := r.unit.Err(); err != nil {
		return nil, fmt.Errorf("handler: %w", err)
	}
	if r.config != nil {
		return nil, r.config
	}
	if r.first == len(r.records) {
		return success, nil
	}
	err := r.located(r.first)
	if r.h.options.whole || !r.progressed() {
		return nil, err
	}
	response, unreportable := partial(r.checkpoint())
	if unreportable != nil {
		return nil, errors.Join(unreportable, err)
	}
	r.report(ctx)
	return response, nil
}

// failClosed makes sure that nothing is acknowledged that was not done, whatever the reason.
func (r *run[T]) failClosed() {
	for i := range r.first {
		if !r.state[i].status.done() {
			r.first, r.state[i].status = i, failed
			if r.state[i].err == nil {
				r.state[i].err = errUnhandled
			}
			return
		}
	}
}

// located says which record failed, once.
func (r *run[T]) located(i int) error {
	err := r.state[i].err
	var known *sink.RecordError
	if errors.As(err, &known) && known.Origin.Index == i {
		return fmt.Errorf("handler: %w", err)
	}
	return fmt.Errorf("handler: %w", &sink.RecordError{Origin: r.state[i].batch.Origin(), Err: err})
}

// progressed reports whether anything would be done twice if the whole batch came again.
func (r *run[T]) progressed() bool {
	for i, s := range r.state {
		if s.status == committed || s.status.done() && i < r.first {
			return true
		}
	}
	return false
}

// checkpoint is the lowest sequence number of a record that is not done. In a stream's batch that is the first failed
// record's; a batch made by hand may be in any order.
func (r *run[T]) checkpoint() string {
	lowest := r.records[r.first].SequenceNumber
	low, err := sink.PadSequence(lowest)
	if err != nil {
		return ""
	}
	for i, s := range r.state {
		if s.status.done() {
			continue
		}
		sequence := r.records[i].SequenceNumber
		if padded, err := sink.PadSequence(sequence); err == nil && padded < low {
			lowest, low = sequence, padded
		}
	}
	return lowest
}

// mostReasons is how many failed records of one batch are logged with their reasons.
const mostReasons = 10

// report logs why records are reported, because the answer names only one of them and no reason.
func (r *run[T]) report(ctx context.Context) {
	logged := 0
	for i := range r.state {
		if r.state[i].status == failed && logged < mostReasons {
			r.log(ctx, slog.LevelError, "stream record failed; Lambda redelivers from the first one on", i, r.located(i))
			logged++
		}
	}
}

func (r *run[T]) log(ctx context.Context, level slog.Level, message string, i int, err error) {
	raw := &r.records[i]
	r.h.options.log().Log(ctx, level, message,
		"error", err.Error(), "table", tableName(raw.EventSourceARN), "sequenceNumber", raw.SequenceNumber,
		"eventID", raw.EventID, "record", i, "records", len(r.records))
}
