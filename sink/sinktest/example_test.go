package sinktest_test

import (
	"context"
	"fmt"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

type OrderRow struct {
	ID     string
	Status string
}

// OrderHandler is what is tested: it depends on a target, not on a store.
type OrderHandler struct{ orders sink.Target[OrderRow] }

func (h *OrderHandler) Shipped(_ context.Context, id string, b *sink.Batch) error {
	if id == "" {
		return fmt.Errorf("an order without id")
	}
	h.orders.Upsert(b, OrderRow{ID: id, Status: "shipped"})
	return nil
}

// A handler is tested without a store.
func Example() {
	orders := sinktest.NewRecorder[OrderRow]()
	h := &OrderHandler{orders}

	err := sinktest.Stage(context.Background(), func(ctx context.Context, b *sink.Batch) error {
		return h.Shipped(ctx, "o-1", b)
	})
	fmt.Println(orders.Upserts(), err)

	orders.Reset()
	err = sinktest.Stage(context.Background(), func(ctx context.Context, b *sink.Batch) error {
		return h.Shipped(ctx, "", b)
	})
	fmt.Println(orders.Upserts(), err)
	// Output:
	// [{o-1 shipped}] <nil>
	// [] an order without id
}

// The same record twice, as Lambda redelivers it: a recorder has no guard, so it sees both.
func ExampleStageAs() {
	orders := sinktest.NewRecorder[OrderRow]()
	record := sinktest.NextOrigin()
	for range 2 {
		_ = sinktest.StageAs(context.Background(), record, func(_ context.Context, b *sink.Batch) error {
			orders.Upsert(b, OrderRow{ID: "o-1"})
			return nil
		})
	}
	writes := orders.Writes()
	fmt.Println(len(writes), writes[0].Origin.EventID == writes[1].Origin.EventID)
	// Output: 2 true
}
