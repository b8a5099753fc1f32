// Replicate keeps a table of orders in step with the DynamoDB table orders: in SQLite by default, in PostgreSQL or MySQL
// when DATABASE_URL names one.
//
// In Lambda it serves the stream's event source mapping. Anywhere else it runs on event files, or, without arguments, on
// a sample, and prints the rows that the table then holds:
//
//	go run ./examples/replicate
//	go run ./examples/replicate event.json
//	DATABASE_URL=postgres://user:password@localhost/shop go run ./examples/replicate
package main

import (
	"context"
	_ "embed"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"go.uber.org/fx"
)

//go:embed event.json
var sample []byte

func main() {
	di.Run(
		di.Configure[Config](),
		fx.Provide(openPool, openDB, newOrders, NewOrderHandler),
		di.UseStreamEventHandler[*OrderHandler](handler.Needs(handler.NewImage)),
		di.SampleEvent(sample),
		fx.Invoke(printRowsAtEnd),
	)
}

// OrderHandler mirrors orders into rows.
type OrderHandler struct{ orders sink.Target[OrderRow] }

var _ handler.StreamEventHandler[Order] = (*OrderHandler)(nil)

// NewOrderHandler returns a handler that stages on orders.
func NewOrderHandler(orders sink.Target[OrderRow]) *OrderHandler { return &OrderHandler{orders} }

// HandleRecord implements handler.StreamEventHandler. Removals by Time to Live are removals like any other here.
func (h *OrderHandler) HandleRecord(_ context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
	if rec.EventName == handler.Remove {
		h.orders.Delete(batch, OrderRow{ID: rec.Keys.ID})
		return nil
	}
	h.orders.Upsert(batch, rowOf(rec.NewImage))
	return nil
}
