package e2e

import (
	"context"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
	"github.com/jmoiron/sqlx"
)

func TestMain(m *testing.M) { servers.Main(m) }

// itemRow is the row of the conformance suite.
type itemRow struct {
	ID      string `db:"id,key"`
	Version int    `db:"version"`
	Short   string `db:"short"` // the column refuses more than ten characters
}

// guardCase is one way to guard the table of the conformance suite.
type guardCase struct {
	name    string
	guarded bool
	columns string // what the table has beside the row type's columns
	live    string // condition of rows that readers see
	option  sqlsink.TableOption
}

var guardCases = []guardCase{
	{"tombstones", true, ", stream_sequence CHAR(40)", "1 = 1", sqlsink.Tombstones("")},
	{"soft delete", true, ", stream_sequence CHAR(40), deleted_at TIMESTAMP NULL", "deleted_at IS NULL", sqlsink.SoftDelete("deleted_at", "")},
	{"unguarded", false, "", "1 = 1", sqlsink.Unguarded()},
}

func TestConformance(t *testing.T) {
	for _, name := range servers.Names() {
		for _, g := range guardCases {
			t.Run(name+"/"+g.name, func(t *testing.T) {
				t.Parallel()
				sinktest.Run(t, sinktest.Config[itemRow]{
					Features: sinktest.Features{Transactional: true, Guarded: g.guarded},
					New:      func(t *testing.T) sinktest.Subject[itemRow] { return newItems(t, name, g) },
				})
			})
		}
	}
}

func newItems(t *testing.T, engine string, g guardCase) sinktest.Subject[itemRow] {
	e := servers.For(t, engine)
	return itemsIn(t, e.Open(t), g)
}

func itemsIn(t *testing.T, pool *sqlx.DB, g guardCase) sinktest.Subject[itemRow] {
	t.Helper()
	db := newDB(t, pool)
	execute(t, pool, "CREATE TABLE items (id "+keyType(db.Dialect())+" NOT NULL PRIMARY KEY, version INT, short "+
		shortType(db.Dialect())+g.columns+")")
	items, err := sqlsink.NewTable[itemRow](db, "items", g.option)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Preflight(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sinktest.Subject[itemRow]{
		Target: items,
		Rows: func(ctx context.Context) (rows []itemRow, err error) {
			return rows, pool.SelectContext(ctx, &rows, "SELECT id, version, short FROM items WHERE "+g.live)
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

// newDB makes a sink of a pool and creates the library's own tables.
func newDB(t *testing.T, pool *sqlx.DB, opts ...sqlsink.Option) *sqlsink.DB {
	t.Helper()
	if pool.DriverName() == "pgx" {
		opts = append(opts, pgxwire.Pipeline())
	}
	db, err := sqlsink.New(pool, opts...)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range db.DDL() {
		execute(t, pool, statement)
	}
	return db
}

func execute(t *testing.T, pool *sqlx.DB, statement string) {
	t.Helper()
	if _, err := pool.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// keyType is a text type in which keys that differ in case or trailing spaces stay different.
func keyType(d sqlsink.Dialect) string {
	if d == sqlsink.MySQL {
		return "VARBINARY(512)"
	}
	return "TEXT"
}

// shortType refuses more than ten characters.
func shortType(d sqlsink.Dialect) string {
	if d == sqlsink.SQLite {
		return "TEXT CHECK (length(short) <= 10)"
	}
	return "VARCHAR(10)"
}
