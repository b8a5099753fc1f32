package handler_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// Item is what the tests' table holds. Secret stands for every value that must not get into an error.
type Item struct {
	ID     string `dynamodbav:"pk"`
	Do     string `dynamodbav:"do"` // what the test's handler does with it
	Secret string `dynamodbav:"secret"`
}

const secret = "s3cr3t"

func item(id, do string) Item { return Item{id, do, secret} }

func newTable() *handlertest.Table {
	return &handlertest.Table{Name: "items", Keys: []string{"pk"}}
}

// inserts makes one record per item, all of different items.
func inserts(dos ...string) []handlertest.Record {
	table := newTable()
	records := make([]handlertest.Record, len(dos))
	for i, do := range dos {
		records[i] = table.Insert(item(string(rune('a'+i)), do))
	}
	return records
}

var quiet = handler.WithLogger(slog.New(slog.DiscardHandler))

var errBusiness = errors.New("the handler does not like it")

// store is a sink with transactions: what it holds is what was committed. Fields that are functions are faults.
type store struct {
	refuse func(key string) error // of one row, without naming it
	commit func() error           // of every transaction

	mu           sync.Mutex
	rows         map[string]string
	log          []string // keys as they were committed, over all commits
	transactions int
}

type storeTx struct {
	rows map[string]string
	log  []string
}

func newStore() *store { return &store{rows: map[string]string{}} }

func (s *store) InTx(ctx context.Context, fn func(context.Context, *storeTx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transactions++
	tx := &storeTx{maps.Clone(s.rows), slices.Clone(s.log)}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if s.commit != nil {
		if err := s.commit(); err != nil {
			return err
		}
	}
	s.rows, s.log = tx.rows, tx.log
	return nil
}

// table is a target whose rows are items by ID.
func (s *store) table(opts ...sink.PortOption) *sink.Port[Item] {
	return sink.NewPort(s, func(i *Item) (string, error) { return i.ID, nil }, s.write, opts...)
}

func (s *store) write(_ context.Context, tx *storeTx, writes []sink.Write[Item]) error {
	for _, w := range writes {
		if s.refuse != nil {
			if err := s.refuse(w.Row.ID); err != nil {
				return err
			}
		}
		tx.log = append(tx.log, w.Row.ID)
		if w.Delete {
			delete(tx.rows, w.Row.ID)
		} else {
			tx.rows[w.Row.ID] = w.Row.Do
		}
	}
	return nil
}

// has returns the keys of the rows, as in "a b c".
func (s *store) has() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(s.rows)), " ")
}

type handleFunc = handler.StreamEventHandlerFunc[Item]

// obey stages the record's item and does what its Do says.
func obey(target sink.Target[Item]) handleFunc {
	return func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
		if rec.EventName == handler.Remove {
			target.Delete(batch, rec.Keys)
			return nil
		}
		target.Upsert(batch, *rec.NewImage)
		switch rec.NewImage.Do {
		case "fail":
			return errBusiness
		case "permanent":
			return sink.Permanent(errBusiness)
		case "transient":
			return sink.Transient(errBusiness)
		case "panic":
			panic("at the disco")
		}
		return nil
	}
}

// outcome is what an invocation did.
type outcome struct {
	response []byte
	err      error
}

func invoke(t testing.TB, h interface {
	Invoke(context.Context, []byte) ([]byte, error)
}, records ...handlertest.Record) outcome {
	t.Helper()
	response, err := h.Invoke(t.Context(), handlertest.Payload(t, records...))
	checkOutcome(t, response, err)
	return outcome{response, err}
}

// checkOutcome holds every invocation of the tests to what must hold for any.
func checkOutcome(t testing.TB, response []byte, err error) {
	t.Helper()
	if (err == nil) == (response == nil) {
		t.Errorf("the invocation returned the response %q together with the error %v", response, err)
	}
	if err != nil && strings.Contains(err.Error(), secret) {
		t.Errorf("the error tells an item's value: %v", err)
	}
	if err == nil {
		handlertest.Failures(t, response)
	}
}

// reports checks that exactly one record was reported.
func (o outcome) reports(t testing.TB, r handlertest.Record) {
	t.Helper()
	if o.err != nil {
		t.Fatalf("the invocation failed: %v", o.err)
	}
	if failed := handlertest.Failures(t, o.response); len(failed) != 1 || failed[0] != r.SequenceNumber() {
		t.Errorf("reported %v, want %s", failed, r.SequenceNumber())
	}
}

func (o outcome) succeeds(t testing.TB) {
	t.Helper()
	if o.err != nil || string(o.response) != `{"batchItemFailures":[]}` {
		t.Errorf("got %s, %v; want an empty list of failures", o.response, o.err)
	}
}

func (o outcome) fails(t testing.TB, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if o.err == nil || !strings.Contains(o.err.Error(), part) {
			t.Errorf("got the error %v (response %s), want one with %q", o.err, o.response, part)
		}
	}
}

func wantRows(t testing.TB, s *store, want string) {
	t.Helper()
	if got := s.has(); got != want {
		t.Errorf("the store has the rows %q, want %q", got, want)
	}
}
