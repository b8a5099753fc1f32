package main

import (
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// TestOrderHandler needs no database: a recorder stands in for the table.
func TestOrderHandler(t *testing.T) {
	t.Parallel()
	orders := sinktest.NewRecorder[OrderRow]()
	h := handler.NewDynamoDBEventHandler(NewOrderHandler(orders), handler.Needs(handler.NewImage))

	table := handlertest.Table{Name: "orders", Keys: []string{"pk"}}
	placed, paid := Order{ID: "o-1", Status: "placed", Total: "59.9"}, Order{ID: "o-1", Status: "paid", Total: "59.9"}
	response, err := h.Invoke(t.Context(), handlertest.Payload(t,
		table.Insert(placed), table.Modify(placed, paid), table.Expire(Order{ID: "o-2", Total: "1"})))
	if failed := handlertest.Failures(t, response); err != nil || len(failed) > 0 {
		t.Fatalf("failed %v, error %v", failed, err)
	}
	upserts, deletes := orders.Upserts(), orders.Deletes()
	if len(upserts) != 2 || upserts[1].ID != "o-1" || upserts[1].Status != "paid" || upserts[1].Total != "59.9" {
		t.Errorf("upserts %+v", upserts)
	}
	if len(deletes) != 1 || deletes[0].ID != "o-2" {
		t.Errorf("deletes %+v", deletes)
	}
}

// TestSampleHoldsEveryKindOfRecord keeps the sample a sample of everything.
func TestSampleHoldsEveryKindOfRecord(t *testing.T) {
	t.Parallel()
	records, err := handlertest.Records(sample)
	if err != nil || len(records) != 7 {
		t.Fatalf("%d records, error %v", len(records), err)
	}
	orders := sinktest.NewRecorder[OrderRow]()
	response, err := handler.NewDynamoDBEventHandler(NewOrderHandler(orders), handler.OnlyExpired()).Invoke(t.Context(), sample)
	if err != nil || len(handlertest.Failures(t, response)) > 0 || len(orders.Deletes()) != 1 {
		t.Errorf("response %s, error %v, %d expired orders", response, err, len(orders.Deletes()))
	}
}
