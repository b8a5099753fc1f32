package sqlsink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"syscall"

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
	e.SQLState, e.Number = codes(err)
	if !s.values {
		e.text = redact(e.text)
	}
	switch s.classify(e) {
	case permanent:
		return sink.Permanent(e)
	case transient:
		return sink.Transient(e)
	}
	return e
}

// commitError describes a failed commit. The engine's own refusal means that nothing was committed; anything else leaves
// that open.
func (s *store) commitError(err error) error {
	if state, number := codes(err); state != "" || number != 0 {
		return s.wrap("commit", err)
	}
	return sink.Uncertain(&Error{Doing: "commit (it may have happened)", Err: err, text: redact(err.Error())})
}

type class uint8

const (
	unknown class = iota
	permanent
	transient
)

func (s *store) classify(e *Error) class {
	switch {
	case disconnected(e.Err):
		return transient
	case s.dialect == SQLite:
		return classifySQLite(e.Number)
	case s.dialect == MySQL && e.Number != 0:
		return classifyMySQL(e.Number, e.SQLState)
	case e.SQLState != "":
		return classifySQLState(e.SQLState)
	case unencodable(e.Err):
		return permanent
	}
	return unknown
}

// classifySQLState follows https://www.postgresql.org/docs/current/errcodes-appendix.html
func classifySQLState(state string) class {
	switch state {
	case "25006", // read_only_sql_transaction: a writer that failed over
		"40001", "40P01", "40003", // serialization, deadlock, statement completion unknown
		"55P03", "55006", "57014", // lock not available, object in use, statement time-out
		"57P01", "57P02", "57P03", "57P05": // shutdown, crash, starting up, idle session time-out
		return transient
	}
	switch state[:2] {
	case "08", "53", "58": // connection, resources, system
		return transient
	case "22", "23", "54", "44": // data, integrity, program limits, check option
		return permanent
	}
	return unknown
}

// classifyMySQL follows https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and
// https://mariadb.com/kb/en/mariadb-error-codes/
func classifyMySQL(number int, state string) class {
	switch number {
	case 1020, 1205, 1213, 3024, 1969, 1317, // changed since read, lock time-out, deadlock, statement time-out, interrupted
		1040, 1041, 1129, 1203, 1226, // connections, memory
		1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 2002, 2003, 2006, 2013, // shutdown, network
		1290, 1792, 1836, 3100, 1021, 1114: // read-only server (a writer that failed over), disk full
		return transient
	case 1048, 1062, 1118, 1153, 1264, 1265, 1292, 1364, 1366, 1406, 1451, 1452, 1526, 1690, 3140, 3144, 3819, 4025, 1977:
		return permanent
	}
	if strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23") {
		return permanent
	}
	return unknown
}

// classifySQLite follows https://www.sqlite.org/rescode.html; the low byte is the primary code.
func classifySQLite(code int) class {
	switch code & 0xff {
	case 5, 6, 10, 13, 15: // BUSY, LOCKED, IOERR, FULL, PROTOCOL
		return transient
	case 18, 19, 20, 25: // TOOBIG, CONSTRAINT, MISMATCH, RANGE
		return permanent
	}
	return unknown
}

// disconnected reports a connection that is gone or could not be made. Two drivers say so with errors that carry nothing but
// a text: go-sql-driver's ErrInvalidConn and pgx's "conn closed".
func disconnected(err error) bool {
	for _, known := range []error{
		driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.DeadlineExceeded,
		syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	var network net.Error
	if errors.As(err, &network) {
		return true
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if text := err.Error(); text == "invalid connection" || text == "conn closed" || text == "sql: database is closed" {
			return true
		}
	}
	return false
}

// unencodable reports a value that a driver could not even send.
func unencodable(err error) bool {
	text := err.Error()
	return strings.Contains(text, "unable to encode") || strings.Contains(text, "sql: converting argument") ||
		strings.Contains(text, "packet for query is too large")
}

// codes finds an engine's error codes in a driver's error without importing the driver.
func codes(err error) (state string, number int) {
	var stated interface{ SQLState() string } // pgx and lib/pq
	if errors.As(err, &stated) {
		return stated.SQLState(), 0
	}
	var coded interface{ Code() int } // modernc.org/sqlite
	if errors.As(err, &coded) {
		return "", coded.Code()
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if state, number := fields(err); number != 0 {
			return state, number
		}
	}
	return "", 0
}

// fields reads go-sql-driver's MySQLError{Number, SQLState} and mattn's Error{Code, ExtendedCode}.
func fields(err error) (state string, number int) {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return "", 0
	}
	if f := v.FieldByName("Number"); f.Kind() == reflect.Uint16 && v.Type().Name() == "MySQLError" {
		if s, ok := v.FieldByName("SQLState").Interface().([5]byte); ok && s[0] != 0 {
			state = string(s[:])
		}
		return state, int(f.Uint())
	}
	if f := v.FieldByName("ExtendedCode"); f.Kind() == reflect.Int {
		return "", int(f.Int())
	}
	return "", 0
}

// redact cuts an engine's message where it begins to quote data. Quoted names stay.
func redact(text string) string {
	if i := strings.Index(text, "unable to encode"); i >= 0 {
		return text[:i] + "unable to encode the value"
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\'' && text[i] != '"' {
			continue
		}
		if !names(text[:i]) {
			return text[:i] + "…"
		}
		end := strings.IndexByte(text[i+1:], text[i])
		if end < 0 {
			return text[:i] + "…"
		}
		i += end + 1
	}
	return text
}

// names reports whether what is quoted next is a name and not data.
func names(before string) bool {
	words := strings.Fields(before)
	if len(words) == 0 {
		return false
	}
	known := []string{"column", "relation", "table", "constraint", "index", "key", "type", "database", "schema", "Table", "Column", "user", "role"}
	return slices.Contains(known, words[len(words)-1])
}

func notAStruct(t reflect.Type) error {
	return fmt.Errorf("sqlsink: a row type is a struct with db tags, and %v is a %v", t, t.Kind())
}
