package sqlsink

import (
	"context"
	"fmt"
)

// EveryChange writes every staged change of a row, in the order of staging. By default only the last one that a commit holds is
// written, rows in the order of their keys and removals first, which is much faster.
//
// It is for tables in which rows take values from each other: with a unique index beside the key, or a foreign key from the
// table to itself. There a row may be written before the one whose value it takes, and the engine refuses it. The batch
// loop of package handler then halves the batch until the order is right, at the price of some transactions; with this
// option the order is right at once.
//
// A change of a row that the batch has written already, and a removal that follows an upsert, each begin new statements, and
// batches that meet may deadlock, which is an error to try again. It cannot be combined with [GuardVersion], whose removals
// outweigh the upserts of one version.
func EveryChange() TableOption {
	return tableOption(func(t *table) { t.every = true })
}

// bind completes the table's guard.
func (t *table) bind() error {
	if g, ok := t.guard.(*tombstoneGuard); ok && g.own && t.every {
		return fmt.Errorf("sqlsink: table %s: EveryChange and GuardVersion cannot be combined: "+
			"a row that one record removes and makes again would have one version for both", t.name)
	}
	return t.guard.bind(t)
}

// write applies changes as the table's options say.
func (t *table) write(ctx context.Context, tx *tx, changes []change) error {
	if !t.every {
		return t.guard.write(ctx, tx, t, changes)
	}
	for len(changes) > 0 {
		n, err := t.run(changes)
		if err != nil {
			return err
		}
		if err := t.guard.write(ctx, tx, t, changes[:n:n]); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

// run is how many of changes a guard can write at once without changing their order: no row twice, and removals first.
func (t *table) run(changes []change) (int, error) {
	seen, upserted := make(map[string]bool, len(changes)), false
	for i := range changes {
		c := &changes[i]
		key, err := t.columns.keyText(c.row, t.columns.keys, t.store.dialect)
		if err != nil {
			return 0, t.rowError(c.at, err)
		}
		if seen[key] || c.remove && upserted {
			return i, nil
		}
		seen[key], upserted = true, upserted || !c.remove
	}
	return len(changes), nil
}
