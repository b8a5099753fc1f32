package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
)

// withParameters adds to a data source name, which has some already.
func withParameters(dsn, parameters string) string {
	if strings.Contains(dsn, "?") {
		return dsn + "&" + parameters
	}
	return dsn + "?" + parameters
}

// batches writes, changes and removes guarded rows on a connection that has NoSessionState, by batches that have a deadline.
func batches(t *testing.T, pool *sqlx.DB, opts ...sqlsink.Option) error {
	t.Helper()
	db, err := sqlsink.New(pool, append(opts, sqlsink.NoSessionState())...)
	if err != nil {
		t.Fatal(err)
	}
	cells := table[cell[int]](t, db, "c")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var errs []error
	for i := range 3 {
		errs = append(errs, sinktest.Stage(ctx, func(_ context.Context, b *sink.Batch) error {
			cells.Upsert(b, cell[int]{"a", i})
			cells.Upsert(b, cell[int]{"b", i})
			cells.Delete(b, cell[int]{ID: "c"})
			return nil
		}))
	}
	return errors.Join(errs...)
}

// TestNoSessionStateOfPostgreSQL: no statement is left prepared, and nothing set.
func TestNoSessionStateOfPostgreSQL(t *testing.T) {
	t.Parallel()
	for _, driver := range []string{"pgx", "postgres"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			e := servers.For(t, "postgres")
			direct := e.Open(t)
			newDB(t, direct)
			execute(t, direct, "CREATE TABLE c (id TEXT PRIMARY KEY, v INT, stream_sequence CHAR(40))")
			proxy := wire.New(t, e.Addr)
			e = e.Via(t, proxy.Addr())
			var opts []sqlsink.Option
			if driver == "pgx" {
				e.DSN, opts = withParameters(e.DSN, "default_query_exec_mode=exec"), append(opts, pgxwire.Pipeline())
			}
			pool := e.OpenWith(t, driver)
			pool.SetMaxOpenConns(1)
			var shots []*wire.Shot
			for _, text := range []string{"SET LOCAL", "SET SESSION", "SET TRANSACTION", "set_config", "PREPARE", "DISCARD"} {
				shots = append(shots, proxy.CutNext(wire.Before(wire.Text(text))))
			}
			if err := batches(t, pool, opts...); err != nil {
				t.Error(err)
			}
			for i, s := range shots {
				if s.Hit() {
					t.Errorf("text %d was sent", i)
				}
			}
			proxy.Clear()
			var prepared int
			if err := pool.GetContext(t.Context(), &prepared, "SELECT COUNT(*) FROM pg_prepared_statements"); err != nil || prepared != 0 {
				t.Errorf("%d statements are left prepared, error %v", prepared, err)
			}
		})
	}
}

// TestNoSessionStateOfMySQL: nothing is set and nothing prepared.
func TestNoSessionStateOfMySQL(t *testing.T) {
	t.Parallel()
	for engine, isolation := range map[string]string{"mysql": "transaction_isolation", "mariadb": "tx_isolation"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := servers.For(t, engine)
			direct := e.Open(t)
			newDB(t, direct)
			execute(t, direct, "CREATE TABLE c (id VARBINARY(512) PRIMARY KEY, v INT, stream_sequence CHAR(40))")
			if err := batches(t, direct); err == nil || !strings.Contains(err.Error(), "add "+isolation+"=%27READ-COMMITTED%27") {
				t.Errorf("without the isolation level: %v", err)
			}
			e.DSN = withParameters(e.DSN, "interpolateParams=true&"+isolation+"=%27READ-COMMITTED%27")
			pool := e.Open(t)
			pool.SetMaxOpenConns(1)
			before := commands(t, pool)
			if err := batches(t, pool); err != nil {
				t.Error(err)
			}
			if after := commands(t, pool); after != before {
				t.Errorf("SET and PREPARE: %v, then %v", before, after)
			}
		})
	}
}

// commands counts what a session has executed that pins it.
func commands(t *testing.T, pool *sqlx.DB) (n [2]int) {
	t.Helper()
	for i, name := range []string{"Com_set_option", "Com_stmt_prepare"} {
		var found string
		if err := pool.QueryRowContext(t.Context(), "SHOW SESSION STATUS LIKE '"+name+"'").Scan(&found, &n[i]); err != nil {
			t.Fatal(err)
		}
	}
	return n
}
