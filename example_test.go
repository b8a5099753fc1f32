package dynasink_test

import (
	"context"
	"fmt"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// Order is the item as DynamoDB holds it.
type Order struct {
	ID     string  `dynamodbav:"pk"`
	Status string  `dynamodbav:"status"`
	Total  float64 `dynamodbav:"total"`
}

// OrderRow is the row as the database holds it.
type OrderRow struct {
	ID     string  `db:"id,key"`
	Status string  `db:"status"`
	Total  float64 `db:"total"`
}

// OrderHandler says what becomes of a stream record. It knows its target, and not which store that is.
type OrderHandler struct{ orders sink.Target[OrderRow] }

var _ handler.StreamEventHandler[Order] = (*OrderHandler)(nil)

// HandleRecord stages; nothing is written before the whole batch has been handled.
func (h *OrderHandler) HandleRecord(_ context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
	if rec.EventName == handler.Remove {
		h.orders.Delete(batch, OrderRow{ID: rec.Keys.ID})
		return nil
	}
	h.orders.Upsert(batch, OrderRow(*rec.NewImage))
	return nil
}

// A handler for the stream of an orders table, run on a batch of two records. In a Lambda function the last lines are
// lambda.Start(function), or di.Run makes the whole program; and the target is a table of sqlsink.
func Example() {
	orders := sinktest.NewRecorder[OrderRow]() // a target for tests
	function := handler.NewDynamoDBEventHandler(&OrderHandler{orders}, handler.Needs(handler.NewImage))

	response, err := function.Invoke(context.Background(), []byte(`{"Records":[
		{"eventID":"1","eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"100000000000000000001",
			"Keys":{"pk":{"S":"o-1"}},"NewImage":{"pk":{"S":"o-1"},"status":{"S":"placed"},"total":{"N":"12.5"}}}},
		{"eventID":"2","eventName":"REMOVE","eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"100000000000000000002",
			"Keys":{"pk":{"S":"o-0"}}}}
	]}`))

	fmt.Println(string(response), err)
	fmt.Println("upserts", orders.Upserts(), "deletes", orders.Deletes())
	// Output:
	// {"batchItemFailures":[]} <nil>
	// upserts [{o-1 placed 12.5}] deletes [{o-0  0}]
}
