package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
)

// frozen is the context of an invocation that is frozen: the deadline passes, and nothing in the process notices.
type frozen struct {
	context.Context
	deadline time.Time
}

func (f frozen) Deadline() (time.Time, bool) { return f.deadline, true }

// abandon commits what stage stages, with two seconds until a deadline of which only the server can know.
func abandon(t *testing.T, stage func(b *sink.Batch)) error {
	t.Helper()
	return sinktest.Stage(frozen{t.Context(), time.Now().Add(2 * time.Second)}, func(_ context.Context, b *sink.Batch) error {
		stage(b)
		return nil
	})
}

// soon fails the test if what began then has taken longer than a server needs that was told of the deadline. By default
// they would wait for 50 seconds (MySQL's locks), for hours or for ever.
func soon(t *testing.T, begun time.Time) {
	t.Helper()
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took the server %v", took)
	}
}

// TestServersGiveUpStatements that run past the deadline. MySQL has no such time-out for what writes.
func TestServersGiveUpStatements(t *testing.T) {
	t.Parallel()
	for engine, text := range map[string]string{
		"postgres": "SELECT pg_sleep(600)",
		"mariadb":  "DELETE FROM c WHERE SLEEP(600) = 0",
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			pool := servers.For(t, engine).Open(t)
			db := newDB(t, pool)
			execute(t, pool, "CREATE TABLE c (id INT PRIMARY KEY)")
			execute(t, pool, "INSERT INTO c VALUES (1)")
			begun := time.Now()
			err := abandon(t, func(b *sink.Batch) { db.AtLeastOnce(b, run(text)) })
			if soon(t, begun); !sink.IsTransient(err) {
				t.Errorf("want a transient error, got %v", err)
			}
		})
	}
}

// TestServersGiveUpWaitingForLocks of another transaction before the deadline has passed.
func TestServersGiveUpWaitingForLocks(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE c (id "+keyType(db.Dialect())+" PRIMARY KEY, v INT)")
		execute(t, pool, "INSERT INTO c VALUES ('a', 1)")
		target := table[cell[int]](t, db, "c", sqlsink.Unguarded())
		holder, err := pool.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer holder.Rollback()
		if _, err := holder.ExecContext(t.Context(), "UPDATE c SET v = 2"); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		err = abandon(t, func(b *sink.Batch) { target.Upsert(b, cell[int]{"a", 3}) })
		if soon(t, begun); !sink.IsTransient(err) {
			t.Errorf("want a transient error, got %v", err)
		}
	})
}

// TestServersGiveUpIdleTransactions whose client says nothing more, and free their locks.
func TestServersGiveUpIdleTransactions(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, engine, driver string) {
		pool := servers.For(t, engine).OpenWith(t, driver)
		db := newDB(t, pool)
		execute(t, pool, "CREATE TABLE c (id INT PRIMARY KEY, v INT)")
		execute(t, pool, "INSERT INTO c VALUES (1, 1)")
		begun := time.Now()
		err := abandon(t, func(b *sink.Batch) {
			db.AtLeastOnce(b, func(ctx context.Context, tx *sqlx.Tx) error {
				if err := run("UPDATE c SET v = 2")(ctx, tx); err != nil {
					return err
				}
				_, err := pool.ExecContext(t.Context(), "UPDATE c SET v = 3") // waits for the server to roll tx back
				return err
			})
		})
		if soon(t, begun); err == nil {
			t.Error("the abandoned batch was committed")
		}
		var v int
		if err := pool.GetContext(t.Context(), &v, "SELECT v FROM c"); err != nil || v != 3 {
			t.Errorf("the row says %d, error %v", v, err)
		}
	})
}

// TestNoTimeoutOutlivesItsBatch: the next user of the connection has the session's own.
func TestNoTimeoutOutlivesItsBatch(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		pool.SetMaxOpenConns(1)
		ask := oneOf(db.Dialect(),
			"SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'))",
			"SELECT CONCAT_WS(' ', @@wait_timeout, @@innodb_lock_wait_timeout)", "PRAGMA busy_timeout")
		read := func(q sqlx.QueryerContext) (s string) {
			if err := sqlx.GetContext(t.Context(), q, &s, ask); err != nil {
				t.Error(err)
			}
			return s
		}
		own := read(pool)
		for _, end := range []error{nil, errors.New("own")} {
			var during string
			err := abandon(t, func(b *sink.Batch) {
				db.AtLeastOnce(b, func(_ context.Context, tx *sqlx.Tx) error {
					during = read(tx)
					return end
				})
			})
			if !errors.Is(err, end) || during == own {
				t.Errorf("error %v, time-outs %s in the transaction", err, during)
			}
			if after := read(pool); after != own {
				t.Errorf("time-outs were %s, are %s", own, after)
			}
		}
	})
}
