package sqlsink

import "context"

// removal deletes rows by their key, if their guard allows.
type removal struct {
	table string
	keys  []string
	guard string // rows with a higher guard stay; "" deletes always
}

// exec deletes the rows whose keys (and guard) are given, in that order of arguments.
func (r removal) exec(ctx context.Context, t *tx, rows [][]any) error {
	if t.store.dialect == SQLite {
		return t.each(ctx, "delete from "+r.table, r.statement(SQLite, rows[:min(1, len(rows))]).String(), rows)
	}
	const most = 200 // alternatives of one condition that engines still plan quickly
	for chunk := range chunks(rows, most) {
		if _, err := t.exec(ctx, "delete from "+r.table, r.statement(t.store.dialect, chunk)); err != nil {
			return err
		}
	}
	return nil
}

func (r removal) statement(d Dialect, rows [][]any) *statement {
	s := &statement{dialect: d}
	s.text("DELETE FROM ", d.quoteTable(r.table), r.alias(d), " WHERE ")
	for i, row := range rows {
		if i > 0 {
			s.text(" OR ")
		}
		r.condition(s, row)
	}
	return s
}

func (r removal) condition(s *statement, row []any) {
	for i, key := range r.keys {
		separator := "("
		if i > 0 {
			separator = " AND "
		}
		s.text(separator, r.column(s.dialect, key), " = ").arg(row[i])
	}
	if r.guard != "" {
		g := r.column(s.dialect, r.guard)
		s.text(" AND (", g, " IS NULL OR ", g, " <= ").arg(row[len(r.keys)]).text(")")
	}
	s.text(")")
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
