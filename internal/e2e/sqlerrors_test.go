package e2e

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// marker is the value of every refused row: no error may repeat it.
const marker = "SECRET-77"

// strictRow is a row of a table that refuses much.
type strictRow struct {
	ID     string `db:"id,key"`
	Must   any    `db:"must"`
	Short  any    `db:"short"`
	Number any    `db:"number"`
	Small  any    `db:"small"`
	Doc    any    `db:"doc"`
	Parent any    `db:"parent"`
	Alone  any    `db:"alone"`
	Moment any    `db:"moment"`
}

func fine(id string) strictRow { return strictRow{ID: id, Must: "m", Small: 1, Alone: id} }

func createStrict(t *testing.T, pool *sqlx.DB, d sqlsink.Dialect) {
	t.Helper()
	id := keyType(d)
	execute(t, pool, "CREATE TABLE parents (id "+id+" PRIMARY KEY)")
	execute(t, pool, "CREATE TABLE strict (id "+id+" PRIMARY KEY, must VARCHAR(99) NOT NULL, "+
		oneOf(d, "short VARCHAR(5), number NUMERIC(10,2), doc JSONB", "short VARCHAR(5), number DECIMAL(10,2), doc JSON",
			"short TEXT CHECK (length(short) <= 5), number NUMERIC CHECK (typeof(number) <> 'text'), doc TEXT CHECK (doc IS NULL OR json_valid(doc))")+
		", small INT, alone VARCHAR(99), moment "+oneOf(d, "TIMESTAMPTZ", "DATETIME", "TEXT")+
		", parent "+id+", CONSTRAINT small_is_small CHECK (small < 100), CONSTRAINT one_alone UNIQUE (alone), CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parents (id))")
	if d == sqlsink.SQLite {
		pool.SetMaxOpenConns(1) // the next statement is about the connection
		execute(t, pool, "PRAGMA foreign_keys = ON")
	}
}

// TestRefusedValuesArePermanent provokes what data can do wrong.
func TestRefusedValuesArePermanent(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		change func(*strictRow)
		unless sqlsink.Dialect
	}{
		{"not null", func(r *strictRow) { r.Must = nil; r.Alone = marker }, 0},
		{"too long", func(r *strictRow) { r.Short = marker }, 0},
		{"not a number", func(r *strictRow) { r.Number = marker }, 0},
		{"out of range", func(r *strictRow) { r.Number = "123456789012.5" }, sqlsink.SQLite},
		{"check", func(r *strictRow) { r.Small = 777777 }, 0},
		{"foreign key", func(r *strictRow) { r.Parent = marker }, 0},
		{"not JSON", func(r *strictRow) { r.Doc = `{"a": ` + marker }, 0},
		{"not a time", func(r *strictRow) { r.Moment = marker }, sqlsink.SQLite},
		{"secondary unique index", func(r *strictRow) { r.Alone = marker + " taken" }, 0},
		{"NUL in text", func(r *strictRow) { r.Must = marker + "\x00" }, 0},
		{"NUL in JSON", func(r *strictRow) { r.Doc = map[string]string{"a": marker + "\x00"} }, 0},
		{"not finite", func(r *strictRow) { r.Number = math.NaN() }, sqlsink.PostgreSQL},
		{"a type that is no column", func(r *strictRow) { r.Must = make(chan int) }, 0},
	}
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		d := db.Dialect()
		createStrict(t, pool, d)
		target := table[strictRow](t, db, "strict", sqlsink.Unguarded())
		stageOne(t, func(b *sink.Batch) {
			taken := fine("taken")
			taken.Alone = marker + " taken"
			target.Upsert(b, taken)
		})
		for _, c := range cases {
			row := fine("x")
			c.change(&row)
			err := staging(t, func(b *sink.Batch) { target.Upsert(b, row) })
			nul := strings.HasPrefix(c.name, "NUL") && d != sqlsink.PostgreSQL // the others keep it
			if c.unless == d || nul {
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				var must []byte
				if e := pool.GetContext(t.Context(), &must, "SELECT must FROM strict WHERE id = 'x'"); nul && c.name == "NUL in text" && string(must) != marker+"\x00" {
					t.Errorf("%s: read back %q, %v", c.name, must, e)
				}
				continue
			}
			if !sink.IsPermanent(err) {
				t.Errorf("%s: want a permanent error, got %v", c.name, err)
			}
			if err != nil && (strings.Contains(err.Error(), marker) || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "777777")) {
				t.Errorf("%s: the error repeats the value: %v", c.name, err)
			}
			var known *sqlsink.Error
			if errors.As(err, &known) && known.SQLState == "" && known.Number == 0 && !strings.Contains(err.Error(), "encode") {
				t.Errorf("%s: no code in %#v", c.name, known)
			}
		}
		var left string
		if err := pool.GetContext(t.Context(), &left, "SELECT alone FROM strict WHERE id = 'taken'"); err != nil || left != marker+" taken" {
			t.Errorf("the row that was there has changed: %q, %v", left, err)
		}
	})
}

// TestASchemaErrorIsUnmarked has nothing that a retry or a dead letter would mend.
func TestASchemaErrorIsUnmarked(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE cells (id "+keyType(db.Dialect())+" PRIMARY KEY)")
		for name, want := range map[string][3]string{"cells": {"42703", "1054", "1"}, "nothing": {"42P01", "1146", "1"}} {
			target := table[cell[string]](t, db, name, sqlsink.Unguarded())
			err := staging(t, func(b *sink.Batch) { target.Upsert(b, cell[string]{"a", marker}) })
			var known *sqlsink.Error
			if !errors.As(err, &known) || sink.IsPermanent(err) || sink.IsTransient(err) || sink.IsUncertain(err) {
				t.Fatalf("%s: want an unmarked error, got %v", name, err)
			}
			code := oneOf(db.Dialect(), known.SQLState, fmt.Sprint(known.Number), fmt.Sprint(known.Number))
			if code != oneOf(db.Dialect(), want[0], want[1], want[2]) || strings.Contains(err.Error(), marker) {
				t.Errorf("%s: code %s in %v", name, code, err)
			}
		}
		missing := table[cell[string]](t, db, "cells", sqlsink.Unguarded())
		if err := staging(t, func(b *sink.Batch) { missing.Delete(b, cell[string]{ID: "a"}) }); err != nil {
			t.Errorf("a delete needs the key column only: %v", err)
		}
	})
}

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
						if err := run("UPDATE c SET v = v + 1 WHERE id = '"+ids[0]+"'")(ctx, tx); err != nil {
							return err
						}
						close(locked[i])
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
