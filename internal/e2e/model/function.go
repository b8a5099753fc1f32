package model

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// Store is a kind of database, and what the function under test keeps in it.
type Store interface {
	// Function returns what stages the writes of a record, and where dead letters go.
	Function() (stage func(*handler.Record[Item], *sink.Batch), letters sink.Target[handler.DeadLetter], err error)
	// Empty makes room for the next history.
	Empty(ctx context.Context) error
	// Read returns what the store holds after a history.
	Read(ctx context.Context, h *History) (State, error)
	// Letters returns the dead letters that it holds.
	Letters(ctx context.Context) ([]handler.DeadLetter, error)
	// Keeps returns the part of a state that the function keeps in this kind of store.
	Keeps(State) State
}

// Function is the Lambda function under test.
type Function struct {
	stage    func(*handler.Record[Item], *sink.Batch)
	mu       sync.Mutex
	failures map[string]error // sequence number → what the handler returns once
}

// NewFunction makes the function on a store and an entry point with the given options.
func NewFunction(s Store, opts ...handler.Option) (*Function, *handler.DynamoDBEventHandler[Item], error) {
	stage, letters, err := s.Function()
	if err != nil {
		return nil, nil, err
	}
	f := &Function{stage: stage, failures: map[string]error{}}
	opts = append(opts, handler.DeadLetters(letters), handler.DeadlineMargin(200*time.Millisecond))
	return f, handler.NewDynamoDBEventHandler[Item](f, opts...), nil
}

// Fail makes the handler fail once at a record.
func (f *Function) Fail(sequence string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures[sequence] = err
}

// Heal takes all failures back.
func (f *Function) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.failures)
}

func (f *Function) failure(sequence string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.failures[sequence]
	delete(f.failures, sequence)
	return err
}

var errPanic = errors.New("the handler panics")

// HandleRecord implements handler.StreamEventHandler.
func (f *Function) HandleRecord(_ context.Context, rec *handler.Record[Item], b *sink.Batch) error {
	f.stage(rec, b)
	err := f.failure(rec.SequenceNumber)
	if errors.Is(err, errPanic) {
		panic("as the schedule says")
	}
	return err
}

// redriveLetters hands the dead letters in the store to the function again: what failed them has not changed, so they are
// set aside again, and nothing else happens.
func redriveLetters(ctx context.Context, s Store, entry *handler.DynamoDBEventHandler[Item]) error {
	letters, err := s.Letters(ctx)
	if err != nil {
		return err
	}
	event, err := handler.RedriveEvent(letters...)
	if err != nil {
		return err
	}
	response, err := entry.Invoke(ctx, event)
	if err == nil && string(response) != `{"batchItemFailures":[]}` {
		err = fmt.Errorf("the redrive of %d letters was answered by %s", len(letters), response)
	}
	return err
}
