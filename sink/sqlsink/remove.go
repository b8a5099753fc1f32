package sqlsink

import (
	"context"
	"slices"
)

// removal deletes rows by their key, if their guard allows.
type removal struct {
	table string
	keys  []string
	guard string // rows with a higher guard stay; "" deletes always
	order string // see upsert
}

// exec deletes the rows whose keys (and guard) are given, in that order of cells.
func (r removal) exec(ctx context.Context, t *tx, rows *grid) error {
	if rows.rows() == 0 {
		return nil
	}
	doing := "delete from " + r.table
	switch t.store.dialect {
	case PostgreSQL:
		types, err := t.columnTypes(ctx, r.table, r.compared())
		if err != nil {
			return err
		}
		if r.guard != "" {
			r.order = binaryOrder(types[len(r.keys)])
		}
		return t.exec(ctx, doing, r.fromArrays(sourceOf(rows, types), t.gathered != nil))
	case SQLite:
		return t.each(ctx, doing, r.any(t.statement(), &grid{rows.columns, rows.row(0)}).String(), rows)
	}
	const most = 200 // alternatives of one condition that MySQL and MariaDB still plan quickly
	for chunk := range rows.chunks(most, maxBytes) {
		if err := t.exec(ctx, doing, r.any(t.statement(), chunk)); err != nil {
			return err
		}
	}
	return nil
}

// compared are the columns that the cells of a row are compared with.
func (r removal) compared() []string {
	if r.guard == "" {
		return r.keys
	}
	return append(slices.Clip(r.keys), r.guard)
}

// fromArrays is PostgreSQL's form.
func (r removal) fromArrays(src source, binaryFormat bool) *statement {
	s := &statement{dialect: PostgreSQL}
	s.text("DELETE FROM ", s.dialect.quoteTable(r.table), " AS target USING ").from(src, binaryFormat).text(" WHERE ")
	r.condition(s, func(at int) { s.text(src.comparable(at)) })
	return s
}

// any is the form of MySQL, and of SQLite for one row.
func (r removal) any(s *statement, rows *grid) *statement {
	s.text("DELETE FROM ", s.dialect.quoteTable(r.table), r.alias(s.dialect), " WHERE ")
	for i := range rows.rows() {
		if i > 0 {
			s.text(" OR ")
		}
		s.text("(")
		r.condition(s, func(at int) { s.arg(*rows.at(i, at)) })
		s.text(")")
	}
	return s
}

// condition compares one row with the cells that cell writes.
func (r removal) condition(s *statement, cell func(at int)) {
	for i, key := range r.keys {
		if i > 0 {
			s.text(" AND ")
		}
		s.text(r.column(s.dialect, key), " = ")
		cell(i)
	}
	if r.guard != "" {
		g := r.column(s.dialect, r.guard)
		s.text(" AND (", g, " IS NULL OR ", g, r.order, " <= ")
		cell(len(r.keys))
		s.text(")")
	}
}

// alias lets columns be qualified: an unknown quoted name that is not is a string to SQLite, and the condition then never
// true. MariaDB knows no alias here, and needs none.
func (r removal) alias(d Dialect) string {
	if d == MySQL {
		return ""
	}
	return " AS target"
}

func (r removal) column(d Dialect, name string) string {
	if d == MySQL {
		return d.quote(name)
	}
	return "target." + d.quote(name)
}
