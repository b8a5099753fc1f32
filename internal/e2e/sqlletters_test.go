package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

type numbersRow struct {
	ID  string                 `db:"id,key"`
	Doc map[string]json.Number `db:"doc"`
}

// TestErrorsOfJSONHoldNoValues: a number of a JSON column that is none is not repeated.
func TestErrorsOfJSONHoldNoValues(t *testing.T) {
	t.Parallel()
	pool := servers.For(t, "sqlite").Open(t)
	db := newDB(t, pool)
	execute(t, pool, "CREATE TABLE docs (id TEXT PRIMARY KEY, doc TEXT)")
	target := table[numbersRow](t, db, "docs", sqlsink.Unguarded())
	err := staging(t, func(b *sink.Batch) { target.Upsert(b, numbersRow{"a", map[string]json.Number{"x": "s3cr3t"}}) })
	if err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("%v", err)
	}
}

// TestAReasonWithNULIsWritten: U+0000 is a character of DynamoDB strings, which PostgreSQL refuses.
func TestAReasonWithNULIsWritten(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE letters (source VARCHAR(200), event_id VARCHAR(100), event_name VARCHAR(9), sequence_number VARCHAR(40), reason TEXT, record TEXT, failed_at "+
			oneOf(db.Dialect(), "TIMESTAMPTZ", "DATETIME(6)", "TIMESTAMP")+", PRIMARY KEY (source, event_id))")
		letters := table[handler.DeadLetter](t, db, "letters", sqlsink.Unguarded())
		h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[versionedItem](func(_ context.Context, rec *handler.Record[versionedItem], b *sink.Batch) error {
			return sink.Permanent(errors.New("no such kind: " + rec.NewImage.T))
		}), quiet, handler.DeadLetters(letters))
		items := &handlertest.Table{Name: "items", Keys: []string{"id"}}
		response, err := h.Invoke(t.Context(), handlertest.Payload(t, items.Insert(versionedItem{"a", 1, "x\x00y"})))
		if err != nil || string(response) != `{"batchItemFailures":[]}` {
			t.Errorf("%s, %v", response, err)
		}
	})
}
