package sqlsink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

// fake is a driver that records what is executed and fails where a test tells it to.
type fake struct {
	mu    sync.Mutex
	log   []string                           // statements, BEGIN, COMMIT, ROLLBACK
	fail  map[string]error                   // by a part of the statement
	rows  map[string][][]driver.Value        // results by a part of the statement
	query func(text string) [][]driver.Value // results of the rest; nil: none
	texts bool                               // takes several statements in one text
	panic string                             // the statement, or a part of it, that it panics at
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, f.note("CONNECT") }
func (f *fake) Driver() driver.Driver                        { return nil }

// note records a statement and returns the error that the test wants.
func (f *fake) note(text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case strings.HasPrefix(text, "SELECT @@max_allowed_packet"): // asked with the other one
	case text == "DO 0; DO 0" && !f.texts:
		return &MySQLError{Number: 1064}
	case text != "CONNECT" && text != "DO 0; DO 0":
		f.log = append(f.log, text)
	}
	for part, err := range f.fail {
		if strings.Contains(text, part) {
			return err
		}
	}
	return nil
}

func (f *fake) committed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.log) > 0 && f.log[len(f.log)-1] == "COMMIT"
}

func (f *fake) results(text string) [][]driver.Value {
	for part, rows := range f.rows {
		if strings.Contains(text, part) {
			return rows
		}
	}
	if f.query != nil {
		return f.query(text)
	}
	return nil
}

type fakeConn struct{ f *fake }

func (c fakeConn) Prepare(text string) (driver.Stmt, error) { return fakeStmt{c.f, text}, nil }
func (c fakeConn) Close() error                             { return nil }
func (c fakeConn) Begin() (driver.Tx, error)                { return fakeTx(c), c.f.note("BEGIN") }
func (c fakeConn) BeginTx(_ context.Context, o driver.TxOptions) (driver.Tx, error) {
	return fakeTx(c), c.f.note("BEGIN " + sql.IsolationLevel(o.Isolation).String())
}

type fakeTx struct{ f *fake }

func (t fakeTx) Commit() error {
	if t.f.committed() { // by a statement: there is nothing left
		return nil
	}
	return t.f.note("COMMIT")
}
func (t fakeTx) Rollback() error { return t.f.note("ROLLBACK") }

type fakeStmt struct {
	f    *fake
	text string
}

func (s fakeStmt) Close() error  { return nil }
func (s fakeStmt) NumInput() int { return -1 }
func (s fakeStmt) Exec(args []driver.Value) (driver.Result, error) {
	if s.f.panic != "" && strings.Contains(s.text, s.f.panic) {
		panic("the driver")
	}
	return driver.RowsAffected(len(args)), s.f.note(s.text)
}
func (s fakeStmt) Query([]driver.Value) (driver.Rows, error) {
	return &fakeRows{s.f.results(s.text)}, s.f.note(s.text)
}

type fakeRows struct{ left [][]driver.Value }

func (r *fakeRows) Columns() []string {
	if len(r.left) == 0 {
		return []string{"a", "b"}
	}
	return make([]string, len(r.left[0]))
}
func (r *fakeRows) Close() error { return nil }
func (r *fakeRows) Next(dest []driver.Value) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	copy(dest, r.left[0])
	r.left = r.left[1:]
	return nil
}

// open makes a DB of the fake.
func (f *fake) open(t testing.TB, d Dialect, opts ...Option) *DB {
	t.Helper()
	pool := sqlx.NewDb(sql.OpenDB(f), "fake")
	t.Cleanup(func() { pool.Close() })
	db, err := New(pool, append([]Option{WithDialect(d)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// statements returns what was executed since the last call.
func (f *fake) statements() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() { f.log = nil }()
	return strings.Join(f.log, "\n")
}

// stage runs one handler and commits.
func stage(t testing.TB, handler func(b *sink.Batch)) error {
	t.Helper()
	u := sink.NewUnit()
	b := u.Begin(sink.Origin{Source: "arn", EventID: "event", Sequence: "7"})
	handler(b)
	if err := b.End(nil); err != nil {
		return err
	}
	return u.Commit(t.Context(), nil)
}

func mustTable[R any](t testing.TB, db *DB, name string, opts ...TableOption) *Table[R] {
	t.Helper()
	table, err := NewTable[R](db, name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// pgError is what pgx and lib/pq return, mysqlError looks like go-sql-driver's, mattnError like mattn's.
type pgError string

func (e pgError) Error() string    { return "ERROR: something (SQLSTATE " + string(e) + ")" }
func (e pgError) SQLState() string { return string(e) }

// MySQLError is named and shaped like go-sql-driver's.
type MySQLError struct {
	Number   uint16
	SQLState [5]byte
	Message  string
}

func (e *MySQLError) Error() string { return fmt.Sprintf("Error %d: %s", e.Number, e.Message) }

type mattnError struct {
	Code         int
	ExtendedCode int
}

func (e mattnError) Error() string { return "sqlite" }

type moderncError int

func (e moderncError) Error() string { return "sqlite" }
func (e moderncError) Code() int     { return int(e) }

var errPlain = errors.New("plain")
