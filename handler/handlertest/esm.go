package handlertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Handler is a function under test: a lambda.Handler, such as a handler.DynamoDBEventHandler.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// EventSourceMapping delivers a stream to a function as Lambda does: in batches, shard by shard, from the failed record on
// again when the answer names one, all of it again when the function returns an error, to the on-failure destination when
// the retries are used up. Its fields have the names of the real one's settings, and zero values mean the same:
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
//
//	esm := handlertest.EventSourceMapping{BatchSize: 10, ReportBatchItemFailures: true, BisectBatchOnFunctionError: true}
//	result, err := esm.Run(ctx, function, records...)
//
// Equal mappings make equal runs: what is left to chance is drawn from Seed. Only with Concurrent, and with invocations
// that were abandoned, functions run at the same time. Nothing waits between retries.
//
// A Run does not change the mapping, so that several may use it at once.
type EventSourceMapping struct {
	// BatchSize is how many records an invocation gets at most, as far as 6 MB hold them. Default 100.
	BatchSize int
	// ParallelizationFactor is how many batches of a shard are under way at the same time, 1 to 10. The order of the
	// records of one item is kept. Default 1.
	ParallelizationFactor int
	// ReportBatchItemFailures is the function response type of that name. Without it the response is ignored, as Lambda
	// ignores it: whatever a function returns without an error counts as done.
	ReportBatchItemFailures bool
	// BisectBatchOnFunctionError splits a batch that failed, at the reported record or else in two halves. A split does
	// not use a retry.
	BisectBatchOnFunctionError bool
	// MaximumRetryAttempts is how often a batch is tried again before it is discarded. The default nil is unlimited; as no
	// record expires here, Run then ends with an error when a batch has failed 100 times in a row.
	MaximumRetryAttempts *int
	// TumblingWindow groups the records by their creation times, and gives the function a state that it hands on. It takes
	// a ParallelizationFactor of 1. Default: no windows.
	TumblingWindow time.Duration
	// Filter drops the records for which it returns false before they reach the function. Default: none is dropped.
	Filter func(Record) bool
	// Timeout is how long an invocation may take; its context has the deadline. One that takes longer has failed, and goes
	// on meanwhile. Default: a minute.
	Timeout time.Duration

	// Shards is how many shards the stream has at first; items are spread over them by their keys. Default 1.
	Shards int
	// Splits is how many times a shard of the stream is split in two, at a random record. Children begin when their
	// parent is done.
	Splits int
	// Fault returns what goes wrong in an invocation, which are counted from 0. Default: nothing. See [RandomFaults].
	Fault func(invocation int) Fault
	// Concurrent runs one invocation of each shard, or of each parallel batch, at the same time instead of one by one.
	Concurrent bool
	// Seed decides which shard comes next, and where shards split.
	Seed uint64
}

// patience is how often a batch fails in a row before Run gives up.
const patience = 100

// Run delivers the records, which are the stream in its order, until each is done or discarded. An error says that the
// mapping is not valid, that a record could not be built, that ctx has ended, or that the function makes no progress and
// would block its shard. The result tells what happened until then. Run returns when all invocations have.
func (m EventSourceMapping) Run(ctx context.Context, function Handler, records ...Record) (Result, error) {
	m = m.withDefaults()
	if err := m.validate(records); err != nil {
		return Result{}, err
	}
	r := &run{EventSourceMapping: m, function: function, random: rand.New(rand.NewPCG(m.Seed, 1))}
	r.lanes = r.spread(records)
	err := r.deliver(ctx)
	r.abandoned.Wait()
	return r.result, err
}

func (m EventSourceMapping) withDefaults() EventSourceMapping {
	m.BatchSize = max(m.BatchSize, 0)
	if m.BatchSize == 0 {
		m.BatchSize = 100
	}
	if m.Timeout <= 0 {
		m.Timeout = time.Minute
	}
	m.Shards, m.ParallelizationFactor = max(m.Shards, 1), max(m.ParallelizationFactor, 1)
	return m
}

func (m EventSourceMapping) validate(records []Record) error {
	for _, r := range records {
		if r.err != nil {
			return r.err
		}
	}
	switch {
	case m.BatchSize > 10_000:
		return errors.New("handlertest: BatchSize is at most 10000")
	case m.ParallelizationFactor > 10:
		return errors.New("handlertest: ParallelizationFactor is at most 10")
	case m.TumblingWindow > 0 && m.ParallelizationFactor > 1:
		return errors.New("handlertest: a TumblingWindow takes a ParallelizationFactor of 1")
	case m.TumblingWindow < 0 || m.TumblingWindow > 15*time.Minute:
		return errors.New("handlertest: TumblingWindow is at most 15 minutes")
	}
	return nil
}

// run is one call of Run.
type run struct {
	EventSourceMapping
	function  Handler
	random    *rand.Rand
	lanes     []*lane
	abandoned sync.WaitGroup

	mu     sync.Mutex
	result Result
}

// deliver lets the lanes that may go on make a step, until none has anything left.
func (r *run) deliver(ctx context.Context) error {
	for {
		ready := r.ready()
		if len(ready) == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("handlertest: %w", err)
		}
		if !r.Concurrent {
			at := r.random.IntN(len(ready))
			ready = ready[at : at+1]
		}
		if err := r.steps(ctx, ready); err != nil {
			return err
		}
	}
}

func (r *run) ready() []*lane {
	var ready []*lane
	for _, l := range r.lanes {
		if l.busy() && l.shard.open() {
			ready = append(ready, l)
		}
	}
	return ready
}

// steps lets each of the lanes make one invocation.
func (r *run) steps(ctx context.Context, lanes []*lane) error {
	errs := make([]error, len(lanes))
	var all sync.WaitGroup
	for i, l := range lanes {
		all.Go(func() { errs[i] = r.step(ctx, l) })
	}
	all.Wait()
	return errors.Join(errs...)
}
