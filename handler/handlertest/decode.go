package handlertest

import (
	"context"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// Decode returns the record as a handler gets it, to call the handler's method with; it ends the test if the record does not
// decode. Both images are decoded unless opts say otherwise.
//
//	rec := handlertest.Decode[Order](t, table.Insert(order))
//	err := sinktest.Stage(ctx, func(ctx context.Context, b *sink.Batch) error { return h.HandleRecord(ctx, rec, b) })
func Decode[T any](t testing.TB, record Record, opts ...handler.Option) *handler.Record[T] {
	t.Helper()
	var decoded *handler.Record[T]
	h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[T](
		func(_ context.Context, rec *handler.Record[T], _ *sink.Batch) error {
			decoded = rec
			return nil
		}), opts...)
	if _, err := h.Invoke(t.Context(), Payload(t, record)); err != nil {
		t.Fatal(err)
	}
	return decoded
}
