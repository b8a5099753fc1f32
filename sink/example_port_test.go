package sink_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

type Customer struct {
	ID   string
	Name string
}

// Memory is a store with transactions: a transaction is a copy of its rows, which replaces them when it commits.
type Memory struct {
	mu   sync.Mutex
	rows map[string]Customer
}

type MemoryTx map[string]Customer

func (m *Memory) InTx(ctx context.Context, fn func(context.Context, MemoryTx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	tx := MemoryTx(maps.Clone(m.rows))
	if err := fn(ctx, tx); err != nil {
		return err
	}
	m.rows = tx
	return nil
}

func customerKey(c *Customer) (string, error) {
	if c.ID == "" {
		return "", fmt.Errorf("a customer without ID")
	}
	return c.ID, nil
}

func writeCustomers(_ context.Context, tx MemoryTx, writes []sink.Write[Customer]) error {
	for _, w := range writes {
		if w.Delete {
			delete(tx, w.Row.ID)
		} else {
			tx[w.Row.ID] = w.Row
		}
	}
	return nil
}

// A store with transactions becomes a sink with InTx, a key and a write function. Of the three writes of c-1 only the last
// one reaches it.
func ExampleNewPort() {
	memory := &Memory{rows: map[string]Customer{}}
	customers := sink.NewPort(memory, customerKey, writeCustomers)

	err := sinktest.Stage(context.Background(), func(_ context.Context, b *sink.Batch) error {
		customers.Upsert(b, Customer{"c-1", "Ada"})
		customers.Delete(b, Customer{ID: "c-1"})
		customers.Upsert(b, Customer{"c-1", "Ada Lovelace"})
		customers.Upsert(b, Customer{"c-2", "Grace"})
		return nil
	})
	fmt.Println(err, slices.Sorted(maps.Keys(memory.rows)), memory.rows["c-1"].Name)
	// Output: <nil> [c-1 c-2] Ada Lovelace
}
