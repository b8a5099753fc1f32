package sink_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dynasink/dynasink/sink"
)

// row is what the tests stage; key "" cannot be staged.
type row struct {
	key     string
	version int
}

func (r row) String() string { return fmt.Sprintf("%s=%d", r.key, r.version) }

var errNoKey = errors.New("no key")

func keyOf(r *row) (string, error) {
	if r.key == "" {
		return "", errNoKey
	}
	return r.key, nil
}

// store is a sink whose transactions are copies of its rows.
type store struct {
	mu       sync.Mutex
	name     string
	rows     map[string]int // by table/key
	seen     []string       // what committed actions saw
	calls    []string       // the writes of every call of a write function, rolled back or not
	outcomes []outcome      // of the next transactions; then all succeed
	commits  *[]string      // names of sinks, as they commit
}

type tx struct {
	rows map[string]int
	seen []string
}

type outcome uint8

const (
	succeeds outcome = iota
	refusesToBegin
	failsToCommit
	runsTwice // the first transaction did not commit
	panics
	doesNothing
	swallows // an error or a panic of its function
)

var errStore = errors.New("the store failed")

func newStore() *store { return &store{rows: map[string]int{}} }

func (s *store) next() outcome {
	if len(s.outcomes) == 0 {
		return succeeds
	}
	o := s.outcomes[0]
	s.outcomes = s.outcomes[1:]
	return o
}

func (s *store) InTx(ctx context.Context, fn func(context.Context, *tx) error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tx{maps.Clone(s.rows), slices.Clone(s.seen)}
	switch o := s.next(); o {
	case refusesToBegin:
		return errStore
	case failsToCommit:
		return errors.Join(fn(ctx, t), errStore)
	case runsTwice:
		_ = fn(ctx, &tx{maps.Clone(s.rows), nil})
	case panics:
		panic("store")
	case doesNothing:
		return nil
	case swallows:
		defer func() { _ = recover() }()
		_ = fn(ctx, t)
		return nil
	}
	if err := fn(ctx, t); err != nil {
		return err
	}
	s.rows, s.seen = t.rows, t.seen
	if s.commits != nil {
		*s.commits = append(*s.commits, s.name)
	}
	return nil
}

// table is a target of the store.
func (s *store) table(name string, opts ...sink.PortOption) *sink.Port[row] {
	return sink.NewPort(s, keyOf, func(_ context.Context, t *tx, writes []sink.Write[row]) error {
		s.calls = append(s.calls, describe(writes))
		for _, w := range writes {
			if w.Delete {
				delete(t.rows, name+"/"+w.Row.key)
			} else {
				t.rows[name+"/"+w.Row.key] = w.Row.version
			}
		}
		return nil
	}, opts...)
}

// look is an action that notes what it sees.
func look() sink.Action[*tx] {
	return sink.Action[*tx]{Run: func(_ context.Context, t *tx) error {
		t.seen = append(t.seen, fmt.Sprint(t.rows))
		return nil
	}}
}

func fails(err error) sink.Action[*tx] {
	return sink.Action[*tx]{Run: func(context.Context, *tx) error { return err }}
}

// describe writes one line: "a=1 -b" is an upsert of a and a delete of b.
func describe(writes []sink.Write[row]) string {
	parts := make([]string, len(writes))
	for i, w := range writes {
		parts[i] = w.Row.String()
		if w.Delete {
			parts[i] = "-" + w.Row.key
		}
	}
	return strings.Join(parts, " ")
}

// staged makes a unit of one record per function.
func staged(handlers ...func(b *sink.Batch)) *sink.Unit {
	u := sink.NewUnit()
	for i, handle := range handlers {
		b := u.Begin(origin(i))
		handle(b)
		_ = b.End(nil)
	}
	return u
}

func origin(i int) sink.Origin {
	return sink.Origin{Source: "stream", EventID: fmt.Sprint("event ", i), Sequence: fmt.Sprint(1000 + i)}
}

func upsert(t sink.Target[row], key string, version int) func(*sink.Batch) {
	return func(b *sink.Batch) { t.Upsert(b, row{key, version}) }
}

func remove(t sink.Target[row], key string) func(*sink.Batch) {
	return func(b *sink.Batch) { t.Delete(b, row{key: key}) }
}

// upTo keeps the records before n.
func upTo(n int) func(int) bool { return func(record int) bool { return record < n } }

// effectOf is a function sink that appends what it gets, one description per write, to got.
func effectOf(got *[]string) *sink.Port[row] {
	return sink.Func(func(_ context.Context, writes []sink.Write[row]) error {
		for i := range writes {
			*got = append(*got, describe(writes[i:i+1]))
		}
		return nil
	})
}
