package sqlsink

import (
	"context"
	"strings"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// put upserts changes: what is most likely new goes by COPY where that can be tried, because it is the fastest way into a
// table; the rest, and everything when COPY has met a row that is there, goes by u.
func (t *table) put(ctx context.Context, tx *tx, u upsert, changes []change, extra ...func(*change) datum) error {
	if t.store.dialect == SQLite {
		return tx.rowByRow(ctx, u.doing(), []string{u.forOne(tx)}, len(changes), func(i int, cells []datum) (int, []datum, error) {
			cells, err := t.read(cells, &changes[i], t.columns.every, extra...)
			return 0, cells, err
		})
	}
	fresh, rest := t.freshOf(tx, changes)
	if len(fresh) > 0 {
		rows, err := t.grid(tx, fresh, t.columns.every, extra...)
		if err != nil {
			return err
		}
		u.buried.lowest = lowest(fresh)
		if copied, err := u.copy(ctx, tx, rows); err != nil {
			return err
		} else if !copied {
			rest = changes
		}
	}
	rows, err := t.grid(tx, rest, t.columns.every, extra...)
	if err != nil {
		return err
	}
	u.buried.lowest = lowest(rest)
	return u.exec(ctx, tx, rows)
}

func lowest(changes []change) (version string) {
	for i := range changes {
		if version == "" || changes[i].version < version {
			version = changes[i].version
		}
	}
	return version
}

// freshOf parts the changes that COPY is tried for from the rest; changes keep their order in both.
func (t *table) freshOf(tx *tx, changes []change) (fresh, rest []change) {
	if tx.gathered == nil || tx.gathered.noCopy || tx.store.copyFrom <= 0 || tx.store.stateless {
		return nil, changes
	}
	n := 0
	for i := range changes {
		if changes[i].fresh {
			n++
		}
	}
	if n < tx.store.copyFrom || !tx.store.optimism.allows(t.name) {
		return nil, changes
	}
	fresh, rest = make([]change, 0, n), make([]change, 0, len(changes)-n)
	for _, c := range changes {
		if c.fresh {
			fresh = append(fresh, c)
		} else {
			rest = append(rest, c)
		}
	}
	return fresh, rest
}

// copy gathers a COPY, if all values have a binary format. It is optimistic: a row that is there already, or was deleted by a
// newer change, fails the whole transaction, which is then sent again without.
//
// COPY would store what an upsert refuses: bytes of another type than the column's, when somebody has altered it since we
// looked, and rows of one key, when the table has no unique index over it. What goes before it sees to that.
func (u upsert) copy(ctx context.Context, tx *tx, rows *grid) (copied bool, err error) {
	types, err := tx.columnTypes(ctx, u.table, u.columns)
	if err != nil {
		return false, err
	}
	data, ok := copyData(tx.space, rows, types)
	if !ok {
		return false, nil
	}
	doing := "look at " + u.table
	look, proof := u.look(types).gather(doing), sameTypes(u.table, u.columns, types).gather(doing)
	proof.MayFail, look.Check = true, &proof
	tx.gatherMayFail(look)
	if u.buried.table != "" {
		tx.gatherMayFail(u.buried.assertion(rows, len(u.columns)).gather("look for tombstones of " + u.table))
	}
	s := tx.statement()
	s.text("COPY ", s.dialect.quoteTable(u.table), " (", s.dialect.quoteAll(u.columns), ") FROM STDIN (FORMAT binary)")
	tx.gathered.copied = append(tx.gathered.copied, u.table)
	tx.gatherMayFail(onetrip.Statement{Doing: "copy into " + u.table, Text: s.String(), Copy: data})
	return true, nil
}

// look writes nothing and fails where ON CONFLICT would. It takes the lock that COPY takes, so that nobody alters the table
// between it and the COPY. What it returns has a connection that has prepared it refuse to run it again when a column is of
// another type ("cached plan must not change result type"); the types stand in its text, so that it is another statement for
// whoever takes the columns for something else.
func (u upsert) look(types []pgColumn) *statement {
	s := &statement{dialect: PostgreSQL}
	keys := s.dialect.quoteAll(u.keys)
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(u.keys)), ", ")
	s.text("INSERT INTO ", s.dialect.quoteTable(u.table), " (", keys, ") SELECT ", nulls, " WHERE false ON CONFLICT (", keys, ") DO NOTHING")
	return s.text(" RETURNING ", s.dialect.quoteAll(u.columns), " /* ", strings.Join(oidsOf(types), " "), " */")
}

func (t *tx) gatherMayFail(s onetrip.Statement) {
	s.MayFail = true
	t.gathered.gather(s)
}
