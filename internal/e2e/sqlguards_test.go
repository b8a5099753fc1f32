package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// versioned is a row with a version of the item, as V says.
type versioned[V any] struct {
	ID string `db:"id,key"`
	N  V      `db:"n"`
	T  string `db:"t"`
}

func TestGuardVersion(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		// Neighbours that are one number to a float.
		testVersions(t, pool, db, "BIGINT", []int64{9, 10, 1<<53 + 1, 1<<53 + 2, 1<<62 + 1, 1<<62 + 2})
		testVersions(t, pool, db, "BIGINT", []number{"9", "10", "9007199254740993", "9007199254740994"})
		if db.Dialect() != sqlsink.SQLite { // which has no exact number of that size
			testVersions(t, pool, db, oneOf(db.Dialect(), "NUMERIC", "DECIMAL(40)", ""), []number{
				"9", "10", "18446744073709551616", "18446744073709551617", number(digits38), number(strings.Repeat("9", 39) + "8"), number(strings.Repeat("9", 40)),
			})
		}
	})
}

// testVersions applies neighbouring versions in the wrong order: each must win over the one before it, by one.
func testVersions[V any](t *testing.T, pool *sqlx.DB, db *sqlsink.DB, columnType string, versions []V) {
	t.Helper()
	name := fmt.Sprint("versions", len(versions))
	execute(t, pool, "CREATE TABLE "+name+" (id "+keyType(db.Dialect())+" PRIMARY KEY, n "+columnType+", t VARCHAR(9))")
	target := table[versioned[V]](t, db, name, sqlsink.GuardVersion("n"))
	has := func() []string {
		var got []string
		if err := pool.SelectContext(t.Context(), &got, "SELECT t FROM "+name); err != nil {
			t.Fatal(err)
		}
		return got
	}
	deliver := func(version V, remove bool, want ...string) {
		row := versioned[V]{"a", version, fmt.Sprint(len(want), remove)}
		stageOne(t, func(b *sink.Batch) {
			if remove {
				target.Delete(b, row)
			} else {
				target.Upsert(b, row)
			}
		})
		if got := has(); !slices.Equal(got, want) {
			t.Errorf("%s: version %v, delete %v: the table holds %v, want %v", name, version, remove, got, want)
		}
	}
	for i := 1; i < len(versions); i++ {
		older, newer := versions[i-1], versions[i]
		deliver(newer, false, "1 false")
		deliver(older, true, "1 false")
		deliver(older, false, "1 false")
		deliver(newer, true)
		deliver(older, false)
	}
}

func TestGuardVersionRefusesWhatIsNoVersion(t *testing.T) {
	t.Parallel()
	db := newDB(t, servers.For(t, "sqlite").Open(t))
	for _, version := range []any{-1, 1.5, "x", nil, "", strings.Repeat("9", 41), 1e300} {
		target := table[versioned[any]](t, db, "t", sqlsink.GuardVersion("n"))
		if err := staging(t, func(b *sink.Batch) { target.Upsert(b, versioned[any]{"a", version, ""}) }); !sink.IsPermanent(err) {
			t.Errorf("version %v: %v", version, err)
		}
	}
}

// odd has columns that need quoting everywhere.
type odd struct {
	ID    string `db:"Mixed Case,key"`
	Order int    `db:"order,key"`
	A     string `db:"select"`
	B     string `db:"a.b"`
	C     string `db:"quo\"te"`
	D     string "db:\"back`tick\""
	E     string `db:"what?$1%s"`
}

func TestOddIdentifiers(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		d := db.Dialect()
		var schema string
		if err := pool.GetContext(t.Context(), &schema, oneOf(d, "SELECT current_schema()", "SELECT DATABASE()", "SELECT 'main'")); err != nil {
			t.Fatal(err)
		}
		quote := func(name string) string {
			q := oneOf(d, `"`, "`", `"`)
			return q + strings.ReplaceAll(name, q, q+q) + q
		}
		var columns []string
		for _, c := range []string{"select", "a.b", `quo"te`, "back`tick", "what?$1%s", "The Guard", "Gone At"} {
			columns = append(columns, quote(c)+" "+oneOf(d, "VARCHAR(40)", "VARCHAR(40)", "TEXT"))
		}
		columns[len(columns)-1] = quote("Gone At") + " TIMESTAMP NULL"
		for _, name := range []string{"Table", "group by"} {
			execute(t, pool, "CREATE TABLE "+quote(schema)+"."+quote(name)+" ("+quote("Mixed Case")+" "+keyType(d)+", "+quote("order")+" INT, "+
				strings.Join(columns, ", ")+", PRIMARY KEY ("+quote("Mixed Case")+", "+quote("order")+"))")
		}
		targets := []*sqlsink.Table[odd]{
			table[odd](t, db, schema+".Table", sqlsink.Tombstones("The Guard")),
			table[odd](t, db, "group by", sqlsink.SoftDelete("Gone At", "The Guard")),
		}
		if err := db.Preflight(t.Context()); err != nil {
			t.Fatal(err)
		}
		row := odd{"k", 1, "a", "b", "c", "d", "e"}
		for _, target := range targets {
			deliver := func(sequence string, stage func(*sink.Batch, odd), row odd) {
				err := sinktest.StageAs(t.Context(), sink.Origin{Sequence: sequence}, func(_ context.Context, b *sink.Batch) error {
					stage(b, row)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			deliver("2", target.Upsert, row)
			deliver("1", target.Delete, row)
			deliver("3", target.Upsert, odd{ID: "k", Order: 2})
			deliver("4", target.Delete, odd{ID: "k", Order: 2})
		}
		var got odd
		if err := pool.Unsafe().GetContext(t.Context(), &got, "SELECT * FROM "+quote(schema)+"."+quote("Table")); err != nil || got != row {
			t.Errorf("read back %+v, %v", got, err)
		}
	})
}

// TestAMovedRowDoesNotCollideWithItself: a change of the row's key with a unique column that stays, staged by one record.
func TestAMovedRowDoesNotCollideWithItself(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE users (id "+keyType(db.Dialect())+" PRIMARY KEY, v VARCHAR(99) UNIQUE, stream_sequence CHAR(40))")
		for _, option := range []sqlsink.TableOption{sqlsink.Tombstones(""), sqlsink.Unguarded()} {
			target := table[cell[string]](t, db, "users", option)
			stageOne(t, func(b *sink.Batch) { target.Upsert(b, cell[string]{"a", "mail"}) })
			stageOne(t, func(b *sink.Batch) {
				target.Delete(b, cell[string]{ID: "a"})
				target.Upsert(b, cell[string]{"b", "mail"})
			})
			stageOne(t, func(b *sink.Batch) { target.Delete(b, cell[string]{ID: "b"}) })
		}
	})
}

func TestNULLGuardsAreOlderThanAnyChange(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE live (id "+keyType(db.Dialect())+" PRIMARY KEY, v INT, stream_sequence CHAR(40))")
		execute(t, pool, "INSERT INTO live (id, v) VALUES ('a', 0), ('b', 0)")
		target := table[cell[int]](t, db, "live")
		stageOne(t, func(b *sink.Batch) {
			target.Upsert(b, cell[int]{"a", 1})
			target.Delete(b, cell[int]{ID: "b"})
		})
		var got []cell[int]
		if err := pool.SelectContext(t.Context(), &got, "SELECT id, v FROM live"); err != nil || !slices.Equal(got, []cell[int]{{"a", 1}}) {
			t.Errorf("the table holds %v, %v", got, err)
		}
	})
}

// TestPreflightRefusesACarelessMode: without a strict mode MySQL cuts what does not fit.
func TestPreflightRefusesACarelessMode(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"mariadb", "mysql"} {
		e := servers.For(t, engine)
		for mode, refused := range map[string]bool{"NO_ENGINE_SUBSTITUTION": true, "TRADITIONAL": false} {
			careless := e
			careless.DSN += "&sql_mode=%27" + mode + "%27"
			db := newDB(t, careless.Open(t))
			err := db.Preflight(t.Context())
			if (err != nil) != refused || refused && !strings.Contains(err.Error(), "sql_mode") {
				t.Errorf("%s, %s: %v", engine, mode, err)
			}
		}
	}
}
