package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/dynasink/dynasink/sink"
)

// GuardColumn is the name of the column that holds the sequence number of the change that wrote a row: CHAR(40), digits
// padded with zeros. [Tombstones] and [SoftDelete] can be told another one. A row where it is NULL is older than any
// change.
const GuardColumn = "stream_sequence"

// guard decides whether a change may be applied to a row. Changes of a row are ordered by a version: the sequence number of
// the stream record, or an attribute of the item. A change applies if its version is not lower than the one that is there;
// equal versions are writes of one record, which apply in their order.
type guard interface {
	// bind completes the guard for a table at start-up.
	bind(t *table) error
	// protects reports whether repeating a write is harmless.
	protects() bool
	// version returns the padded version of a change.
	version(t *table, row reflect.Value, o sink.Origin) (string, error)
	// write applies changes, each row at most once: removals first, because a row that moves to another key would
	// otherwise collide with itself in a unique index.
	write(ctx context.Context, tx *tx, t *table, changes []change) error
	// needs adds what the schema must have beside the columns of the row type.
	needs(s *tableSpec)
}

// Unguarded turns the order guard off: for targets that something else protects, or where an old delivery that
// overwrites a newer one does no harm. Redelivered batches are then applied again.
func Unguarded() TableOption {
	return tableOption(func(t *table) { t.guard = noGuard{} })
}

type noGuard struct{}

func (noGuard) bind(*table) error                                          { return nil }
func (noGuard) protects() bool                                             { return false }
func (noGuard) version(*table, reflect.Value, sink.Origin) (string, error) { return "", nil }
func (noGuard) needs(*tableSpec)                                           {}

func (noGuard) write(ctx context.Context, tx *tx, t *table, changes []change) error {
	upserts, removals := split(changes)
	if err := t.remove(ctx, tx, "", removals); err != nil {
		return err
	}
	return t.put(ctx, tx, t.upsert(""), upserts)
}

// GuardVersion orders changes by a column of the row type instead of the sequence number: a version attribute that grows
// with every change of the item. It is for rows that come from several streams, whose sequence numbers cannot be
// compared. The column is of a type of whole numbers (BIGINT, NUMERIC; not text, where 10 comes before 9, and on SQLite no
// more than 64 bits) and holds a non-negative one; for a delete it is read from the key row, so pass the row made of
// the OldImage (with the same version as the last upsert, which the delete then outweighs). Deletes leave tombstones, so an
// item that is made again must go on from a higher version.
func GuardVersion(column string) TableOption {
	return tableOption(func(t *table) { t.guard = &tombstoneGuard{column: column, own: true} })
}

// sequenceVersion is the version of a change by its stream record.
func sequenceVersion(o sink.Origin) (string, error) { return sink.PadSequence(o.Sequence) }

// columnVersion is the version of a change by an attribute of the item.
func columnVersion(c *column, row reflect.Value, d Dialect) (string, error) {
	value, err := c.value(row, d)
	if err != nil {
		return "", err
	}
	var digits string
	switch value.kind {
	case integer:
		digits = strconv.FormatInt(value.n, 10)
	case textual:
		digits = value.text
	case real:
		if f := value.real(); f == math.Trunc(f) && f < 1<<53 {
			digits = strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	version, err := sink.PadSequence(digits)
	if err != nil {
		return "", sink.Permanent(fmt.Errorf("column %q: a version must be a non-negative integer of at most %d digits", c.name, sink.SequenceDigits))
	}
	return version, nil
}

func (t *table) columnNamed(name string) (*column, error) {
	for i := range t.columns.all {
		if t.columns.all[i].name == name {
			return &t.columns.all[i], nil
		}
	}
	return nil, fmt.Errorf("sqlsink: table %s: the row type has no column %q for GuardVersion", t.name, name)
}

// free makes sure that a guard's column is not one of the row type's.
func (t *table) free(name string) error {
	if name == "" {
		return errors.New("sqlsink: a guard column needs a name")
	}
	if _, err := t.columnNamed(name); err == nil {
		return fmt.Errorf("sqlsink: table %s: the column %q belongs to the order guard, and the row type has one of that name", t.name, name)
	}
	return nil
}
