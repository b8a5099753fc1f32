package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// TestAnInterruptedFunctionOfSQLite: a write that its own context interrupts takes the transaction with it. Whoever goes on
// as if nothing had happened must not have the rest of the batch committed alone.
func TestAnInterruptedFunctionOfSQLite(t *testing.T) {
	t.Parallel()
	for _, driver := range []string{"sqlite", "sqlite3"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			pool := servers.For(t, "sqlite").OpenWith(t, driver)
			db := newDB(t, pool)
			execute(t, pool, "CREATE TABLE c (id TEXT PRIMARY KEY, v INT)")
			execute(t, pool, "CREATE TABLE numbers (n INT)")
			cells := table[cell[int]](t, db, "c", sqlsink.Unguarded())
			err := staging(t, func(b *sink.Batch) {
				cells.Upsert(b, cell[int]{"before", 1})
				db.AtLeastOnce(b, func(ctx context.Context, tx *sqlx.Tx) error {
					ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
					defer cancel()
					_, err := tx.ExecContext(ctx, "INSERT INTO numbers WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c")
					if err == nil {
						t.Error("the function was not interrupted")
					}
					return nil
				})
				cells.Upsert(b, cell[int]{"after", 1})
			})
			if n := countOf(t, pool, "SELECT COUNT(*) FROM c"); err == nil || n != 0 {
				t.Errorf("error %v, %d rows", err, n)
			}
		})
	}
}
