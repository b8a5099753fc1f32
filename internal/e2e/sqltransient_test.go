package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// TestPassingErrorsAreTransient provokes lock time-outs, deadlocks, statement time-outs, killed connections and read-only
// transactions by functions in the sink's transaction.
func TestPassingErrorsAreTransient(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		d := db.Dialect()
		execute(t, pool, "CREATE TABLE c (id "+keyType(d)+" PRIMARY KEY, v INT)")
		execute(t, pool, "INSERT INTO c VALUES ('a', 1), ('b', 1)")
		const change = "UPDATE c SET v = v + 1 WHERE id = 'a'"
		cases := map[string][]string{
			"lock time-out":      {oneOf(d, "SET LOCAL lock_timeout = 50", "SET innodb_lock_wait_timeout = 1", "PRAGMA busy_timeout = 20"), change},
			"killed":             {oneOf(d, "SELECT pg_terminate_backend(pg_backend_pid())", "KILL CONNECTION_ID()", "")},
			"statement time-out": {oneOf(d, "SET LOCAL statement_timeout = 20", "", ""), oneOf(d, "SELECT pg_sleep(20)", "", "")},
			"read-only":          {oneOf(d, "SET TRANSACTION READ ONLY", "", ""), change},
		}
		for name, statements := range cases {
			if statements[0] == "" {
				continue
			}
			func() {
				if name == "lock time-out" {
					holder, err := pool.BeginTxx(t.Context(), nil)
					if err != nil {
						t.Fatal(err)
					}
					defer holder.Rollback()
					if _, err := holder.ExecContext(t.Context(), change); err != nil {
						t.Fatal(err)
					}
				}
				err := staging(t, func(b *sink.Batch) { db.AtLeastOnce(b, run(statements...)) })
				if !sink.IsTransient(err) || sink.IsPermanent(err) {
					t.Errorf("%s: want a transient error, got %v", name, err)
				}
			}()
		}
	})
}

func run(statements ...string) sqlsink.Function {
	return func(ctx context.Context, tx *sqlx.Tx) error {
		for _, s := range statements {
			if _, err := tx.ExecContext(ctx, tx.Rebind(s)); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestADeadlockIsTransient makes two transactions lock two rows in opposite order.
func TestADeadlockIsTransient(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		d := db.Dialect()
		if d == sqlsink.SQLite {
			t.Skip("one writer at a time")
		}
		execute(t, pool, "CREATE TABLE c (id VARCHAR(9) PRIMARY KEY, v INT)")
		execute(t, pool, "INSERT INTO c VALUES ('a', 1), ('b', 1)")
		locked := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		errs := make(chan error, 2)
		for i, ids := range [2][2]string{{"a", "b"}, {"b", "a"}} {
			go func() {
				errs <- staging(t, func(b *sink.Batch) {
					db.AtLeastOnce(b, func(ctx context.Context, tx *sqlx.Tx) error {
						err := run("UPDATE c SET v = v + 1 WHERE id = '"+ids[0]+"'")(ctx, tx)
						close(locked[i])
						if err != nil {
							return err
						}
						<-locked[1-i]
						return run("UPDATE c SET v = v + 1 WHERE id = '"+ids[1]+"'")(ctx, tx)
					})
				})
			}()
		}
		first, second := <-errs, <-errs
		if !sink.IsTransient(first) && !sink.IsTransient(second) || first != nil && second != nil {
			t.Errorf("want one transient error, got %v and %v", first, second)
		}
	})
}

// TestTheEndOfTheContextIsTransient cancels in the middle of a transaction: nothing is written, and the pool of one
// connection is free again.
func TestTheEndOfTheContextIsTransient(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		pool.SetMaxOpenConns(1)
		execute(t, pool, "CREATE TABLE c (id "+keyType(db.Dialect())+" PRIMARY KEY, v INT)")
		target := table[cell[int]](t, db, "c", sqlsink.Unguarded())
		for _, after := range []func(context.Context, *sqlx.Tx) error{run(), run("DELETE FROM c")} {
			ctx, cancel := context.WithCancel(t.Context())
			u := sink.NewUnit()
			b := u.Begin(sink.Origin{Sequence: "1", EventID: "e"})
			target.Upsert(b, cell[int]{"a", 1})
			db.AtLeastOnce(b, func(ctx context.Context, tx *sqlx.Tx) error {
				cancel()
				return after(ctx, tx)
			})
			if err := errors.Join(b.End(nil), u.Commit(ctx, nil)); !sink.IsTransient(err) || sink.IsUncertain(err) {
				t.Errorf("want a transient error, got %v", err)
			}
		}
		var n int
		if err := pool.GetContext(t.Context(), &n, "SELECT COUNT(*) FROM c"); err != nil || n != 0 {
			t.Errorf("%d rows are there, %v", n, err)
		}
	})
}

// TestErrorsOfFunctions: what a function returns is classified, its mark counts, and a value it scanned stays out.
func TestErrorsOfFunctions(t *testing.T) {
	t.Parallel()
	errOwn := errors.New("own")
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE c (id "+keyType(db.Dialect())+" PRIMARY KEY)")
		stage := func(fn sqlsink.Function) error {
			return staging(t, func(b *sink.Batch) { db.AtLeastOnce(b, fn) })
		}
		double := run("INSERT INTO c VALUES ('"+marker+"')", "INSERT INTO c VALUES ('"+marker+"')")
		if err := stage(double); !sink.IsPermanent(err) || strings.Contains(err.Error(), marker) {
			t.Errorf("a unique violation: %v", err)
		}
		if err := stage(func(context.Context, *sqlx.Tx) error { return sink.Transient(errOwn) }); !sink.IsTransient(err) || !errors.Is(err, errOwn) {
			t.Errorf("a marked error: %v", err)
		}
		plain := stage(func(context.Context, *sqlx.Tx) error { return errOwn })
		if !errors.Is(plain, errOwn) || sink.IsTransient(plain) || sink.IsPermanent(plain) {
			t.Errorf("a plain error: %v", plain)
		}
		err := stage(func(ctx context.Context, tx *sqlx.Tx) error {
			var n int
			return tx.GetContext(ctx, &n, "SELECT '"+marker+"'")
		})
		if err == nil || strings.Contains(err.Error(), marker) {
			t.Errorf("a scan error: %v", err)
		}
		err = stage(func(ctx context.Context, tx *sqlx.Tx) error {
			_ = double(ctx, tx) // ignores the error
			return nil
		})
		if db.Dialect() == sqlsink.PostgreSQL && (err == nil || sink.IsUncertain(err) || !strings.Contains(err.Error(), "ignored")) {
			t.Errorf("an ignored error: %v", err)
		}
	})
}

// TestAConnectionThatCannotBeMadeIsTransient: the server is down, or starting.
func TestAConnectionThatCannotBeMadeIsTransient(t *testing.T) {
	t.Parallel()
	for driver, dsn := range map[string]string{
		"pgx": "postgres://u@127.0.0.1:1/d?sslmode=disable", "postgres": "postgres://u@127.0.0.1:1/d?sslmode=disable", "mysql": "u@tcp(127.0.0.1:1)/d",
	} {
		pool, err := sqlx.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		db, err := sqlsink.New(pool)
		if err != nil {
			t.Fatal(err)
		}
		err = staging(t, func(b *sink.Batch) { db.AtLeastOnce(b, run()) })
		if !sink.IsTransient(err) {
			t.Errorf("%s: %v", driver, err)
		}
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		if err := db.Preflight(ctx); !sink.IsTransient(err) {
			t.Errorf("%s: Preflight: %v", driver, err)
		}
		cancel()
	}
}
