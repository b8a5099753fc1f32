package handler_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// Order is an item of the table; OrderRow is a row of the database.
type (
	Order struct {
		ID     string   `dynamodbav:"pk"`
		Status string   `dynamodbav:"status"`
		Lines  []string `dynamodbav:"lines"`
	}
	OrderRow struct {
		ID     string `db:"id,key"`
		Status string `db:"status"`
		Lines  int    `db:"lines"`
	}
)

// OrderHandler keeps a table of a database in step with the orders. It knows no database: only a target of rows.
type OrderHandler struct{ orders sink.Target[OrderRow] }

var _ handler.StreamEventHandler[Order] = (*OrderHandler)(nil)

func (h *OrderHandler) HandleRecord(_ context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
	if rec.EventName == handler.Remove {
		h.orders.Delete(batch, OrderRow{ID: rec.Keys.ID})
		return nil
	}
	order := rec.NewImage
	h.orders.Upsert(batch, OrderRow{order.ID, order.Status, len(order.Lines)})
	return nil
}

// A function in its main would say lambda.Start(handler.NewDynamoDBEventHandler(h)), with a target of package sqlsink, say.
// Here a test's event and target stand in for the stream and the database.
func ExampleNewDynamoDBEventHandler() {
	rows := sinktest.NewRecorder[OrderRow]()
	h := handler.NewDynamoDBEventHandler(&OrderHandler{rows}, handler.Needs(handler.NewImage))

	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	event, _ := handlertest.Event(
		orders.Insert(Order{"o-1", "new", []string{"tea", "cups"}}),
		orders.Remove(Order{ID: "o-2"}),
	)
	response, err := h.Invoke(context.Background(), event)
	fmt.Println(string(response), err)
	fmt.Println(rows.Upserts(), rows.Deletes())
	// Output:
	// {"batchItemFailures":[]} <nil>
	// [{o-1 new 2}] [{o-2  0}]
}

// A handler need not be a type, and it need not stage anything.
func ExampleStreamEventHandlerFunc() {
	greet := handler.StreamEventHandlerFunc[Order](func(_ context.Context, rec *handler.Record[Order], _ *sink.Batch) error {
		if rec.NewImage.Status == "lost" {
			return errors.New("nobody knows where it is")
		}
		fmt.Println(rec.EventName, rec.Keys.ID, rec.NewImage.Status)
		return nil
	})
	h := handler.NewDynamoDBEventHandler(greet, handler.OnlyEvents(handler.Insert), quiet)

	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	event, _ := handlertest.Event(
		orders.Insert(Order{ID: "o-1", Status: "new"}),
		orders.Remove(Order{ID: "o-1"}), // dropped by the filter
		orders.Insert(Order{ID: "o-2", Status: "lost"}),
		orders.Insert(Order{ID: "o-3", Status: "new"}), // redelivered with the record before it
	)
	response, err := h.Invoke(context.Background(), event)
	fmt.Println(string(response), err)
	// Output:
	// INSERT o-1 new
	// {"batchItemFailures":[{"itemIdentifier":"999999999999999999993"}]} <nil>
}

// One type with the tags of both sides needs no handler of one's own.
func ExampleMirror() {
	type Order struct {
		ID     string `dynamodbav:"pk" db:"id,key"`
		Status string `dynamodbav:"status" db:"status"`
	}
	rows := sinktest.NewRecorder[Order]()
	h := handler.NewDynamoDBEventHandler(handler.Mirror[Order](rows))

	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	event, _ := handlertest.Event(
		orders.Modify(Order{"o-1", "new"}, Order{"o-1", "shipped"}),
		orders.Expire(Order{"o-2", "done"}),
	)
	_, err := h.Invoke(context.Background(), event)
	fmt.Println(rows.Upserts(), rows.Deletes(), err)
	// Output: [{o-1 shipped}] [{o-2 done}] <nil>
}

// One function may serve the streams of several tables.
func ExampleStreams() {
	say := func(what string) handler.StreamEventHandler[Order] {
		return handler.StreamEventHandlerFunc[Order](func(_ context.Context, rec *handler.Record[Order], _ *sink.Batch) error {
			fmt.Println(what, rec.Keys.ID)
			return nil
		})
	}
	h := handler.Streams{
		handler.NewDynamoDBEventHandler(say("order"), handler.ForTable("orders")),
		handler.NewDynamoDBEventHandler(say("return"), handler.ForTable("returns")),
	}
	for _, table := range []string{"returns", "orders", "users"} {
		stream := handlertest.Table{Name: table, Keys: []string{"pk"}}
		event, _ := handlertest.Event(stream.Insert(Order{ID: "1"}))
		if _, err := h.Invoke(context.Background(), event); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// return 1
	// order 1
	// handler: misconfigured (ForTable): no handler is for table "users"; there are handlers for table "orders", table "returns"
}

// A record that no retry can mend is set aside, with its images and the reason, and the batch goes on.
func ExampleDeadLetters() {
	rows, letters := sinktest.NewRecorder[OrderRow](), sinktest.NewRecorder[handler.DeadLetter]()
	strict := handler.StreamEventHandlerFunc[Order](func(ctx context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
		if len(rec.NewImage.Lines) == 0 {
			return sink.Permanent(errors.New("an order has lines"))
		}
		return (&OrderHandler{rows}).HandleRecord(ctx, rec, batch)
	})
	h := handler.NewDynamoDBEventHandler(strict, handler.DeadLetters(letters))

	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	event, _ := handlertest.Event(
		orders.Insert(Order{ID: "o-1"}),
		orders.Insert(Order{ID: "o-2", Lines: []string{"tea"}}),
		orders.Insert(Order{ID: "o-3"}).With("dynamodb.NewImage.status", `{"N":"seven"}`),
	)
	response, err := h.Invoke(context.Background(), event)
	fmt.Println(string(response), err)
	fmt.Println(rows.Upserts())
	for _, l := range letters.Upserts() {
		fmt.Println(l.SequenceNumber, l.Reason)
	}
	// Output:
	// {"batchItemFailures":[]} <nil>
	// [{o-2  1}]
	// 999999999999999999991 an order has lines
	// 999999999999999999993 NewImage: mapping: attribute status: not a number
}

// The whole-batch form asks another system once for all records, and names the record that failed.
func ExampleNewDynamoDBBatchHandler() {
	rows := sinktest.NewRecorder[OrderRow]()
	known := func(ids []string) map[string]bool { // one query
		fmt.Println("asked for", strings.Join(ids, ", "))
		return map[string]bool{"o-1": true}
	}
	all := handler.StreamBatchHandlerFunc[Order](func(_ context.Context, entries []handler.Entry[Order]) error {
		ids := make([]string, len(entries))
		for i, e := range entries {
			ids[i] = e.Keys.ID
		}
		found := known(ids)
		for _, e := range entries {
			if !found[e.Keys.ID] {
				e.Batch.Fail(errors.New("unknown order"))
				continue
			}
			rows.Upsert(e.Batch, OrderRow{ID: e.Keys.ID, Status: e.NewImage.Status})
		}
		return nil
	})
	h := handler.NewDynamoDBBatchHandler(all, quiet)

	orders := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	event, _ := handlertest.Event(orders.Insert(Order{ID: "o-1", Status: "new"}), orders.Insert(Order{ID: "o-2"}))
	response, err := h.Invoke(context.Background(), event)
	fmt.Println(string(response), err, rows.Upserts())
	// Output:
	// asked for o-1, o-2
	// {"batchItemFailures":[{"itemIdentifier":"999999999999999999992"}]} <nil> [{o-1 new 0}]
}

// Any other event: here a scheduled one.
func ExampleNewEventHandler() {
	type Schedule struct {
		Detail string `json:"detail-type"`
	}
	h := handler.NewEventHandler(handler.EventHandlerFunc[Schedule](func(_ context.Context, event Schedule) error {
		fmt.Println(event.Detail)
		return nil
	}))
	response, err := h.Invoke(context.Background(), []byte(`{"detail-type":"Scheduled Event"}`))
	fmt.Println(string(response), err)
	// Output:
	// Scheduled Event
	// null <nil>
}

// A function that answers.
func ExampleNewRequestHandler() {
	h := handler.NewRequestHandler(handler.RequestHandlerFunc[[]float64, float64](
		func(_ context.Context, numbers []float64) (sum float64, err error) {
			for _, n := range numbers {
				sum += n
			}
			return sum, nil
		}))
	response, err := h.Invoke(context.Background(), []byte(`[1, 2, 3.5]`))
	fmt.Println(string(response), err)
	// Output: 6.5 <nil>
}
