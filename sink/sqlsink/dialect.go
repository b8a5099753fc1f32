package sqlsink

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// Dialect is the SQL that an engine speaks.
type Dialect uint8

// The dialects. MariaDB and Aurora MySQL speak MySQL, Aurora PostgreSQL speaks PostgreSQL.
const (
	PostgreSQL Dialect = iota + 1
	MySQL
	SQLite
)

func (d Dialect) String() string {
	switch d {
	case PostgreSQL:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	case SQLite:
		return "SQLite"
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

// dialectOf tells the dialect from the name that a driver is registered with.
func dialectOf(driver string) (Dialect, error) {
	switch driver {
	case "pgx", "pgx/v5", "postgres", "pq-timeouts", "cloudsqlpostgres", "nrpgx", "nrpostgres":
		return PostgreSQL, nil
	case "mysql", "nrmysql":
		return MySQL, nil
	case "sqlite", "sqlite3", "nrsqlite3":
		return SQLite, nil
	}
	return 0, fmt.Errorf("sqlsink: the driver %q is none whose dialect is known (pgx, postgres, mysql, sqlite, sqlite3): say it with WithDialect", driver)
}

// quote makes an identifier of name.
func (d Dialect) quote(name string) string {
	q := `"`
	if d == MySQL {
		q = "`"
	}
	return q + strings.ReplaceAll(name, q, q+q) + q
}

// quoteTable makes identifiers of a table's name; a dot separates schema and table.
func (d Dialect) quoteTable(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = d.quote(part)
	}
	return strings.Join(parts, ".")
}

func (d Dialect) quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = d.quote(name)
	}
	return strings.Join(quoted, ", ")
}

// isolation is the weakest level at which the guards hold: the statements after a lock must see what was committed before
// it. MySQL's default, REPEATABLE READ, reads from an older snapshot and locks gaps, which makes concurrent batches
// deadlock. SQLite has one writer at a time whatever the level.
func (d Dialect) isolation() *sql.TxOptions {
	if d == SQLite {
		return nil
	}
	return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
}
