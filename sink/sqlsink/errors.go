package sqlsink

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dynasink/dynasink/internal/sqlcode"
	"github.com/dynasink/dynasink/sink"
)

// Error is a failure of the database. Its text holds no values of rows unless [ValuesInErrors] is set; the driver's own
// error is in its chain.
type Error struct {
	Doing    string // what was being done: "upsert into orders"
	SQLState string // five characters, "" if the engine gave none: https://www.postgresql.org/docs/current/errcodes-appendix.html
	Number   int    // MySQL's error number or SQLite's result code, 0 for others
	Err      error
	text     string
}

func (e *Error) Error() string { return "sqlsink: " + e.Doing + ": " + e.text }
func (e *Error) Unwrap() error { return e.Err }

// wrap describes err and marks it: data and constraint errors are permanent, lost connections, deadlocks, time-outs and
// failovers transient. What is neither (a missing column, a privilege) stays unmarked.
func (s *store) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Doing: doing, Err: err, text: err.Error()}
	e.SQLState, e.Number = sqlcode.Of(err)
	if !s.values {
		e.text = e.redacted()
	}
	switch s.classify(e) {
	case permanent:
		return sink.Permanent(e)
	case transient:
		return sink.Transient(e)
	}
	return e
}

// redacted is the driver's text without values. What a trigger or a function of the user's own raises may say anything, so
// only its code stays: https://www.postgresql.org/docs/current/plpgsql-errors-and-messages.html
// https://dev.mysql.com/doc/refman/8.4/en/signal.html
func (e *Error) redacted() string {
	if e.SQLState == "P0001" || e.SQLState == "45000" {
		return "raised by a trigger or function (SQLSTATE " + e.SQLState + ")"
	}
	return redact(e.text)
}

// commitError describes a failed commit. The engine's own refusal means that nothing was committed; anything else leaves
// that open.
func (s *store) commitError(err error) error {
	state, number := sqlcode.Of(err)
	switch {
	case rolledBack(err):
		return fmt.Errorf("sqlsink: commit: an SQL error before it, which a function of the user's own ignored, has ended the transaction: %w", err)
	case refused(s.dialect, state, number):
		return s.wrap("commit", err)
	}
	return s.uncertain(err)
}

// uncertain describes a failure after which the commit may have happened.
func (s *store) uncertain(err error) error {
	e := &Error{Doing: "commit (it may have happened)", Err: err, text: err.Error()}
	e.SQLState, e.Number = sqlcode.Of(err)
	if !s.values {
		e.text = e.redacted()
	}
	return sink.Uncertain(e)
}

// rolledBack reports what PostgreSQL's drivers say when they asked for a commit and got a rollback.
func rolledBack(err error) bool {
	text := err.Error()
	return strings.Contains(text, "commit unexpectedly resulted in rollback") || strings.Contains(text, "in a failed transaction")
}

// refused reports whether an engine's error at commit means that nothing was committed. One that ends the connection does
// not: it may come between the commit and its answer.
func refused(d Dialect, state string, number int) bool {
	switch d {
	case PostgreSQL:
		return state != "" && state != "40003" && !slices.Contains([]string{"08", "57", "58", "XX"}, state[:2])
	case MySQL:
		ends := []int{1047, 1053, 1077, 1079, 1080, 1105, 1152, 1158, 1159, 1160, 1161, 1180, 1184, 1317, 1927, 2002, 2003, 2006, 2013}
		const proxies = 9000 // numbers from there on are not the server's own
		return number != 0 && number < proxies && !slices.Contains(ends, number)
	}
	const ioError = 10
	return number != 0 && number&0xff != ioError
}

func notAStruct(t reflect.Type) error {
	return fmt.Errorf("sqlsink: a row type is a struct with db tags, not %v", t)
}
