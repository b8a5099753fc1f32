package sinktest

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/dynasink/dynasink/sink"
)

// suite runs one case on one subject, and keeps a model of what its store must hold.
type suite[R any] struct {
	Subject[R]
	features Features
	states   map[string]state    // by key
	history  map[string][]string // of deliveries, by key
	appended []step              // upserts, in order
	known    map[string]bool     // which writes have been appended
}

type state struct {
	sequence string
	version  int
	present  bool
}

// record is a stream record of a case: what its handler stages, and what it returns.
type record struct {
	origin sink.Origin
	steps  []step
	err    error
}

// step is one thing that a handler does.
type step struct {
	what    verb
	key     string
	version int
	run     func() error
}

type verb uint8

const (
	upserts verb = iota
	deletes
	refuses // upserts a row that the store refuses
	acts
)

func up(key string, version int) step { return step{what: upserts, key: key, version: version} }
func del(key string) step             { return step{what: deletes, key: key} }

// rec is the next record of the stream.
func rec(steps ...step) record { return record{origin: NextOrigin(), steps: steps} }

// each makes a record of its own of every step.
func each(steps ...step) []record {
	records := make([]record, len(steps))
	for i, s := range steps {
		records[i] = rec(s)
	}
	return records
}

// at gives a record a sequence number of the case's choice.
func at(sequence string, steps ...step) record {
	r := rec(steps...)
	r.origin.Sequence = sequence
	return r
}

// stage runs the handlers of records on a new unit.
func (s *suite[R]) stage(records ...record) (*sink.Unit, error) {
	u := sink.NewUnit()
	for i, r := range records {
		b := u.Begin(r.origin)
		for _, st := range r.steps {
			s.do(b, st)
		}
		if err := b.End(r.err); r.err == nil && err != nil {
			return nil, fmt.Errorf("record %d %v could not be staged: %w", i, r.steps, err)
		}
	}
	return u, nil
}

func (s *suite[R]) do(b *sink.Batch, st step) {
	switch st.what {
	case upserts:
		s.Target.Upsert(b, s.Row(st.key, st.version))
	case deletes:
		s.Target.Delete(b, s.Row(st.key, st.version))
	case refuses:
		s.Target.Upsert(b, s.Refused(st.key))
	case acts:
		s.Act(b, st.run)
	}
}

// deliver stages and commits records as one Lambda batch, and checks the store.
func (s *suite[R]) deliver(ctx context.Context, records ...record) error {
	u, err := s.stage(records...)
	if err != nil {
		return err
	}
	if err := commit(ctx, u, nil); err != nil {
		return fmt.Errorf("commit of %v failed: %w", brief(records), err)
	}
	s.expect(records...)
	return s.check(ctx, records...)
}

// commit tries again while the error is transient, as the batch loop does.
func commit(ctx context.Context, u *sink.Unit, keep func(record int) bool) error {
	const attempts = 100
	var err error
	for attempt := range attempts {
		if err = u.Commit(ctx, keep); !sink.IsTransient(err) || ctx.Err() != nil {
			return err
		}
		pause(ctx, time.Duration(min(attempt, 20))*time.Millisecond)
	}
	return fmt.Errorf("still failing after %d attempts: %w", attempts, err)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// expect applies records to the model.
func (s *suite[R]) expect(records ...record) {
	if s.states == nil {
		s.states, s.history, s.known = map[string]state{}, map[string][]string{}, map[string]bool{}
	}
	for _, r := range records {
		for i, st := range r.steps {
			if r.err == nil && st.what <= deletes {
				s.append(fmt.Sprint(r.origin.EventID, " ", i), st)
				s.apply(r.origin.Sequence, st)
			}
		}
	}
}

// append adds an upsert to what an appending sink holds; write names it.
func (s *suite[R]) append(write string, st step) {
	if st.what == upserts && !(s.features.Guarded && s.known[write]) {
		s.appended = append(s.appended, st)
	}
	s.known[write] = true
}

func (s *suite[R]) apply(sequence string, st step) {
	s.history[st.key] = append(s.history[st.key], fmt.Sprintf("#%s %s", sequence, st.change()))
	if old, ok := s.states[st.key]; ok && s.features.Guarded && older(sequence, old.sequence) {
		return
	}
	s.states[st.key] = state{sequence, st.version, st.what == upserts}
}

func older(a, b string) bool {
	x, _ := new(big.Int).SetString(a, 10)
	y, _ := new(big.Int).SetString(b, 10)
	return x.Cmp(y) < 0
}
