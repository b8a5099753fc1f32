package sqlsink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/dynasink/dynasink/sink"
)

// Children is a table of lists owned by rows: the lines of an order, the tags of an article. A list is replaced as a
// whole, and only by a change that is not older than the one that wrote it, so that redeliveries leave no mixture.
// Deleting and inserting child rows by hand would not bear them.
//
// O is the owner, of which the key columns are read; R is a row of the list. R's columns tagged with the option owner hold
// the owner's key, in the order of the owner's key columns:
//
//	type Line struct {
//		OrderID string `db:"order_id,owner"`
//		Number  int    `db:"number,key"`
//		SKU     string `db:"sku"`
//	}
type Children[O, R any] struct {
	table *table
	port  *sink.Port[list[O, R]]
}

// list is the state of one owner's list.
type list[O, R any] struct {
	owner O
	rows  []R
}

// NewChildren makes the target of the lists in the table called name. The versions are kept in dynasink_newest.
func NewChildren[O, R any](db *DB, name string) (*Children[O, R], error) {
	if db == nil || name == "" || len("children "+name) > maxName {
		return nil, errors.New("sqlsink: children need a DB and the name of a table")
	}
	owner, err := columnsOf(reflect.TypeFor[O]())
	if err != nil {
		return nil, err
	}
	columns, err := columnsOf(reflect.TypeFor[R]())
	if err != nil {
		return nil, err
	}
	if len(columns.owner) == 0 || len(columns.owner) != len(owner.keys) {
		return nil, fmt.Errorf("sqlsink: %v has %d columns with the option owner, and the key of %v has %d",
			reflect.TypeFor[R](), len(columns.owner), reflect.TypeFor[O](), len(owner.keys))
	}
	lists := &lists[O, R]{table: &table{store: db.store, name: name, columns: columns, guard: noGuard{}}, owner: owner}
	db.expect(lists.table.listSpec())
	return &Children[O, R]{lists.table, sink.NewPort(db.store, lists.key, lists.write, sink.GuardedBy(lists.version))}, nil
}

// Replace stages rows as the whole list of owner; none empties it, as for an owner that was removed. Each row's owner
// columns must be the owner's key, and its keys must differ.
func (c *Children[O, R]) Replace(b *sink.Batch, owner O, rows ...R) {
	c.port.Upsert(b, list[O, R]{owner, slices.Clone(rows)})
}

type lists[O, R any] struct {
	table *table
	owner *columns
}

func (l *lists[O, R]) key(item *list[O, R]) (string, error) {
	d := l.table.store.dialect
	key, err := l.owner.keyText(reflect.ValueOf(&item.owner).Elem(), l.owner.keys, d)
	for i := range item.rows {
		if err != nil {
			break
		}
		var of string
		of, err = l.table.columns.keyText(reflect.ValueOf(&item.rows[i]).Elem(), l.table.columns.owner, d)
		if err == nil && of != key {
			err = fmt.Errorf("row %d belongs to another owner", i)
		}
	}
	if err != nil {
		err = fmt.Errorf("sqlsink: children %s: %w", l.table.name, err)
	}
	return key, err
}

func (l *lists[O, R]) version(_ *list[O, R], o sink.Origin) string {
	version, _ := sink.PadSequence(o.Sequence) // an error comes up again when the list is written
	return version
}

func (l *lists[O, R]) write(ctx context.Context, tx *tx, writes []sink.Write[list[O, R]]) error {
	if tx.gathered != nil {
		return errOpen // which lists apply is read back
	}
	entries := make([]version40, len(writes))
	for i := range writes {
		w := &writes[i]
		version, err := sink.PadSequence(w.Origin.Sequence)
		if err != nil {
			return &sink.RowError{Row: i, Err: err}
		}
		key, err := l.key(&w.Row)
		if err != nil {
			return &sink.RowError{Row: i, Err: sink.Permanent(err)}
		}
		entries[i] = version40{keyHash(key), version}
	}
	newest, err := tx.advance(ctx, "children "+l.table.name, sorted(entries))
	if err != nil {
		return err
	}
	return l.replace(ctx, tx, writes, func(i int) bool { return newest[entries[i].hash] })
}

// sorted gives concurrent batches one order of locking.
func sorted(entries []version40) []version40 {
	return slices.SortedFunc(slices.Values(entries), func(a, b version40) int { return cmp.Compare(a.hash, b.hash) })
}

// replace deletes the lists of the owners that apply and inserts their rows.
func (l *lists[O, R]) replace(ctx context.Context, tx *tx, writes []sink.Write[list[O, R]], applies func(int) bool) (err error) {
	d, columns := tx.store.dialect, l.table.columns
	removed, inserted := newGrid(len(columns.owner), len(writes)), newGrid(len(columns.all), len(writes))
	for i := range writes {
		if !applies(i) {
			continue
		}
		owner := reflect.ValueOf(&writes[i].Row.owner).Elem()
		if removed.cells, err = l.owner.read(removed.cells, owner, l.owner.keys, d); err != nil {
			return l.table.rowError(i, err)
		}
		for k := range writes[i].Row.rows {
			row := reflect.ValueOf(&writes[i].Row.rows[k]).Elem()
			if inserted.cells, err = columns.read(inserted.cells, row, columns.every, d); err != nil {
				return l.table.rowError(i, fmt.Errorf("row %d of the list: %w", k, err))
			}
		}
	}
	err = removal{table: l.table.name, keys: columns.namesAt(columns.owner)}.exec(ctx, tx, removed)
	if err != nil {
		return err
	}
	return insert{l.table.name, columns.names()}.exec(ctx, tx, inserted)
}
