package sqlsink

import (
	"context"
	"reflect"

	"github.com/dynasink/dynasink/sink"
)

// SoftDelete guards rows by the sequence number and keeps deleted ones: deletedAt is a nullable timestamp column that is
// set when the item is removed, and guardColumn ("" for [GuardColumn]) holds the sequence number. It is the cheapest
// guard; readers filter on deletedAt IS NULL. Purge deleted rows with a statement of your own once they are older than any
// redelivery.
//
// Columns that are not part of the key must be nullable or have a default, because a removal of a row that was never
// written must be remembered too.
func SoftDelete(deletedAt, guardColumn string) TableOption {
	if guardColumn == "" {
		guardColumn = GuardColumn
	}
	return tableOption(func(t *table) { t.guard = &softDelete{column: guardColumn, deletedAt: deletedAt} })
}

type softDelete struct{ column, deletedAt string }

func (g *softDelete) bind(t *table) error {
	if err := t.free(g.deletedAt); err != nil {
		return err
	}
	return t.free(g.column)
}

func (g *softDelete) protects() bool { return true }

func (g *softDelete) version(_ *table, _ reflect.Value, o sink.Origin) (string, error) {
	return sequenceVersion(o)
}

// write needs no lock and no second table: the row itself remembers its deletion.
func (g *softDelete) write(ctx context.Context, tx *tx, t *table, changes []change) error {
	keys := t.columns.keyNames()
	mark := upsert{table: t.name, columns: append(keys, g.deletedAt, g.column), keys: keys[:len(keys):len(keys)], guard: g.column}
	put := t.upsert(g.column, g.deletedAt, g.column)
	now := func(*change) datum { return momentOf(tx.now) }
	if tx.inOrder {
		return tx.mixed(ctx, put.doing(), []string{mark.forOne(tx), put.forOne(tx)}, changes, func(c *change, cells []datum) ([]datum, error) {
			if c.remove {
				return t.read(cells, c, t.columns.keys, now, versionOf)
			}
			return t.read(cells, c, t.columns.every, nullOf, versionOf)
		})
	}
	upserts, removals := split(changes)
	rows, err := t.grid(tx, removals, t.columns.keys, now, versionOf)
	if err != nil {
		return err
	}
	if err := mark.exec(ctx, tx, rows); err != nil {
		return err
	}
	return t.put(ctx, tx, put, upserts, nullOf, versionOf)
}

func (g *softDelete) needs(s *tableSpec) {
	s.needDeletion(g.deletedAt)
	s.needGuard(g.column)
}
