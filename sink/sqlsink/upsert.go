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
}

// exec upserts rows: on SQLite with a prepared statement row by row, which is its fastest form, elsewhere with as few
// multi-row statements as the engine's limits allow. A key must not occur twice.
func (u upsert) exec(ctx context.Context, t *tx, rows [][]any) error {
	if t.store.dialect == SQLite {
		return t.each(ctx, "upsert into "+u.table, u.statement(SQLite, rows[:min(1, len(rows))]).String(), rows)
	}
	for chunk := range chunks(rows, t.store.dialect.parameters()/len(u.columns)) {
		if _, err := t.exec(ctx, "upsert into "+u.table, u.statement(t.store.dialect, chunk)); err != nil {
			return u.explain(err)
		}
	}
	return nil
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

// each runs one prepared statement for several rows.
func (t *tx) each(ctx context.Context, doing, text string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	prepared, err := t.PrepareContext(ctx, text)
	if err != nil {
		return t.store.wrap(doing, err)
	}
	defer prepared.Close()
	for _, row := range rows {
		if _, err := prepared.ExecContext(ctx, row...); err != nil {
			return t.store.wrap(doing, err)
		}
	}
	return nil
}

func (u upsert) statement(d Dialect, rows [][]any) *statement {
	s := &statement{dialect: d}
	s.text("INSERT INTO ", d.quoteTable(u.table))
	if d != MySQL {
		s.text(" AS target")
	}
	s.text(" (", d.quoteAll(u.columns), ") VALUES ").values(rows)
	if d == MySQL {
		u.onDuplicateKey(s)
	} else {
		u.onConflict(s)
	}
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
		s.text(" WHERE target.", g, " IS NULL OR target.", g, " <= excluded.", g)
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

// insert is a plain insert of several rows.
type insert struct {
	table   string
	columns []string
}

func (i insert) exec(ctx context.Context, t *tx, rows [][]any) error {
	for chunk := range chunks(rows, t.store.dialect.parameters()/len(i.columns)) {
		s := t.statement()
		s.text("INSERT INTO ", s.dialect.quoteTable(i.table), " (", s.dialect.quoteAll(i.columns), ") VALUES ").values(chunk)
		if _, err := t.exec(ctx, "insert into "+i.table, s); err != nil {
			return err
		}
	}
	return nil
}
