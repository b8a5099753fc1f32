package sqlsink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

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
		"25P03", "25P04", // idle in transaction, transaction time-out
		"55P03", "55006", "57014", // lock not available, object in use, statement time-out
		"57P01", "57P02", "57P03", "57P05": // shutdown, crash, starting up, idle session time-out
		return transient
	case "40002", // integrity violation found late
		"21000": // keys that differ for us are one key for the table (citext): permanent, so that the batch is divided
		return permanent
	}
	switch state[:min(2, len(state))] {
	case "08", "40", "53", "58": // connection, rollback (serialization, deadlock), resources, system
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
	case 1020, 1205, 1206, 1213, 1614, 3058, 3101, 3572, // changed since read, lock time-outs and deadlocks
		3024, 1969, 1317, // statement time-out, interrupted
		1040, 1041, 1129, 1203, 1226, 1637, // connections, memory, transactions
		1927, 4031, // connection killed, idle time-out
		1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 2002, 2003, 2006, 2013, // shutdown, network
		1290, 1792, 1836, 3100, 1021, 1114: // read-only server (a writer that failed over), disk full
		return transient
	case 1022, 1048, 1062, 1118, 1153, 1169, 1216, 1217, 1264, 1265, 1292, 1300, 1364, 1366, 1367, 1406, 1411, 1441, 1451, 1452,
		1525, 1526, 1586, 1690, 1761, 1762, 3140, 3141, 3144, 3156, 3819, 4025:
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
