package sqlsink_test

import (
	"context"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
)

type Order struct {
	ID       string `dynamodbav:"pk"`
	Customer string `dynamodbav:"customer"`
	Total    string `dynamodbav:"total"`
}

// OrderChange is a row of the history: an order as one change left it.
type OrderChange struct {
	ID       string    `db:"id"`
	Customer string    `db:"customer"`
	Total    string    `db:"total"`
	Changed  time.Time `db:"changed_at"`
}

type HistoryHandler struct{ changes sink.Target[OrderChange] }

func (h *HistoryHandler) HandleRecord(_ context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
	if rec.EventName == handler.Remove {
		h.changes.Delete(batch, OrderChange{ID: rec.Keys.ID, Changed: rec.ApproximateCreationDateTime})
		return nil
	}
	h.changes.Upsert(batch, OrderChange{rec.Keys.ID, rec.NewImage.Customer, rec.NewImage.Total, rec.ApproximateCreationDateTime})
	return nil
}

// A history of the orders: every change adds one row, however often Lambda delivers it. The table has the row's columns and
// those that the options name:
//
//	CREATE TABLE order_changes (
//		id TEXT, customer TEXT, total TEXT, changed_at TIMESTAMPTZ,
//		stream_event CHAR(64) UNIQUE, sequence CHAR(40), event_name VARCHAR(6))
func ExampleNewAppend() {
	newHistory := func(db *sqlsink.DB) (sink.Target[OrderChange], error) {
		return sqlsink.NewAppend[OrderChange](db, "order_changes", sqlsink.SequenceIn("sequence"), sqlsink.EventNameIn("event_name"))
	}
	_ = newHistory
}

// An address is unique, and users take it over from each other: writes keep their order.
func ExampleEveryChange() {
	type UserRow struct {
		ID   string `db:"id,key"`
		Mail string `db:"mail"`
	}
	newUsers := func(db *sqlsink.DB) (sink.Target[UserRow], error) {
		return sqlsink.NewTable[UserRow](db, "users", sqlsink.EveryChange())
	}
	_ = newUsers
}
