package e2e

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// TestConcurrentColdStartsAddWhatIsMissing: several functions start at once, and all of them find the database as they need it.
func TestConcurrentColdStartsAddWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, d := range drivers {
		t.Run(d.engine+"/"+d.driver, func(t *testing.T) {
			t.Parallel()
			e := servers.For(t, d.engine)
			pool := e.OpenWith(t, d.driver)
			dialect := evolving(t, pool).Dialect()
			execute(t, pool, "CREATE TABLE orders (id "+keyType(dialect)+" PRIMARY KEY, old VARCHAR(9))")
			execute(t, pool, "INSERT INTO orders (id, old) VALUES ('before', 'kept')")
			const functions = 8
			started := make(chan error, functions)
			for range functions {
				db := evolving(t, e.OpenWith(t, d.driver))
				table[cell[string]](t, db, "orders")
				table[cell[string]](t, db, "orders", sqlsink.SoftDelete("gone", "seq"))
				go func() { started <- db.Preflight(t.Context()) }()
			}
			for range functions {
				if err := <-started; err != nil {
					t.Error(err)
				}
			}
			db := evolving(t, pool)
			orders := table[cell[string]](t, db, "orders")
			stageOne(t, func(b *sink.Batch) {
				orders.Upsert(b, cell[string]{"after", "v"})
				orders.Delete(b, cell[string]{ID: "nothing"})
			})
			var got []sql.NullString
			if err := pool.SelectContext(t.Context(), &got, "SELECT old FROM orders WHERE v IS NULL UNION ALL SELECT v FROM orders WHERE id = 'after'"); err != nil ||
				len(got) != 2 || got[0].String != "kept" || got[1].String != "v" {
				t.Errorf("the table holds %v, %v", got, err)
			}
		})
	}
}

func evolving(t *testing.T, pool *sqlx.DB) *sqlsink.DB {
	t.Helper()
	db, err := sqlsink.New(pool, sqlsink.Evolve(sqlsink.AddColumns), sqlsink.FunctionsUsed())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestEvolutionChangesNothingElse: columns that it could add are added, and the rest is left to be mended.
func TestEvolutionChangesNothingElse(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, _ *sqlsink.DB) {
		db := evolving(t, pool)
		execute(t, pool, "CREATE TABLE orders (id "+keyType(db.Dialect())+" PRIMARY KEY, n VARCHAR(9), other INT NOT NULL)")
		table[versioned[int64]](t, db, "orders", sqlsink.Unguarded())
		table[plainKey](t, db, "absent", sqlsink.Unguarded())
		found := problemsOf(t, db)
		var got []string
		for _, p := range found.Problems {
			got = append(got, strings.TrimSuffix(p.Table+" "+p.Column, " "))
		}
		if want := "orders n,orders other,absent"; strings.Join(got, ",") != want {
			t.Errorf("left: %v, want %s", got, want)
		}
	})
}

// TestEvolutionWithoutTheRightToIt says why a column could not be added.
func TestEvolutionWithoutTheRightToIt(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"postgres", "mariadb", "mysql"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			_, pool, _ := stranger(t, engine)
			db := evolving(t, pool)
			table[struct {
				ID  string `db:"id,key"`
				New string `db:"gained"`
			}](t, db, "orders", sqlsink.Unguarded())
			err := db.Preflight(t.Context())
			if err == nil || !strings.Contains(err.Error(), "column gained: it is missing, and cannot be added (sqlsink: evolve orders: ") {
				t.Error(err)
			}
		})
	}
}
