package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dynasink/dynasink/sink"
)

// upsert is an insert that replaces the row with the same key, if its guard allows.
type upsert struct {
	table   string
	columns []string
	keys    []string
	guard   string // a column of columns: a row is replaced only by one whose guard is not lower; "" replaces always
	order   string // how PostgreSQL is to compare guards, if not by the column's collation
	keep    bool   // a row that is there stays as it is
	buried  burial // what the order guard remembers of deleted rows
}

// exec upserts rows, each key at most once, in the engine's fastest form: from arrays on PostgreSQL, row by row with a
// prepared statement on SQLite, with as few multi-row statements as the limits allow on MySQL.
func (u upsert) exec(ctx context.Context, t *tx, rows *grid) error {
	if rows.rows() == 0 {
		return nil
	}
	switch t.store.dialect {
	case PostgreSQL:
		types, err := t.columnTypes(ctx, u.table, u.columns)
		if err != nil {
			return err
		}
		if u.guard != "" {
			u.order = binaryOrder(types[slices.Index(u.columns, u.guard)])
		}
		return t.exec(ctx, u.doing(), u.fromArrays(rows, types, t.gathered != nil))
	case SQLite:
		return t.each(ctx, u.doing(), u.forOne(t), rows)
	}
	for chunk := range rows.chunks(t.mostRows(rows.columns), maxBytes) {
		if err := t.exec(ctx, u.doing(), u.into(t.statement(), chunk)); err != nil {
			return u.explain(err)
		}
	}
	return nil
}

func (u upsert) doing() string { return "upsert into " + u.table }

// The most that goes into one statement of MySQL: beyond these figures statements get no faster, and it refuses one
// longer than max_allowed_packet (4 MB by default in old versions, 16 MB in MariaDB).
const (
	maxRows        = 1000
	maxLiteralRows = 5000 // where they need no placeholders
	maxBytes       = 2 << 20
	parameters     = 65_535 // placeholders; a 16-bit count in the wire protocol
)

// mostRows is how many rows of some columns go into one statement of MySQL.
func (t *tx) mostRows(columns int) int {
	if t.gathered != nil {
		return maxLiteralRows
	}
	return min(maxRows, parameters/columns)
}

// tooManyRows is MySQL's error of a subquery that returns two rows, which onDuplicateKey raises.
const tooManyRows = 1242

// explain says what the error means that onDuplicateKey raises: what PostgreSQL and SQLite call a violated constraint.
func (u upsert) explain(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Number != tooManyRows {
		return err
	}
	return sink.Permanent(fmt.Errorf("%w: another row holds the same value in a unique index that is not the key", err))
}

// fromArrays is PostgreSQL's form.
func (u upsert) fromArrays(rows *grid, types []pgColumn, binaryFormat bool) *statement {
	s := &statement{dialect: PostgreSQL}
	n := len(u.columns)
	for len(types) < rows.columns {
		types = append(types, pgText)
	}
	src := sourceOf(rows, types)
	s.text("INSERT INTO ", s.dialect.quoteTable(u.table), " AS target (", s.dialect.quoteAll(u.columns), ") SELECT ")
	s.selected(src, n).text(" FROM ").from(src, binaryFormat)
	if u.buried.table != "" {
		hash, version := u.buried.cells(n)
		s.text(" WHERE NOT (")
		u.buried.forbids(s, hash, version)
		s.text(")")
	}
	u.onConflict(s)
	return s
}

// forOne is the text of SQLite's form, which takes one row.
func (u upsert) forOne(t *tx) string {
	return u.into(t.statement(), &grid{len(u.columns), make([]datum, len(u.columns))}).String()
}

// into writes the form of MySQL, and of SQLite for the first row.
func (u upsert) into(s *statement, rows *grid) *statement {
	d := s.dialect
	s.text("INSERT INTO ", d.quoteTable(u.table))
	if d == SQLite {
		s.text(" AS target (", d.quoteAll(u.columns), ") VALUES (").list(rows.row(0)).text(")")
		u.onConflict(s)
		return s
	}
	s.text(" (", d.quoteAll(u.columns), ") VALUES ").rows(rows)
	u.onDuplicateKey(s)
	return s
}

// onConflict is PostgreSQL's and SQLite's form.
func (u upsert) onConflict(s *statement) {
	d := s.dialect
	s.text(" ON CONFLICT (", d.quoteAll(u.keys), ") DO ")
	updated := u.updated()
	if len(updated) == 0 {
		s.text("NOTHING")
		return
	}
	for i, column := range updated {
		separator := "UPDATE SET "
		if i > 0 {
			separator = ", "
		}
		s.text(separator, d.quote(column), " = excluded.", d.quote(column))
	}
	if u.guard != "" {
		g := d.quote(u.guard)
		s.text(" WHERE target.", g, " IS NULL OR target.", g, u.order, " <= excluded.", g)
	}
}

// onDuplicateKey is MySQL's and MariaDB's form. Assignments run from left to right, so the guard column comes last: the
// ones before it still compare with its old value. VALUES() is the only form that both engines know.
//
// The clause also takes a row that only shares the value of another unique index, and would overwrite it: so the first
// assignment leaves the key as it is, or fails.
func (u upsert) onDuplicateKey(s *statement) {
	d := s.dialect
	key := d.quote(u.keys[0])
	s.text(" ON DUPLICATE KEY UPDATE ", key, " = IF(")
	for i, k := range u.keys {
		if i > 0 {
			s.text(" AND ")
		}
		s.text(d.quote(k), " = VALUES(", d.quote(k), ")")
	}
	s.text(", ", key, ", (SELECT NULL UNION ALL SELECT NULL))")
	for _, column := range u.updated() {
		c := d.quote(column)
		s.text(", ", c, " = ")
		if u.guard == "" {
			s.text("VALUES(", c, ")")
			continue
		}
		g := d.quote(u.guard)
		s.text("IF(", g, " IS NULL OR ", g, " <= VALUES(", g, "), VALUES(", c, "), ", c, ")")
	}
}

// updated lists the columns to set, the guard last.
func (u upsert) updated() []string {
	if u.keep {
		return nil
	}
	var updated []string
	for _, column := range u.columns {
		if column != u.guard && !slices.Contains(u.keys, column) {
			updated = append(updated, column)
		}
	}
	if u.guard != "" {
		updated = append(updated, u.guard)
	}
	return updated
}
