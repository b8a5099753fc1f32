package sqlsink

import (
	"context"
	"fmt"
	"reflect"

	"github.com/dynasink/dynasink/sink"
)

// Table is a [sink.Target] for the rows of one table. It is made once, at start-up, and is safe for concurrent use.
type Table[R any] struct {
	port  *sink.Port[R]
	table *table
}

// table is what does not depend on the row type.
type table struct {
	store   *store
	name    string
	columns *columns
	guard   guard
	every   bool // write every change, not only the last of each row
}

// TableOption changes what [NewTable] returns.
type TableOption interface{ applyTable(*table) }

type tableOption func(*table)

func (o tableOption) applyTable(t *table) { o(t) }

// NewTable makes a target of the table called name (schema.name where the engine has schemas; names are quoted, so case
// counts). R is a struct with db tags, of which at least one has the option key; the key must be unique in the table.
//
// Of the changes of a row in one commit only the last is written, rows in the order of their keys. Where a second unique index
// lets rows take values from each other, see [EveryChange].
//
// Nothing is asked of the database: [DB.Preflight] does that.
func NewTable[R any](db *DB, name string, opts ...TableOption) (*Table[R], error) {
	if db == nil || name == "" || len(name) > maxName {
		return nil, fmt.Errorf("sqlsink: a table needs a DB and a name of 1 to %d bytes", maxName)
	}
	rowType := reflect.TypeFor[R]()
	columns, err := columnsOf(rowType)
	if err != nil {
		return nil, err
	}
	if len(columns.keys) == 0 {
		return nil, fmt.Errorf(`sqlsink: %v has no key column: tag one or more fields like db:"id,key"`, rowType)
	}
	t := &table{store: db.store, name: name, columns: columns, guard: &tombstoneGuard{column: GuardColumn}}
	for _, o := range opts {
		o.applyTable(t)
	}
	if err := t.bind(); err != nil {
		return nil, err
	}
	db.expect(t.spec())
	return &Table[R]{port: newPort[R](t), table: t}, nil
}

// Upsert implements [sink.Target].
func (t *Table[R]) Upsert(b *sink.Batch, row R) { t.port.Upsert(b, row) }

// Delete implements [sink.Target]. Only the key columns of key are read, and the version with [GuardVersion].
func (t *Table[R]) Delete(b *sink.Batch, key R) { t.port.Delete(b, key) }

// SameKey implements [sink.Keyed].
func (t *Table[R]) SameKey(a, b R) bool {
	return t.table.columns.sameKey(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem(), t.table.columns.keys, t.table.store.dialect)
}

// DeletesByState implements [sink.Stateful]: with [GuardVersion] the version of a delete is the last state's.
func (t *Table[R]) DeletesByState() bool {
	g, ok := t.table.guard.(*tombstoneGuard)
	return ok && g.own
}

func newPort[R any](t *table) *sink.Port[R] {
	var opts []sink.PortOption
	if t.guard.protects() {
		opts = append(opts, sink.GuardedBy(func(row *R, o sink.Origin) string {
			version, _ := t.guard.version(t, reflect.ValueOf(row).Elem(), o) // an error comes up again when it is written
			return version
		}))
	}
	if t.every {
		opts = append(opts, sink.EveryWrite())
	}
	return sink.NewPort(t.store,
		func(row *R) (string, error) { return t.keyText(reflect.ValueOf(row).Elem()) },
		func(ctx context.Context, tx *tx, writes []sink.Write[R]) error {
			changes, err := changesOf(t, writes)
			if err != nil {
				return err
			}
			return t.write(ctx, tx, changes)
		}, opts...)
}

func (t *table) keyText(row reflect.Value) (string, error) {
	key, err := t.columns.keyText(row, t.columns.keys, t.store.dialect)
	if err != nil {
		err = fmt.Errorf("sqlsink: table %s: %w", t.name, err)
	}
	return key, err
}

// change is one row to write or to remove.
type change struct {
	row     reflect.Value
	at      int    // the write that it is, for errors
	remove  bool   // only the key columns of row are set
	fresh   bool   // the row is most likely not in the table yet
	hash    string // what stands for the key in the guard tables; only where there are tombstones
	version string // the order guard's number, padded; "" if the table is unguarded
}

// split parts changes into what is to be written and what is to be removed.
func split(changes []change) (upserts, removals []change) {
	removals = make([]change, 0, len(changes)/4)
	upserts = changes[:0]
	for _, c := range changes {
		if c.remove {
			removals = append(removals, c)
		} else {
			upserts = append(upserts, c)
		}
	}
	return upserts, removals
}

func changesOf[R any](t *table, writes []sink.Write[R]) ([]change, error) {
	changes := make([]change, len(writes))
	for i := range writes {
		w := &writes[i]
		row := reflect.ValueOf(&w.Row).Elem()
		version, err := t.guard.version(t, row, w.Origin)
		if err != nil {
			return nil, t.rowError(i, err)
		}
		changes[i] = change{row: row, at: i, remove: w.Delete, fresh: w.New, version: version}
	}
	return changes, nil
}

// rowError is an error about one write.
func (t *table) rowError(write int, err error) error {
	return &sink.RowError{Row: write, Err: sink.Permanent(fmt.Errorf("sqlsink: table %s: %w", t.name, err))}
}

// grid reads some columns of changes, and after them the values that extra makes.
func (t *table) grid(tx *tx, changes []change, columns []int, extra ...func(*change) datum) (*grid, error) {
	g := tx.space.grid(len(columns)+len(extra), len(changes))
	for i := range changes {
		var err error
		if g.cells, err = t.read(g.cells, &changes[i], columns, extra...); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// read appends a change's row of a grid.
func (t *table) read(cells []datum, c *change, columns []int, extra ...func(*change) datum) ([]datum, error) {
	cells, err := t.columns.read(cells, c.row, columns, t.store.dialect)
	if err != nil {
		return cells, t.rowError(c.at, err)
	}
	for _, e := range extra {
		cells = append(cells, e(c))
	}
	return cells, nil
}

func versionOf(c *change) datum { return textOf(c.version) }

func hashOf(c *change) datum { return textOf(c.hash) }

func nullOf(*change) datum { return datum{} }

// remove deletes rows; guardColumn is "" for an unguarded table.
func (t *table) remove(ctx context.Context, tx *tx, guardColumn string, removals []change, extra ...func(*change) datum) error {
	rows, err := t.grid(tx, removals, t.columns.keys, extra...)
	if err != nil {
		return err
	}
	return removal{table: t.name, keys: t.columns.keyNames(), guard: guardColumn}.exec(ctx, tx, rows)
}

// upsert writes rows of t; guardColumn is "" for an unguarded table. extra columns follow a row's own.
func (t *table) upsert(guardColumn string, extra ...string) upsert {
	return upsert{
		table: t.name, columns: append(t.columns.names(), extra...), keys: t.columns.keyNames(), guard: guardColumn,
	}
}
