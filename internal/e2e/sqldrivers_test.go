package e2e

import (
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq"           // the driver "postgres"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

// drivers are all ways to an engine: the first of an engine is the one that servers.Engine.Open takes.
var drivers = []struct{ engine, driver string }{
	{"sqlite", "sqlite"}, {"sqlite", "sqlite3"}, {"postgres", "pgx"}, {"postgres", "postgres"}, {"mariadb", "mysql"}, {"mysql", "mysql"},
}

// eachDriver runs fn in parallel subtests with an empty database behind every driver.
func eachDriver(t *testing.T, fn func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB)) {
	t.Helper()
	for _, d := range drivers {
		t.Run(d.engine+"/"+d.driver, func(t *testing.T) {
			t.Parallel()
			pool := servers.For(t, d.engine).OpenWith(t, d.driver)
			fn(t, pool, newDB(t, pool))
		})
	}
}

// eachEngine is eachDriver with one driver per engine.
func eachEngine(t *testing.T, fn func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB)) {
	t.Helper()
	for _, name := range servers.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := servers.For(t, name).Open(t)
			fn(t, pool, newDB(t, pool))
		})
	}
}

// TestConformanceOfOtherDrivers runs the suite through the drivers that TestConformance leaves out.
func TestConformanceOfOtherDrivers(t *testing.T) {
	t.Parallel()
	for engine, driver := range map[string]string{"sqlite": "sqlite3", "postgres": "postgres"} {
		for _, g := range guardCases[:2] {
			t.Run(driver+"/"+g.name, func(t *testing.T) {
				t.Parallel()
				sinktest.Run(t, sinktest.Config[itemRow]{
					Features: sinktest.Features{Transactional: true, Guarded: g.guarded},
					New: func(t *testing.T) sinktest.Subject[itemRow] {
						return itemsIn(t, servers.For(t, engine).OpenWith(t, driver), g)
					},
				})
			})
		}
	}
}

// oneOf picks the text of a dialect.
func oneOf(d sqlsink.Dialect, postgres, mysql, sqlite string) string {
	return map[sqlsink.Dialect]string{sqlsink.PostgreSQL: postgres, sqlsink.MySQL: mysql, sqlsink.SQLite: sqlite}[d]
}

// table makes a target, and fails the test where it cannot.
func table[R any](t *testing.T, db *sqlsink.DB, name string, opts ...sqlsink.TableOption) *sqlsink.Table[R] {
	t.Helper()
	target, err := sqlsink.NewTable[R](db, name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return target
}
