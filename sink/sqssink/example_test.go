package sqssink_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqssink"
)

type Order struct {
	ID string `dynamodbav:"pk"`
}

// orders is a handler that cannot do with the orders that come.
type orders struct{}

func (orders) HandleRecord(context.Context, *handler.Record[Order], *sink.Batch) error {
	return sink.Permanent(fmt.Errorf("orders: no such product"))
}

// printer stands in for *sqs.Client.
type printer struct{ fake }

func (p *printer) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, options ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	for _, e := range in.Entries {
		fmt.Println(*e.MessageAttributes["sequence"].StringValue, *e.MessageBody)
	}
	return p.fake.SendMessageBatch(ctx, in, options...)
}

type OrderPlaced struct {
	ID    string  `json:"id"`
	Total float64 `json:"total"`
}

// Rows of any type: an event for other programs, beside the table that holds the order.
func ExampleNew() {
	events, err := sqssink.New[OrderPlaced](new(printer), "https://sqs.eu-west-1.amazonaws.com/123456789012/orders-placed")
	if err != nil {
		fmt.Println(err)
		return
	}
	record := sink.Origin{Source: "arn:aws:dynamodb:…/orders/stream/…", EventID: "7c1e", Sequence: "111700000000000000001"}
	err = sinktest.StageAs(context.Background(), record, func(_ context.Context, b *sink.Batch) error {
		events.Upsert(b, OrderPlaced{"o-1", 12.5})
		return nil
	})
	fmt.Println(err)
	// Output:
	// 111700000000000000001 {"id":"o-1","total":12.5}
	// <nil>
}

// Dead letters: the record that cannot be handled is sent to the queue before the batch goes on.
func ExampleNew_deadLetters() {
	queue := new(fake)
	letters, err := sqssink.New[handler.DeadLetter](queue, "https://sqs.eu-west-1.amazonaws.com/123456789012/orders-failed")
	if err != nil {
		fmt.Println(err)
		return
	}
	h := handler.NewDynamoDBEventHandler(orders{}, handler.DeadLetters(letters))
	response, err := h.Invoke(context.Background(), []byte(`{"Records":[{"eventID":"7c1e","eventName":"INSERT","eventSource":"aws:dynamodb",
		"eventSourceARN":"arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
		"dynamodb":{"Keys":{"pk":{"S":"o-1"}},"NewImage":{"pk":{"S":"o-1"}},"SequenceNumber":"111700000000000000001","StreamViewType":"NEW_AND_OLD_IMAGES"}}]}`))
	fmt.Println(string(response), err, len(queue.messages))
	// Output: {"batchItemFailures":[]} <nil> 1
}
