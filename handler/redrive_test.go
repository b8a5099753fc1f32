package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

func ExampleRedriveEvent() {
	type Order struct {
		ID    string `dynamodbav:"pk"`
		Total int    `dynamodbav:"total"`
	}
	orders, letters := sinktest.NewRecorder[Order](), sinktest.NewRecorder[handler.DeadLetter]()
	limit := 100
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Order](
		func(_ context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
			if rec.NewImage.Total > limit {
				return sink.Permanent(fmt.Errorf("the total is over the limit"))
			}
			orders.Upsert(batch, *rec.NewImage)
			return nil
		}), handler.DeadLetters(letters))

	table := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	event, _ := handlertest.Event(table.Insert(Order{"o-1", 50}), table.Insert(Order{"o-2", 500}))
	response, err := h.Invoke(context.Background(), event)
	fmt.Println(string(response), err, orders.Upserts())

	limit = 1000 // the limit was wrong: mend it, and redrive
	event, _ = handler.RedriveEvent(letters.Upserts()...)
	response, err = h.Invoke(context.Background(), event)
	fmt.Println(string(response), err, orders.Upserts())
	// Output:
	// {"batchItemFailures":[]} <nil> [{o-1 50}]
	// {"batchItemFailures":[]} <nil> [{o-1 50} {o-2 500}]
}

func TestRedriveEvent(t *testing.T) {
	t.Parallel()
	letter := func(source, record string) handler.DeadLetter {
		return handler.DeadLetter{Source: source, Record: []byte(record)}
	}
	for want, letters := range map[string][]handler.DeadLetter{
		"of the stream b": {letter("a", "{}"), letter("b", "{}")},
		"no JSON":         {letter("a", "{")},
		"holds no record": {letter("a", "")},
	} {
		if event, err := handler.RedriveEvent(letters...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("event %s, error %v; want an error with %q", event, err, want)
		}
	}
	late, early := letter("a", `{"n":2}`), letter("a", `{"n":1}`)
	late.SequenceNumber, early.SequenceNumber = "1000", "999"
	if event, err := handler.RedriveEvent(late, early); err != nil || string(event) != `{"Records":[{"n":1},{"n":2}]}` {
		t.Errorf("event %s, error %v: want the order of the stream", event, err)
	}
	if event, err := handler.RedriveEvent(); err != nil || string(event) != `{"Records":[]}` {
		t.Errorf("no letters: event %s, error %v", event, err)
	}
}
