package handlertest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

type Order struct {
	ID     string `dynamodbav:"pk"`
	Status string `dynamodbav:"status"`
}

// A test makes the records of a table's stream and invokes the function with them. In a test, Payload and Failures spare
// the checks for errors.
func Example() {
	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	event, err := handlertest.Event(
		orders.Insert(Order{ID: "o-1", Status: "new"}),
		orders.Modify(Order{ID: "o-1", Status: "new"}, Order{ID: "o-1", Status: "lost"}),
	)
	if err != nil {
		panic(err)
	}

	print := func(_ context.Context, rec *handler.Record[Order], _ *sink.Batch) error {
		if rec.NewImage.Status == "lost" {
			return errors.New("nobody knows where it is")
		}
		fmt.Println(rec.EventName, *rec.NewImage)
		return nil
	}
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Order](print), handler.WithLogger(quiet))
	response, err := h.Invoke(context.Background(), event)
	fmt.Printf("%s %v\n", response, err)
	// Output:
	// INSERT {o-1 new}
	// {"batchItemFailures":[{"itemIdentifier":"999999999999999999992"}]} <nil>
}

// The stream's view type decides which images its records have.
func ExampleTable() {
	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}, ViewType: handler.KeysOnly}
	fmt.Println(orders.Insert(Order{ID: "o-1", Status: "new"}))
	// Output:
	// {"eventID":"2a5eb3518cfa41b214955a4d4ea2e524","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-west-1","dynamodb":{"ApproximateCreationDateTime":1767225600,"Keys":{"pk":{"S":"o-1"}},"SequenceNumber":"999999999999999999991","SizeBytes":18,"StreamViewType":"KEYS_ONLY"},"eventSourceARN":"arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"}
}

// A record can be damaged, to see what a function makes of it.
func ExampleRecord_With() {
	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	event, _ := handlertest.Event(orders.Insert(Order{ID: "o-1"}).With("dynamodb.NewImage.status", `{"BS":[1]}`))

	nothing := func(context.Context, *handler.Record[Order], *sink.Batch) error { return nil }
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Order](nothing))
	_, err := h.Invoke(context.Background(), event)
	fmt.Println(err)
	// Output:
	// handler: record 0 (sequence number 999999999999999999991): NewImage: mapping: attribute status[0]: payload must be a string
}
