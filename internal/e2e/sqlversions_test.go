package e2e

import (
	"log/slog"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

var quiet = handler.WithLogger(slog.New(slog.DiscardHandler))

func countOf(t *testing.T, pool *sqlx.DB, query string) (n int) {
	t.Helper()
	if err := pool.GetContext(t.Context(), &n, query); err != nil {
		t.Fatal(err)
	}
	return n
}

// versionedItem is an item and its row; N is its version.
type versionedItem struct {
	ID string `dynamodbav:"id" db:"id,key"`
	N  int    `dynamodbav:"n" db:"n"`
	T  string `dynamodbav:"t" db:"t"`
}

// versionedMirror is a mirror to an empty table gv, guarded by N.
func versionedMirror(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) *handler.DynamoDBEventHandler[versionedItem] {
	t.Helper()
	execute(t, pool, "CREATE TABLE gv (id "+keyType(db.Dialect())+" PRIMARY KEY, n BIGINT, t VARCHAR(9))")
	target := table[versionedItem](t, db, "gv", sqlsink.GuardVersion("n"))
	return handler.NewDynamoDBEventHandler(handler.Mirror(target), quiet)
}

// TestGuardVersionKeepsADeletedRowAway: the last upsert of an item and its REMOVE carry one version, and the upsert may come
// again.
func TestGuardVersionKeepsADeletedRowAway(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		h := versionedMirror(t, pool, db)
		items := &handlertest.Table{Name: "items", Keys: []string{"id"}}
		insert, remove := items.Insert(versionedItem{"a", 5, "x"}), items.Remove(versionedItem{"a", 5, "x"})
		for _, delivery := range [][]handlertest.Record{{insert, remove}, {insert}, {remove, insert}} {
			if _, err := h.Invoke(t.Context(), handlertest.Payload(t, delivery...)); err != nil {
				t.Fatal(err)
			}
			if n := countOf(t, pool, "SELECT COUNT(*) FROM gv"); n != 0 {
				t.Errorf("after %v: the deleted row is back", delivery)
			}
			execute(t, pool, "DELETE FROM gv")
		}
	})
}

// TestGuardVersionInABatchOutOfOrder: dead letters may be redriven in any order, and the REMOVE is the newer of two equals.
func TestGuardVersionInABatchOutOfOrder(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		h := versionedMirror(t, pool, db)
		items := &handlertest.Table{Name: "items", Keys: []string{"id"}}
		insert, remove := items.Insert(versionedItem{"a", 5, "x"}), items.Remove(versionedItem{"a", 5, "x"})
		if _, err := h.Invoke(t.Context(), handlertest.Payload(t, remove, insert)); err != nil {
			t.Fatal(err)
		}
		if n := countOf(t, pool, "SELECT COUNT(*) FROM gv"); n != 0 {
			t.Errorf("the deleted row is there")
		}
	})
}

// TestMirrorWithGuardVersionNeedsOldImages: a REMOVE without the last version would be acknowledged and do nothing.
func TestMirrorWithGuardVersionNeedsOldImages(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		h := versionedMirror(t, pool, db)
		items := &handlertest.Table{Name: "items", Keys: []string{"id"}, ViewType: handler.NewImageOnly}
		_, err1 := h.Invoke(t.Context(), handlertest.Payload(t, items.Insert(versionedItem{"a", 5, "x"})))
		_, err2 := h.Invoke(t.Context(), handlertest.Payload(t, items.Remove(versionedItem{"a", 5, "x"})))
		if n := countOf(t, pool, "SELECT COUNT(*) FROM gv"); err1 == nil && err2 == nil && n != 0 {
			t.Errorf("insert and REMOVE were acknowledged, and the row is still there")
		}
	})
}
