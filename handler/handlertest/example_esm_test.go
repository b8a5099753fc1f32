package handlertest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// A stream is delivered to a function as Lambda would: here to one that fails on its first try of the third order.
func ExampleEventSourceMapping() {
	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	var records []handlertest.Record
	for i := range 5 {
		records = append(records, orders.Insert(Order{ID: fmt.Sprint("o-", i+1)}))
	}

	tries := 0
	print := func(_ context.Context, rec *handler.Record[Order], _ *sink.Batch) error {
		if rec.Keys.ID == "o-3" {
			if tries++; tries == 1 {
				return errors.New("not now")
			}
		}
		fmt.Print(rec.Keys.ID, " ")
		return nil
	}
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Order](print), handler.WithLogger(quiet))

	esm := handlertest.EventSourceMapping{BatchSize: 4, ReportBatchItemFailures: true}
	result, err := esm.Run(context.Background(), h, records...)
	fmt.Println(err)
	for _, invocation := range result.Invocations {
		fmt.Println(invocation)
	}
	// Output:
	// o-1 o-2 o-3 o-4 o-5 <nil>
	// 4 records 999999999999999999991 to 999999999999999999994: failed from 999999999999999999993
	// 2 records 999999999999999999993 to 999999999999999999994: done
	// 1 record 999999999999999999995: done
}

// Records that always fail are given up after MaximumRetryAttempts. Without partial responses, bisection finds them.
func ExampleEventSourceMapping_discarded() {
	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	bad := func(_ context.Context, rec *handler.Record[Order], _ *sink.Batch) error {
		if rec.NewImage.Status == "bad" {
			return errors.New("never")
		}
		return nil
	}
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Order](bad), handler.FailWholeBatch())

	esm := handlertest.EventSourceMapping{BisectBatchOnFunctionError: true, MaximumRetryAttempts: new(2)}
	result, err := esm.Run(context.Background(), h,
		orders.Insert(Order{ID: "o-1"}), orders.Insert(Order{ID: "o-2"}), orders.Insert(Order{ID: "o-3", Status: "bad"}), orders.Insert(Order{ID: "o-4"}))
	fmt.Println(len(result.Invocations), "invocations, discarded:", result.Discarded, err)
	// Output: 7 invocations, discarded: [1 record 999999999999999999993] <nil>
}

// A function must bear that a batch comes twice, that its answer is lost, and that a zombie of itself still runs.
func ExampleRandomFaults() {
	counters := handlertest.Table{Name: "counters", Keys: []string{"pk"}}
	count := 0
	careless := handler.StreamEventHandlerFunc[Order](func(context.Context, *handler.Record[Order], *sink.Batch) error {
		count++
		return nil
	})
	esm := handlertest.EventSourceMapping{
		BatchSize: 1, ReportBatchItemFailures: true,
		Fault: handlertest.RandomFaults(1, 0.5, handlertest.Duplicate, handlertest.LoseAnswer),
	}
	_, err := esm.Run(context.Background(), handler.NewDynamoDBEventHandler(careless),
		counters.Insert(Order{ID: "1"}), counters.Insert(Order{ID: "2"}), counters.Insert(Order{ID: "3"}))
	fmt.Println(count > 3, err)
	// Output: true <nil>
}
