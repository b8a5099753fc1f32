package e2e

import (
	"context"
	"database/sql/driver"
	"runtime"
	"strings"
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

// awkward is a value whose Value does what it says.
type awkward string

func (a awkward) Value() (driver.Value, error) {
	switch a {
	case "panic":
		panic("the value")
	case "goexit":
		runtime.Goexit()
	}
	return string(a), nil
}

// TestAValueThatPanicsOnSQLite: the transaction ends, and its connection, which may hold a database in memory, stays.
func TestAValueThatPanicsOnSQLite(t *testing.T) {
	t.Parallel()
	for _, how := range []awkward{"panic", "goexit"} {
		for name, guard := range map[string]sqlsink.TableOption{
			"soft delete": sqlsink.SoftDelete("gone", ""), "unguarded": sqlsink.Unguarded(), "tombstones": sqlsink.Tombstones(""),
		} {
			t.Run(string(how)+"/"+name, func(t *testing.T) {
				t.Parallel()
				pool := sqlx.MustOpen("sqlite", ":memory:")
				defer pool.Close()
				pool.SetMaxOpenConns(1)
				db := newDB(t, pool)
				execute(t, pool, "CREATE TABLE c (id TEXT PRIMARY KEY, v TEXT, gone TEXT, stream_sequence TEXT)")
				cells := table[cell[awkward]](t, db, "c", guard)
				ended := make(chan error, 1)
				go func() {
					defer close(ended)
					ended <- staging(t, func(b *sink.Batch) {
						cells.Upsert(b, cell[awkward]{"a", "fine"})
						cells.Upsert(b, cell[awkward]{"b", how})
					})
				}()
				if err := <-ended; how == "panic" && (err == nil || !strings.Contains(err.Error(), "panic during commit: the value")) {
					t.Errorf("error %v", err)
				}
				if n := countOf(t, pool, "SELECT COUNT(*) FROM c"); n != 0 {
					t.Errorf("%d rows", n)
				}
				if err := staging(t, func(b *sink.Batch) { cells.Upsert(b, cell[awkward]{"a", "fine"}) }); err != nil {
					t.Errorf("the next batch: %v", err)
				}
			})
		}
	}
}

// TestASoftDeleteFreesAUniqueValueOnSQLite: also for a row whose key comes before the deleted one's, whatever the order that rows
// are written in at first. What was written twice for that is written in the right order from then on.
func TestASoftDeleteFreesAUniqueValueOnSQLite(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string][]string{
		"partial index": {"CREATE TABLE c (id TEXT PRIMARY KEY, v TEXT, gone TEXT, stream_sequence TEXT)",
			"CREATE UNIQUE INDEX live ON c (v) WHERE gone IS NULL"},
		"generated column": {"CREATE TABLE c (id TEXT PRIMARY KEY, v TEXT, gone TEXT, stream_sequence TEXT, " +
			"live TEXT GENERATED ALWAYS AS (CASE WHEN gone IS NULL THEN v END) STORED UNIQUE)"},
		"trigger": {"CREATE TABLE c (id TEXT PRIMARY KEY, v TEXT, gone TEXT, stream_sequence TEXT)",
			"CREATE TRIGGER one BEFORE INSERT ON c WHEN EXISTS (SELECT 1 FROM c WHERE v = NEW.v AND gone IS NULL AND id <> NEW.id) " +
				"BEGIN SELECT RAISE(ABORT, 'taken'); END"},
		"rollback": {"CREATE TABLE c (id TEXT PRIMARY KEY, v TEXT, gone TEXT, stream_sequence TEXT, " +
			"live TEXT GENERATED ALWAYS AS (CASE WHEN gone IS NULL THEN v END) STORED UNIQUE ON CONFLICT ROLLBACK)"},
	} {
		for _, driver := range []string{"sqlite", "sqlite3"} {
			t.Run(name+"/"+driver, func(t *testing.T) {
				t.Parallel()
				pool := servers.For(t, "sqlite").OpenWith(t, driver)
				db := newDB(t, pool)
				for _, s := range schema {
					execute(t, pool, s)
				}
				cells := table[cell[string]](t, db, "c", sqlsink.SoftDelete("gone", ""))
				ids := []string{"d", "c", "b", "a"}
				for i, id := range ids { // each takes the value of the one before
					tries, called := 0, 0
					err := staging(t, func(b *sink.Batch) {
						db.AtLeastOnce(b, func(context.Context, *sqlx.Tx) error { tries++; return nil })
						if i > 0 {
							cells.Delete(b, cell[string]{ID: ids[i-1]})
						}
						cells.Upsert(b, cell[string]{id, "value"})
						db.AtLeastOnce(b, func(context.Context, *sqlx.Tx) error { called++; return nil })
					})
					if n := countOf(t, pool, "SELECT COUNT(*) FROM c WHERE gone IS NULL AND id = '"+id+"'"); err != nil || n != 1 || called != 1 {
						t.Fatalf("%s: %d rows, the function was called %d times: %v", id, n, called, err)
					}
					if want := map[int]int{1: 2}[i]; tries != max(1, want) {
						t.Errorf("%s: written %d times", id, tries)
					}
				}
				err := staging(t, func(b *sink.Batch) {
					cells.Delete(b, cell[string]{ID: "x"})
					cells.Upsert(b, cell[string]{"y", "value"})
				})
				if n := countOf(t, pool, "SELECT COUNT(*) FROM c"); !sink.IsPermanent(err) || n != len(ids) {
					t.Errorf("a value that is another row's: %v, and %d rows", err, n)
				}
			})
		}
	}
}

// TestARowThatIsThereIsInsertedFirst on SQLite: an UPDATE before the upsert would be faster, and would pass by what guards inserts
// (triggers, the conflict clauses of other constraints).
func TestARowThatIsThereIsInsertedFirst(t *testing.T) {
	t.Parallel()
	for _, driver := range []string{"sqlite", "sqlite3"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			pool := servers.For(t, "sqlite").OpenWith(t, driver)
			db := newDB(t, pool)
			execute(t, pool, "CREATE TABLE c (id TEXT PRIMARY KEY, v TEXT UNIQUE ON CONFLICT REPLACE)")
			execute(t, pool, "CREATE TRIGGER one BEFORE INSERT ON c WHEN NEW.v = 'forbidden' BEGIN SELECT RAISE(ABORT, 'forbidden'); END")
			cells := table[cell[string]](t, db, "c", sqlsink.Unguarded())
			put := func(id, v string) error {
				return staging(t, func(b *sink.Batch) { cells.Upsert(b, cell[string]{id, v}) })
			}
			for _, id := range []string{"a", "b"} {
				if err := put(id, id); err != nil {
					t.Fatal(err)
				}
			}
			for _, v := range []string{"b", "forbidden"} { // another row's value, and what a trigger refuses
				err := put("a", v)
				if n := countOf(t, pool, "SELECT COUNT(*) FROM c WHERE id = v"); !sink.IsPermanent(err) || n != 2 {
					t.Errorf("%s: %d rows are as before, %v", v, n, err)
				}
			}
		})
	}
}
