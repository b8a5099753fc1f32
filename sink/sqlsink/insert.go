package sqlsink

import (
	"context"
)

// insert is a plain insert of several rows.
type insert struct {
	table   string
	columns []string
}

func (i insert) exec(ctx context.Context, t *tx, rows *grid) error {
	if rows.rows() == 0 {
		return nil
	}
	doing := "insert into " + i.table
	switch t.store.dialect {
	case PostgreSQL:
		types, err := t.columnTypes(ctx, i.table, i.columns)
		if err != nil {
			return err
		}
		s := t.statement()
		return t.exec(ctx, doing, i.fromArrays(s, sourceOf(rows, types), t.gathered != nil))
	case SQLite:
		return t.each(ctx, doing, i.into(t.statement()).text("(").list(rows.row(0)).text(")").String(), rows)
	}
	for chunk := range rows.chunks(t.mostRows(rows.columns), maxBytes) {
		if err := t.exec(ctx, doing, i.into(t.statement()).rows(chunk)); err != nil {
			return err
		}
	}
	return nil
}

func (i insert) into(s *statement) *statement {
	return s.text("INSERT INTO ", s.dialect.quoteTable(i.table), " (", s.dialect.quoteAll(i.columns), ") VALUES ")
}

func (i insert) fromArrays(s *statement, src source, binaryFormat bool) *statement {
	s.text("INSERT INTO ", s.dialect.quoteTable(i.table), " (", s.dialect.quoteAll(i.columns), ") SELECT ")
	return s.selected(src, len(i.columns)).text(" FROM ").from(src, binaryFormat)
}
