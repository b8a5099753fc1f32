package sink_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

type OrderRow struct {
	ID     string
	Status string
}

// printer is a store to look at: it prints what it gets.
func printer(name string) *sink.Port[OrderRow] {
	return sink.Func(func(_ context.Context, writes []sink.Write[OrderRow]) error {
		for _, w := range writes {
			if w.Delete {
				fmt.Printf("%s: delete %s\n", name, w.Row.ID)
			} else {
				fmt.Printf("%s: upsert %s %s\n", name, w.Row.ID, w.Row.Status)
			}
		}
		return nil
	})
}

// Handlers stage, sinks commit. Package handler does for each Lambda batch what is spelled out here: a record whose
// handler fails takes no part in the commit.
func Example() {
	orders := printer("orders")
	handle := func(b *sink.Batch, id, status string) error {
		orders.Upsert(b, OrderRow{id, status})
		if status == "" {
			return errors.New("an order without status")
		}
		return nil
	}

	unit := sink.NewUnit()
	for _, record := range []OrderRow{{"o-1", "placed"}, {"o-2", ""}, {"o-1", "shipped"}} {
		b := unit.Begin(sink.Origin{ /* from the stream record */ })
		if err := b.End(handle(b, record.ID, record.Status)); err != nil {
			fmt.Println("record failed:", err)
		}
	}
	fmt.Println("all handled, now the commit")
	if err := unit.Commit(context.Background(), nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// record failed: an order without status
	// all handled, now the commit
	// orders: upsert o-1 placed
	// orders: upsert o-1 shipped
}

// A cache is kept in step by a function. It runs after transactional sinks, and again when Lambda redelivers, so it does
// what bears repeating: it drops entries.
func ExampleFunc() {
	cache := map[string]string{"o-1": "placed", "o-2": "placed"}

	invalidate := sink.Func(func(_ context.Context, writes []sink.Write[OrderRow]) error {
		for _, w := range writes {
			delete(cache, w.Row.ID)
		}
		return nil
	})

	_ = sinktest.Stage(context.Background(), func(_ context.Context, b *sink.Batch) error {
		invalidate.Upsert(b, OrderRow{"o-1", "shipped"})
		return nil
	})
	fmt.Println(cache)
	// Output: map[o-2:placed]
}

// Several stores are kept in step by one handler, which stages once.
func ExampleTee() {
	orders := sink.Tee[OrderRow](printer("database"), printer("search"))

	_ = sinktest.Stage(context.Background(), func(_ context.Context, b *sink.Batch) error {
		orders.Upsert(b, OrderRow{"o-1", "shipped"})
		return nil
	})
	// Output:
	// database: upsert o-1 shipped
	// search: upsert o-1 shipped
}

// No retry makes the order valid: with a dead-letter sink it is set aside, and the batch goes on.
func ExamplePermanent() {
	err := sinktest.Stage(context.Background(), func(context.Context, *sink.Batch) error {
		return sink.Permanent(errors.New("the total is negative"))
	})
	fmt.Println(err, sink.IsPermanent(err))
	// Output: the total is negative true
}
