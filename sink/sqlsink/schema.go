package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// DDL returns the statements that create the tables the library keeps for itself: tombstones, the inbox of [DB.Once] and
// the versions of [DB.Newest] and [Children]. They do nothing when the tables are there.
func (d *DB) DDL() []string {
	statements := []string{
		ddl(d.store.dialect, tombstoneTable), ddl(d.store.dialect, inboxTable), ddl(d.store.dialect, newestTable),
	}
	if d.store.dialect == PostgreSQL {
		statements = append(statements, newestTombstone)
	}
	return statements
}

// newestTombstone is the index by which a batch is told with one look that no tombstone is newer.
const newestTombstone = "CREATE INDEX IF NOT EXISTS dynasink_tombstones_newest ON " + tombstoneTable + " (table_name, sequence)"

func ddl(d Dialect, table string) string {
	body := map[string]string{
		tombstoneTable: "table_name NAME NOT NULL, row_key HASH NOT NULL, sequence DIGITS NOT NULL, deleted_at TIME NOT NULL, PRIMARY KEY (table_name, row_key)",
		inboxTable:     "name NAME NOT NULL, event_key HASH NOT NULL, token HASH NOT NULL, applied_at TIME NOT NULL, PRIMARY KEY (name, event_key)",
		newestTable:    "name NAME NOT NULL, row_key HASH NOT NULL, sequence DIGITS NOT NULL, changed_at TIME NOT NULL, PRIMARY KEY (name, row_key)",
	}[table]
	index := ""
	types := strings.NewReplacer("NAME", "TEXT", "HASH", "TEXT", "DIGITS", "TEXT", "TIME", "TIMESTAMP")
	switch d {
	case PostgreSQL:
		types = strings.NewReplacer("NAME", "VARCHAR(255)", "HASH", "VARCHAR(64)", "DIGITS", "CHAR(40)", "TIME", timestampType(d))
	case MySQL: // ascii_bin: the default collation would merge names that differ in case
		types = strings.NewReplacer("NAME", "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "HASH", "VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin",
			"DIGITS", "CHAR(40) CHARACTER SET ascii COLLATE ascii_bin", "TIME", timestampType(d))
		index = ", INDEX (" + ages[table] + ")" // without it Purge would lock every row that it looks at
	}
	return "CREATE TABLE IF NOT EXISTS " + table + " (" + types.Replace(body) + index + ")"
}

func timestampType(d Dialect) string {
	switch d {
	case PostgreSQL:
		return "TIMESTAMPTZ"
	case MySQL:
		return "DATETIME(6)"
	}
	return "TIMESTAMP"
}

func (t *table) addColumn(column, kind string) string {
	d := t.store.dialect
	return "ALTER TABLE " + d.quoteTable(t.name) + " ADD COLUMN " + d.quote(column) + " " + kind
}

// need is something that the schema must have, and the statement that mends its absence, if it can be told.
type need struct {
	table  string
	column string // "" for the table as a whole
	mend   string
}

// check finds what a target lacks in the database.
type check func(ctx context.Context) error

func (d *DB) addCheck(c check) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.checks = append(d.checks, c)
}

// Preflight compares the database with what the targets made so far need, and reports all that is missing in one error,
// with the statements that mend it. Call it at start-up: a wrong schema then stops the deployment and not the stream.
func (d *DB) Preflight(ctx context.Context) error {
	d.mu.Lock()
	checks := d.checks
	d.mu.Unlock()
	if err := d.store.db.PingContext(ctx); err != nil {
		return d.store.wrap("connect", err)
	}
	missing := []error{d.store.strict(ctx)}
	for _, check := range checks {
		if err := check(ctx); err != nil {
			missing = append(missing, err)
		}
	}
	return errors.Join(missing...)
}

// strict makes sure that MySQL refuses a value that a column cannot hold: where the mode is not strict, as on RDS by default,
// it cuts the value and only warns.
func (s *store) strict(ctx context.Context) error {
	if s.dialect != MySQL {
		return nil
	}
	var mode string
	if err := s.db.QueryRowContext(ctx, "SELECT @@SESSION.sql_mode").Scan(&mode); err != nil {
		return s.wrap("read sql_mode", err)
	}
	if strings.Contains(mode, "STRICT_TRANS_TABLES") || strings.Contains(mode, "STRICT_ALL_TABLES") {
		return nil
	}
	return errors.New("sqlsink: the session's sql_mode is not strict, so that values which do not fit would be cut without an error; " +
		"add sql_mode=%27TRADITIONAL%27 to the parameters of the data source name")
}

func (t *table) check(ctx context.Context) error {
	needs := []need{{table: t.name}}
	for _, column := range t.columns.all {
		needs = append(needs, need{table: t.name, column: column.name})
	}
	return t.store.missing(ctx, append(needs, t.guard.needs(t)...))
}

func (s *store) missing(ctx context.Context, needs []need) error {
	var lacks []string
	absent := map[string]bool{}
	for _, n := range needs {
		if absent[n.table] {
			continue
		}
		err := s.probe(ctx, n)
		if err == nil {
			continue
		}
		if sink.IsTransient(err) {
			return err
		}
		absent[n.table] = n.column == ""
		lacks = append(lacks, n.describe(err))
	}
	if len(lacks) == 0 {
		return nil
	}
	return fmt.Errorf("sqlsink: the schema is not what the targets need:\n  %s", strings.Join(lacks, "\n  "))
}

// probe asks for the column or table without reading a row.
func (s *store) probe(ctx context.Context, n need) error {
	what := "1"
	if n.column != "" {
		// Qualified, because SQLite takes an unknown quoted name for a string.
		what = "target." + s.dialect.quote(n.column)
	}
	rows, err := s.db.QueryContext(ctx, "SELECT "+what+" FROM "+s.dialect.quoteTable(n.table)+" AS target WHERE 1 = 0")
	if err != nil {
		return s.wrap("look at "+n.table, err)
	}
	defer rows.Close()
	rows.Next() // there is no row; asking for one brings the engine's error up
	return s.wrap("look at "+n.table, rows.Err())
}

func (n need) describe(err error) string {
	what := "table " + n.table
	if n.column != "" {
		what += ": column " + n.column
	}
	if n.mend == "" {
		return fmt.Sprintf("%s: %v", what, err)
	}
	return fmt.Sprintf("%s is missing or unusable (%v); create it with: %s", what, err, n.mend)
}
