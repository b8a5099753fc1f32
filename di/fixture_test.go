package di_test

import (
	"context"
	"fmt"
	"strings"

	"go.uber.org/fx"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// Order is the item and the row of these tests.
type Order struct {
	ID     string `dynamodbav:"pk"`
	Status string `dynamodbav:"status"`
}

// OrderHandler replicates orders; one with the status "bad" fails.
type OrderHandler struct{ orders sink.Target[Order] }

var _ handler.StreamEventHandler[Order] = (*OrderHandler)(nil)

func NewOrderHandler(orders sink.Target[Order]) *OrderHandler { return &OrderHandler{orders} }

func (h *OrderHandler) HandleRecord(_ context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
	if rec.EventName == handler.Remove {
		h.orders.Delete(batch, rec.Keys)
		return nil
	}
	if rec.NewImage.Status == "bad" {
		return fmt.Errorf("a bad order")
	}
	h.orders.Upsert(batch, *rec.NewImage)
	return nil
}

// target provides a recorder as the target of orders.
func target(r *sinktest.Recorder[Order]) fx.Option {
	return fx.Supply(fx.Annotate(r, fx.As(new(sink.Target[Order]))))
}

// record is one stream record of a table.
func record(table string, sequence int, id, status string) string {
	return fmt.Sprintf(`{"eventID":"%d","eventName":"INSERT","eventSource":"aws:dynamodb",`+
		`"eventSourceARN":"arn:aws:dynamodb:eu-west-1:123456789012:table/%s/stream/2026-01-01T00:00:00.000",`+
		`"dynamodb":{"SequenceNumber":"%021d","StreamViewType":"NEW_IMAGE","Keys":{"pk":{"S":%q}},`+
		`"NewImage":{"pk":{"S":%[4]q},"status":{"S":%q}}}}`, sequence, table, sequence, id, status)
}

func event(records ...string) string { return `{"Records":[` + strings.Join(records, ",") + `]}` }

const done = `{"batchItemFailures":[]}` + "\n"
