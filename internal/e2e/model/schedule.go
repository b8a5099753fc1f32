package model

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// Schedule delivers a history as badly as Lambda may: at least once, each batch from the record that the last answer
// named, with old deliveries again and beside.
type Schedule struct {
	History  *History
	Function *Function
	Rand     *rand.Rand
	Faults   Faults
	Stats    *Stats

	checkpoint int // records before it are done
	reached    int // records before it have been delivered at least once
	strays     sync.WaitGroup
	broken     atomic.Pointer[error] // an answer that must never be given
}

// Faults is what happens to the database while batches are delivered.
type Faults interface {
	// Arm sets a random fault up, and returns what ends it after the delivery.
	Arm(rng *rand.Rand) (disarm func())
}

// noFaults is for databases without a wire.
type noFaults struct{}

func (noFaults) Arm(*rand.Rand) func() { return func() {} }

const patience = 4 * time.Second // of an invocation; the wire is cut long before

// Run delivers everything, first with faults, then without until it is done. The last deliveries are old ones in any
// order, because a replay in order would mend what they break.
func (s *Schedule) Run(ctx context.Context) error {
	for range 4 * len(s.History.Records) {
		if s.checkpoint == len(s.History.Records) {
			break
		}
		s.chaos(ctx)
	}
	s.strays.Wait()
	if err := s.broken.Load(); err != nil {
		return *err
	}
	s.Function.Heal()
	for range 2*len(s.History.Records) + 10 {
		if s.checkpoint == len(s.History.Records) {
			s.redrive(ctx)
			s.replay(ctx)
			for range 8 { // a single old record tells most: nothing in its batch gives it away
				s.redrive(ctx)
			}
			return nil
		}
		s.next(ctx)
	}
	return errors.New("the stream does not advance although nothing fails any more")
}

// ReplayAll redelivers the whole stream once more, in order: nothing may change.
func (s *Schedule) ReplayAll(ctx context.Context) error {
	s.checkpoint, s.reached = 0, len(s.History.Records)
	for s.checkpoint < len(s.History.Records) {
		if before := s.checkpoint; s.next(ctx) <= before {
			return errors.New("a redelivery of everything does not advance")
		}
	}
	return nil
}

func (s *Schedule) chaos(ctx context.Context) {
	disarm := func() {}
	if s.Rand.IntN(2) == 0 {
		disarm = s.Faults.Arm(s.Rand)
	}
	defer disarm()
	switch n := s.Rand.IntN(20); {
	case n < 9:
		s.failHandlers()
		s.next(ctx)
	case n < 13:
		s.replay(ctx)
	case n < 16:
		s.redrive(ctx)
	default:
		s.zombie(ctx)
		s.next(ctx)
	}
}

// next delivers a batch from the checkpoint and moves it as Lambda does.
func (s *Schedule) next(ctx context.Context) int {
	end := min(len(s.History.Records), s.checkpoint+1+s.Rand.IntN(12))
	s.reached = max(s.reached, end)
	batch := s.History.Records[s.checkpoint:end]
	done, err := s.deliver(ctx, s.Function.entry(s.Rand), batch)
	switch {
	case err == nil:
		s.checkpoint += done
	case errors.Is(err, errAnswer):
		s.broken.Store(&err)
	}
	return s.checkpoint
}

// replay delivers a part of the stream again that begins before the checkpoint, as an old invocation's retry would.
func (s *Schedule) replay(ctx context.Context) {
	if batch := s.old(); len(batch) > 0 {
		s.Stats.add(func(c *Counts) { c.Replays++ })
		s.redeliver(ctx, s.Function.entry(s.Rand), batch)
	}
}

func (s *Schedule) old() []handlertest.Record {
	if s.checkpoint == 0 {
		return nil
	}
	from := s.Rand.IntN(s.checkpoint)
	to := from + 1 + s.Rand.IntN(s.reached-from)
	return s.History.Records[from:to]
}

// redrive delivers records that are done, any of them in any order, as from a dead-letter queue.
func (s *Schedule) redrive(ctx context.Context) {
	if s.checkpoint == 0 {
		return
	}
	var batch []handlertest.Record
	for range 1 + s.Rand.IntN(5) {
		batch = append(batch, s.History.Records[s.Rand.IntN(s.checkpoint)])
	}
	s.Stats.add(func(c *Counts) { c.Redrives++ })
	s.redeliver(ctx, s.Function.entry(s.Rand), batch)
}

// zombie delivers an old part beside whatever comes next.
func (s *Schedule) zombie(ctx context.Context) {
	batch := s.old()
	if len(batch) == 0 {
		return
	}
	s.Stats.add(func(c *Counts) { c.Zombies++ })
	entry := s.Function.entry(s.Rand)
	s.strays.Go(func() { s.redeliver(ctx, entry, batch) })
}

// redeliver delivers a batch whose answer moves nothing.
func (s *Schedule) redeliver(ctx context.Context, entry *handler.DynamoDBEventHandler[Item], batch []handlertest.Record) {
	if _, err := s.deliver(ctx, entry, batch); errors.Is(err, errAnswer) {
		s.broken.Store(&err)
	}
}

// deliver invokes the function and returns how many records of the batch are done. An error is the invocation's own, or
// errAnswer.
func (s *Schedule) deliver(ctx context.Context, entry *handler.DynamoDBEventHandler[Item], batch []handlertest.Record) (done int, err error) {
	s.Stats.add(func(c *Counts) { c.Deliveries++; c.Records += len(batch) })
	event, err := handlertest.Event(batch...)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	response, err := entry.Invoke(ctx, event)
	if err != nil {
		return 0, err
	}
	failed, err := reported(response)
	if err != nil || failed == "" {
		return len(batch), err
	}
	for i, record := range batch {
		if record.SequenceNumber() == failed {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%w: %s is not in the batch", errAnswer, failed)
}

// errAnswer is an answer that the function must never give.
var errAnswer = errors.New("the answer breaks the contract")

// failHandlers makes the handler fail at some of the records that come next.
func (s *Schedule) failHandlers() {
	for s.Rand.IntN(3) == 0 {
		i := s.checkpoint + s.Rand.IntN(min(12, len(s.History.Records)-s.checkpoint))
		err := []error{errors.New("unmarked"), sink.Transient(errors.New("transient")), errPanic}[s.Rand.IntN(3)]
		s.Function.Fail(s.History.Records[i].SequenceNumber(), err)
		s.Stats.add(func(c *Counts) { c.Faults++ })
	}
}
