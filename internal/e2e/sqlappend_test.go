package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// historyOptions fill all columns that an Append target can fill.
var historyOptions = []sqlsink.AppendOption{sqlsink.SequenceIn("sequence"), sqlsink.EventNameIn("event_name")}

// createHistory makes a table whose rows are numbered as they come.
func createHistory(t *testing.T, pool *sqlx.DB, d sqlsink.Dialect, columns string) {
	t.Helper()
	number := oneOf(d, "BIGSERIAL PRIMARY KEY", "BIGINT AUTO_INCREMENT PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT")
	execute(t, pool, "CREATE TABLE history (number "+number+", "+columns+", stream_event CHAR(64) UNIQUE, sequence CHAR(40), event_name VARCHAR(6))")
}

func history[R any](t *testing.T, db *sqlsink.DB, opts ...sqlsink.AppendOption) *sqlsink.Append[R] {
	t.Helper()
	target, err := sqlsink.NewAppend[R](db, "history", append(slices.Clip(historyOptions), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Preflight(t.Context()); err != nil {
		t.Fatal(err)
	}
	return target
}

func TestConformanceOfAppend(t *testing.T) {
	t.Parallel()
	for _, d := range drivers {
		t.Run(d.engine+"/"+d.driver, func(t *testing.T) {
			t.Parallel()
			sinktest.Run(t, sinktest.Config[itemRow]{
				Features: sinktest.Features{Transactional: true, Append: true, Guarded: true},
				New: func(t *testing.T) sinktest.Subject[itemRow] {
					return historyIn(t, servers.For(t, d.engine).OpenWith(t, d.driver))
				},
			})
		})
	}
}

func historyIn(t *testing.T, pool *sqlx.DB) sinktest.Subject[itemRow] {
	t.Helper()
	db := newDB(t, pool)
	createHistory(t, pool, db.Dialect(), "id "+keyType(db.Dialect())+", version INT, short "+shortType(db.Dialect()))
	return sinktest.Subject[itemRow]{
		Target: history[itemRow](t, db),
		Rows: func(ctx context.Context) (rows []itemRow, err error) {
			return rows, pool.SelectContext(ctx, &rows, "SELECT id, version, short FROM history WHERE event_name IS NULL ORDER BY number")
		},
		Row:     func(key string, version int) itemRow { return itemRow{ID: key, Version: version} },
		Key:     func(row itemRow) string { return row.ID },
		Same:    func(a, b itemRow) bool { return a.Version == b.Version },
		Refused: func(key string) itemRow { return itemRow{ID: key, Short: "more than ten characters"} },
		Act: func(b *sink.Batch, run func() error) {
			db.AtLeastOnce(b, func(context.Context, *sqlx.Tx) error { return run() })
		},
	}
}

// changeOf is the n-th record of a stream; each stages two rows that are alike.
func changeOf(n int) sink.Origin {
	names := []string{"INSERT", "MODIFY", "REMOVE"}
	return sink.Origin{Source: "arn", EventID: fmt.Sprint("event-", n), EventName: names[n%3], Sequence: fmt.Sprint(1000 + n)}
}

// deliverChanges commits records as one batch.
func deliverChanges(t *testing.T, target sink.Target[cell[string]], records ...int) {
	t.Helper()
	u := sink.NewUnit()
	for _, n := range records {
		b := u.Begin(changeOf(n))
		stageChange(b, target, n)
		if err := b.End(nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func stageChange(b *sink.Batch, target sink.Target[cell[string]], n int) {
	row := cell[string]{fmt.Sprint("item-", n%7), fmt.Sprint("v", n)}
	for range 2 {
		if b.Origin().EventName == "REMOVE" {
			target.Delete(b, row)
		} else {
			target.Upsert(b, row)
		}
	}
}

// TestEveryChangeIsAppendedOnce delivers batches that go by COPY where it can be tried, then their ends, halves, single
// records out of order and everything together: two rows for each record, with what the options fill.
func TestEveryChangeIsAppendedOnce(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		createHistory(t, pool, db.Dialect(), "id VARCHAR(20), v VARCHAR(20)")
		target := history[cell[string]](t, db)
		const n = 300
		deliverChanges(t, target, upTo(0, 100)...)
		deliverChanges(t, target, upTo(60, 200)...) // redelivered from a failed record on
		deliverChanges(t, target, upTo(150, 175)...)
		deliverChanges(t, target, upTo(175, 250)...)
		deliverChanges(t, target, 260, 3, 260, 255, 3) // redriven, some twice in one batch
		deliverChanges(t, target, upTo(0, n)...)
		compareHistory(t, pool, n)
	})
}

func upTo(from, to int) (records []int) {
	for n := from; n < to; n++ {
		records = append(records, n)
	}
	return records
}

type historyRow struct {
	ID, V, Sequence string
	EventName       string `db:"event_name"`
}

func compareHistory(t *testing.T, pool *sqlx.DB, n int) {
	t.Helper()
	var got []historyRow
	if err := pool.SelectContext(t.Context(), &got, "SELECT id, v, sequence, event_name FROM history ORDER BY sequence, number"); err != nil {
		t.Fatal(err)
	}
	var want []historyRow
	for i := range n {
		row := historyRow{fmt.Sprint("item-", i%7), fmt.Sprint("v", i), fmt.Sprintf("%040d", 1000+i), changeOf(i).EventName}
		want = append(want, row, row)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the table holds %d rows, want %d: %.2000s", len(got), len(want), fmt.Sprint(got))
	}
}

// TestAppendRefusesAnotherRowsValue: only the event column may swallow a row.
func TestAppendRefusesAnotherRowsValue(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		createHistory(t, pool, db.Dialect(), "id VARCHAR(20) UNIQUE, v VARCHAR(20)")
		target := history[cell[string]](t, db)
		upsert := func(b *sink.Batch) { target.Upsert(b, cell[string]{"a", "x"}) }
		stageOne(t, upsert)
		if err := staging(t, upsert); !sink.IsPermanent(err) {
			t.Errorf("a row with another's unique value: %v", err)
		}
		var n int
		if err := pool.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM history"); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestAppendersOfOneTable have the same records and do not take each other's rows for their own.
func TestAppendersOfOneTable(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		createHistory(t, pool, db.Dialect(), "id VARCHAR(20), v VARCHAR(20)")
		both := sink.Tee[cell[string]](history[cell[string]](t, db), history[cell[string]](t, db, sqlsink.AppendAs("other")))
		for range 2 {
			deliverChanges(t, both, upTo(0, 50)...)
		}
		var n int
		if err := pool.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM history"); err != nil || n != 200 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestPreflightOfAppend is mended by the statements that the error holds.
func TestPreflightOfAppend(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE history (id VARCHAR(20), v VARCHAR(20))")
		target, err := sqlsink.NewAppend[cell[string]](db, "history", historyOptions...)
		if err != nil {
			t.Fatal(err)
		}
		found := problemsOf(t, db)
		if found == nil {
			t.Fatal("Preflight found nothing")
		}
		for _, p := range found.Problems {
			for _, statement := range p.Mend {
				execute(t, pool, statement)
			}
		}
		if err := db.Preflight(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			deliverChanges(t, target, 1, 2, 3)
		}
		var n int
		if err := pool.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM history"); err != nil || n != 6 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestUniqueValuesChangeHands: with EveryChange a batch is written in the order of staging, in one transaction.
func TestUniqueValuesChangeHands(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		d := db.Dialect()
		execute(t, pool, "CREATE TABLE users (id "+keyType(d)+" PRIMARY KEY, v VARCHAR(20) UNIQUE, stream_sequence CHAR(40), gone "+
			oneOf(d, "TIMESTAMPTZ", "DATETIME(6)", "TIMESTAMP")+" NULL)")
		for name, option := range map[string]sqlsink.TableOption{
			"tombstones": sqlsink.Tombstones(""), "soft delete": sqlsink.SoftDelete("gone", ""), "unguarded": sqlsink.Unguarded(),
		} {
			execute(t, pool, "DELETE FROM users")
			users := table[cell[string]](t, db, "users", option, sqlsink.EveryChange())
			origins := map[int]sink.Origin{}
			for n := range swaps {
				origins[n] = sinktest.NextOrigin()
			}
			deliveries := 3 // from any record on
			if name == "unguarded" {
				deliveries = 1 // the next would go back through older states
			}
			for from := range deliveries {
				u := sink.NewUnit()
				for n := from; n < len(swaps); n++ {
					b := u.Begin(origins[n])
					swaps[n](b, users)
					if err := b.End(nil); err != nil {
						t.Fatal(err)
					}
				}
				if err := u.Commit(t.Context(), nil); err != nil {
					t.Fatalf("%s, from %d: %v", name, from, err)
				}
				var got []cell[string]
				query := "SELECT id, v FROM users WHERE gone IS NULL AND v <> '-' ORDER BY id"
				if err := pool.SelectContext(t.Context(), &got, query); err != nil || !slices.Equal(got, []cell[string]{{"a", "2"}, {"b", "1"}, {"z", "3"}}) {
					t.Errorf("%s, from %d: the table holds %v, %v", name, from, got, err)
				}
			}
		}
	})
}

// swaps are records after which a and b have each other's values, and z the one of a row that is gone.
var swaps = []func(b *sink.Batch, users sink.Target[cell[string]]){
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Upsert(b, cell[string]{"a", "1"}) },
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Upsert(b, cell[string]{"b", "2"}) },
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Upsert(b, cell[string]{"c", "3"}) },
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Upsert(b, cell[string]{"b", "free"}) },
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Upsert(b, cell[string]{"a", "2"}) },
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Upsert(b, cell[string]{"b", "1"}) },
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Upsert(b, cell[string]{"c", "-"}) },
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Delete(b, cell[string]{ID: "c"}) },
	func(b *sink.Batch, users sink.Target[cell[string]]) { users.Upsert(b, cell[string]{"z", "3"}) },
}
