package handlertest_test

import (
	"context"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// TestDecode calls a handler's method without an event or a function around it.
func TestDecode(t *testing.T) {
	t.Parallel()
	type Order struct {
		ID    string `dynamodbav:"pk"`
		Total int    `dynamodbav:"total"`
	}
	orders := sinktest.NewRecorder[Order]()
	mirror := handler.Mirror(orders)
	table := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	rec := handlertest.Decode[Order](t, table.Modify(Order{"o-1", 1}, Order{"o-1", 2}))
	if rec.TableName() != "orders" || rec.Keys.ID != "o-1" || rec.OldImage.Total != 1 {
		t.Errorf("decoded %+v", rec)
	}
	err := sinktest.Stage(t.Context(), func(ctx context.Context, b *sink.Batch) error { return mirror.HandleRecord(ctx, rec, b) })
	if got := orders.Upserts(); err != nil || len(got) != 1 || got[0] != (Order{"o-1", 2}) {
		t.Errorf("upserts %v, error %v", got, err)
	}
}
