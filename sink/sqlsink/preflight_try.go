package sqlsink

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// try finds out what the user may do by statements that change no row, in transactions that are rolled back: on MySQL rights
// may come from roles and patterns, and the engine knows them best; SQLite has none, but files may be read-only.
func (s *store) try(ctx context.Context, specs []*tableSpec, f *findings) error {
	for i, spec := range specs {
		if f.server.readOnly || spec.optional {
			continue
		}
		if f.tables[i] == nil {
			f.tables[i] = s.hidden(ctx, spec)
			continue
		}
		if err := s.tryWrites(ctx, &comparison{spec: spec, actual: f.tables[i], server: &f.server}); err != nil {
			return err
		}
	}
	return nil
}

// hidden tells a table that MySQL's catalogue hides, because the user has no right to it, from one that does not exist.
func (s *store) hidden(ctx context.Context, spec *tableSpec) *actualTable {
	if s.dialect != MySQL {
		return nil
	}
	_, err := s.db.ExecContext(ctx, "SELECT 1 FROM "+s.dialect.quoteTable(spec.name)+" WHERE 1 = 0")
	if denied, _ := refusal(s.dialect, s.wrap("look at "+spec.name, err)); !denied {
		return nil
	}
	t := &actualTable{hidden: true, lacks: []string{"SELECT", "INSERT"}}
	t.lack("UPDATE", len(spec.updated(MySQL)) == 0)
	t.lack("DELETE", !spec.deletes)
	return t
}

func (s *store) tryWrites(ctx context.Context, c *comparison) error {
	if c.actual.other != "" {
		return nil
	}
	tx, err := s.db.BeginTx(ctx, s.isolation())
	if err != nil {
		return s.wrap("begin", err)
	}
	defer tx.Rollback()
	for _, write := range c.writes() {
		_, err := tx.ExecContext(ctx, write.text)
		err = c.note(write.right, s.wrap("try to write to "+c.spec.name, err))
		if err != nil || c.server.readOnly {
			return err
		}
	}
	return nil
}

// note takes down what the error of a write tells, or returns it.
func (c *comparison) note(right string, err error) error {
	denied, readOnly := refusal(c.server.dialect, err)
	switch {
	case readOnly:
		c.server.readOnly = true
	case denied:
		c.actual.lack(right, false)
	case sink.IsTransient(err):
		return err
	case err != nil:
		c.actual.refused = err
	}
	return nil
}

// write is a statement that changes no row, and the right it needs.
type write struct{ right, text string }

// writes need the rights of a target. Only columns that are there are named.
func (c *comparison) writes() []write {
	d := c.server.dialect
	updated := c.spec.updated(d)
	var names, updates []string
	for i := range c.spec.columns {
		name := c.spec.columns[i].name
		if a := c.actual.column(d, name); a == nil || a.generated {
			continue
		}
		names = append(names, d.quote(name))
		if slices.Contains(updated, name) {
			updates = append(updates, d.quote(name)+" = "+d.quote(name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	table, list, none := d.quoteTable(c.spec.name), strings.Join(names, ", "), " WHERE 1 = 0"
	writes := []write{
		{"INSERT", "INSERT INTO " + table + " (" + list + ") SELECT " + list + " FROM " + table + none},
	}
	if len(updates) > 0 {
		writes = append(writes, write{"UPDATE", "UPDATE " + table + " SET " + strings.Join(updates, ", ") + none})
	}
	if d == MySQL { // SQLite has no rights, and lets no transaction write after another has written what this one has read
		writes = append(writes, write{"SELECT", "SELECT " + list + " FROM " + table + none})
	}
	if c.spec.deletes {
		writes = append(writes, write{"DELETE", "DELETE FROM " + table + none})
	}
	return writes
}

// refusal tells why a write was refused, by the error numbers of
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and https://www.sqlite.org/rescode.html
func refusal(d Dialect, err error) (denied, readOnly bool) {
	var e *Error
	if !errors.As(err, &e) {
		return false, false
	}
	const sqliteReadOnly = 8
	if d == SQLite {
		return false, e.Number&0xff == sqliteReadOnly
	}
	switch e.Number {
	case 1142, 1143, 1044: // denied for a table, a column, a database
		return true, false
	case 1290, 1792, 1836, 1874: // the server, the transaction, the mode, InnoDB
		return false, true
	}
	return false, false
}
