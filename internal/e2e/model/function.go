package model

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// Store is a kind of database, and what the function under test keeps in it.
type Store interface {
	// Scope chooses what the function stages.
	Scope(rng *rand.Rand) scope
	// Paths is how many ways there are to the store: what it holds must not depend on them.
	Paths() int
	// Path is the i-th of them for a new process.
	Path(i int, scope scope) (Path, error)
	// Empty makes room for the next history.
	Empty(ctx context.Context) error
	// Read returns what the store holds after a history.
	Read(ctx context.Context, h *History) (State, error)
	// Letters returns the dead letters that it holds.
	Letters(ctx context.Context) ([]handler.DeadLetter, error)
	// Keeps returns the part of a state that the function keeps in this kind of store.
	Keeps(State) State
}

// scope is what the function stages. Whatever fails, or needs an open transaction, decides how the whole batch is written, so
// less of it leads to more ways.
type scope int

const (
	everything scope = iota
	rows             // and no functions: a batch can go in one round trip
	items            // rows of one table: nothing else tells that COPY would bring a removed one back
)

// Path is the function with the targets of one way to the store.
type Path struct {
	Stage   func(*handler.Record[Item], *sink.Batch) // what a record leads to
	Letters sink.Target[handler.DeadLetter]
}

// Function is the Lambda function under test.
type Function struct {
	store    Store
	scope    scope
	opts     []handler.Option
	entries  []*handler.DynamoDBEventHandler[Item] // one for each path
	mu       sync.Mutex
	failures map[string]error // sequence number → what the handler returns once
}

// NewFunction makes the function on a store, with an entry point for each path to it.
func NewFunction(s Store, scope scope, opts ...handler.Option) (*Function, error) {
	f := &Function{store: s, scope: scope, opts: opts, failures: map[string]error{}}
	for i := range s.Paths() {
		e, err := f.begin(i)
		if err != nil {
			return nil, err
		}
		f.entries = append(f.entries, e)
	}
	return f, nil
}

// begin makes the function in a new process.
func (f *Function) begin(path int) (*handler.DynamoDBEventHandler[Item], error) {
	p, err := f.store.Path(path, f.scope)
	if err != nil {
		return nil, err
	}
	opts := append(slices.Clip(f.opts), handler.DeadLetters(p.Letters), handler.DeadlineMargin(200*time.Millisecond))
	return handler.NewDynamoDBEventHandler[Item](entry{f, p}, opts...), nil
}

// entry is the entry point of one of the paths. Now and then it is a new process's, which knows nothing of what has failed before.
func (f *Function) entry(rng *rand.Rand) *handler.DynamoDBEventHandler[Item] {
	i := rng.IntN(len(f.entries))
	if rng.IntN(3) == 0 {
		if e, err := f.begin(i); err == nil { // as it was when the function was made
			f.entries[i] = e
		}
	}
	return f.entries[i]
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

// entry is the function by one path.
type entry struct {
	*Function
	Path
}

// HandleRecord implements handler.StreamEventHandler.
func (e entry) HandleRecord(_ context.Context, rec *handler.Record[Item], b *sink.Batch) error {
	e.Stage(rec, b)
	err := e.failure(rec.SequenceNumber)
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
