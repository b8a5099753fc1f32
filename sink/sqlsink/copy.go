package sqlsink

import (
	"context"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// put upserts changes: what is most likely new goes by COPY where that can be tried, because it is the fastest way into a
// table; the rest, and everything when COPY has met a row that is there, goes by u.
func (t *table) put(ctx context.Context, tx *tx, u upsert, changes []change, extra ...func(*change) datum) error {
	fresh, rest := t.freshOf(tx, changes)
	if len(fresh) > 0 {
		rows, err := t.grid(fresh, t.columns.every, extra...)
		if err != nil {
			return err
		}
		if copied, err := u.copy(ctx, tx, rows); err != nil {
			return err
		} else if !copied {
			rest = changes
		}
	}
	rows, err := t.grid(rest, t.columns.every, extra...)
	if err != nil {
		return err
	}
	return u.exec(ctx, tx, rows)
}

// leastCopied is how many rows are worth a COPY.
const leastCopied = 32

// freshOf parts the changes that COPY is tried for from the rest; changes keep their order in both.
func (t *table) freshOf(tx *tx, changes []change) (fresh, rest []change) {
	if tx.gathered == nil || tx.gathered.noCopy || tx.store.dialect != PostgreSQL || tx.store.stateless {
		return nil, changes
	}
	fresh = make([]change, 0, len(changes))
	for _, c := range changes {
		if c.fresh {
			fresh = append(fresh, c)
		} else {
			rest = append(rest, c)
		}
	}
	if len(fresh) < leastCopied {
		return nil, changes
	}
	return fresh, rest
}

// copy gathers a COPY, if all values have a binary format. It is optimistic: a row that is there already fails the
// whole transaction, which is then sent again without. The guard loses nothing: what COPY writes was not there.
func (u upsert) copy(ctx context.Context, tx *tx, rows *grid) (copied bool, err error) {
	types, err := tx.columnTypes(ctx, u.table, u.columns)
	if err != nil {
		return false, err
	}
	data, ok := copyData(rows, types)
	if !ok {
		return false, nil
	}
	s := tx.statement()
	s.text("COPY ", s.dialect.quoteTable(u.table), " (", s.dialect.quoteAll(u.columns), ") FROM STDIN (FORMAT binary)")
	statement := onetrip.Statement{Doing: "copy into " + u.table, Text: s.String(), Copy: data}
	tx.gathered.statements = append(tx.gathered.statements, statement)
	return true, nil
}
