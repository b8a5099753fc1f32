package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// endsOrWaits returns when done is closed, or when a transaction that does not end must be waiting for a lock. The time
// decides nothing but how surely a missing lock is noticed.
func endsOrWaits(done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(500 * time.Millisecond):
	}
}

func TestFunctionsAreBarriers(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		// A name of its own: PostgreSQL's advisory locks are shared by the schemas of a database, and with a function between
		// its rows a batch may deadlock with another on a table of that name.
		execute(t, pool, "CREATE TABLE barriers (id "+keyType(db.Dialect())+" PRIMARY KEY, v INT, stream_sequence CHAR(40))")
		target := table[cell[int]](t, db, "barriers")
		var seen []string
		look := func(ctx context.Context, tx *sqlx.Tx) error {
			var cells []cell[int]
			err := tx.SelectContext(ctx, &cells, "SELECT id, v FROM barriers ORDER BY id")
			seen = append(seen, fmt.Sprint(cells))
			return err
		}
		stageOne(t, func(b *sink.Batch) {
			target.Upsert(b, cell[int]{"a", 1})
			db.AtLeastOnce(b, look)
			target.Upsert(b, cell[int]{"a", 2})
			target.Upsert(b, cell[int]{"b", 1})
			db.Once(b, "look", look)
			target.Delete(b, cell[int]{ID: "a"})
			db.Newest(b, "look", "x", look)
			target.Upsert(b, cell[int]{"c", 1})
			db.AtLeastOnce(b, look, sqlsink.Independent())
		})
		want := []string{"[{a 1}]", "[{a 2} {b 1}]", "[{b 1}]", "[{b 1}]"}
		if !slices.Equal(seen, want) {
			t.Errorf("functions saw %v, want %v", seen, want)
		}
	})
}

// TestMisuseFailsTheRecord leaves the other records of the batch as they are.
func TestMisuseFailsTheRecord(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		nothing := func(context.Context, *sqlx.Tx) error { return nil }
		good := sink.Origin{Source: "arn", EventID: "e", Sequence: "1"}
		for name, c := range map[string]struct {
			origin sink.Origin
			stage  func(*sink.Batch)
		}{
			"twice":           {good, func(b *sink.Batch) { db.Once(b, "n", nothing); db.Once(b, "n", nothing) }},
			"no event ID":     {sink.Origin{Sequence: "1"}, func(b *sink.Batch) { db.Once(b, "n", nothing) }},
			"no sequence":     {sink.Origin{EventID: "e"}, func(b *sink.Batch) { db.Newest(b, "n", "k", nothing) }},
			"no name":         {good, func(b *sink.Batch) { db.Once(b, "", nothing) }},
			"long name":       {good, func(b *sink.Batch) { db.Newest(b, strings.Repeat("n", 256), "", nothing) }},
			"nil Once":        {good, func(b *sink.Batch) { db.Once(b, "n", nil) }},
			"nil Newest":      {good, func(b *sink.Batch) { db.Newest(b, "n", "", nil) }},
			"nil AtLeastOnce": {good, func(b *sink.Batch) { db.AtLeastOnce(b, nil) }},
		} {
			err := sinktest.StageAs(t.Context(), c.origin, func(_ context.Context, b *sink.Batch) error {
				c.stage(b)
				return nil
			})
			if !sink.IsPermanent(err) {
				t.Errorf("%s: want a permanent error, got %v", name, err)
			}
		}
	})
}

// TestMissingTablesAreToldWithTheirDDL executes the statement that the error holds, and goes on.
func TestMissingTablesAreToldWithTheirDDL(t *testing.T) {
	t.Parallel()
	for _, d := range drivers {
		t.Run(d.engine+"/"+d.driver, func(t *testing.T) {
			t.Parallel()
			pool := servers.For(t, d.engine).OpenWith(t, d.driver)
			db, err := sqlsink.New(pool)
			if err != nil {
				t.Fatal(err)
			}
			execute(t, pool, "CREATE TABLE live (id "+keyType(db.Dialect())+" PRIMARY KEY, v INT, stream_sequence CHAR(40))")
			execute(t, pool, "CREATE TABLE list_rows (owner VARCHAR(99), number INT, text VARCHAR(99), PRIMARY KEY (owner, number))")
			live := table[cell[int]](t, db, "live")
			children, err := sqlsink.NewChildren[cell[int], line](db, "list_rows")
			if err != nil {
				t.Fatal(err)
			}
			for name, stage := range map[string]func(*sink.Batch){
				"tombstones": func(b *sink.Batch) { live.Delete(b, cell[int]{ID: "a"}) },
				"inbox":      func(b *sink.Batch) { db.Once(b, "n", run()) },
				"newest":     func(b *sink.Batch) { children.Replace(b, cell[int]{ID: "a"}) },
			} {
				err := staging(t, stage)
				if err == nil || !strings.Contains(err.Error(), "create it with: CREATE TABLE") {
					t.Fatalf("%s: %v", name, err)
				}
				_, mend, _ := strings.Cut(err.Error(), "create it with: ")
				execute(t, pool, mend)
				if err := staging(t, stage); err != nil {
					t.Errorf("%s: after %s: %v", name, mend, err)
				}
			}
		})
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, _ *sqlsink.DB) {
		db, err := sqlsink.New(pool, sqlsink.Retention(25*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		execute(t, pool, "CREATE TABLE live (id "+keyType(db.Dialect())+" PRIMARY KEY, v INT, stream_sequence CHAR(40))")
		live := table[cell[int]](t, db, "live")
		use := func(key string) {
			stageOne(t, func(b *sink.Batch) {
				live.Delete(b, cell[int]{ID: key})
				db.Once(b, key, run())
				db.Newest(b, "n", key, run())
			})
		}
		use("old")
		for table, column := range map[string]string{"dynasink_tombstones": "deleted_at", "dynasink_inbox": "applied_at", "dynasink_newest": "changed_at"} {
			past := time.Now().UTC().Add(-26 * time.Hour).Format(time.DateTime)
			// The rows that stand for locks on MySQL are of the year 9999.
			execute(t, pool, fmt.Sprintf("UPDATE %s SET %s = '%s' WHERE %s < '9000-01-01'", table, column, past+oneOf(db.Dialect(), "Z", "", "+00:00"), column))
		}
		use("new")
		var locks [2]int
		for i, want := range []int64{3, 0} {
			if err := pool.GetContext(t.Context(), &locks[i], "SELECT COUNT(*) FROM dynasink_tombstones"); err != nil {
				t.Fatal(err)
			}
			if n, err := db.Purge(t.Context()); n != want || err != nil {
				t.Errorf("purged %d, %v; want %d", n, err, want)
			}
		}
		if locks[0]-locks[1] != 1 {
			t.Errorf("%d rows were there before, %d after", locks[0], locks[1])
		}
	})
}
