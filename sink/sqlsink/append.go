package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/dynasink/dynasink/sink"
)

// EventColumn is the name of the column by which an [Append] target knows what it has appended: CHAR(64), unique. [EventIn]
// can be told another one.
const EventColumn = "stream_event"

// Append is a [sink.Target] that adds a row for every staged write and replaces none: a history of the items, an outbox.
// It is made once, at start-up, and is safe for concurrent use.
//
// A write that is delivered again is not appended again, however late, because its row carries a hash of what names the
// write: the stream, the record's event ID and which write of the record it is. So a handler stages the same rows in the
// same order when it gets a record again. A record without an event ID fails.
//
// Rows are in no order but that of a column: [SequenceIn], or the time of the change in a field of the row.
type Append[R any] struct {
	table   *table
	port    *sink.Port[R]
	removes bool // a removal can be told from a state
}

// AppendOption changes what [NewAppend] returns.
type AppendOption interface{ applyAppend(*journal) }

type appendOption func(*journal)

func (o appendOption) applyAppend(j *journal) { o(j) }

// EventIn sets the name of the event column, which is [EventColumn] by default. It must be unique in the table: PostgreSQL and
// SQLite refuse to append where it is not, and MySQL would append redelivered rows again.
func EventIn(column string) AppendOption {
	return appendOption(func(j *journal) { j.event = column })
}

// SequenceIn has the sequence number of the stream record written to a column, padded with zeros to CHAR(40): within one
// stream the column sorts rows by their changes. By default there is none.
func SequenceIn(column string) AppendOption {
	return appendOption(func(j *journal) { j.sequence = column })
}

// EventNameIn has INSERT, MODIFY or REMOVE written to a column of text: REMOVE for a Delete, and for an Upsert what the stream
// record is, NULL if that is not known. Without such a column a Delete fails its record, because its row would look like
// a state of the item.
func EventNameIn(column string) AppendOption {
	return appendOption(func(j *journal) { j.eventName = column })
}

// AppendAs names what appends, "" by default. Two targets that append to one table for the same records, in one program or
// in two, need different names, or one would take the other's rows for its own, appended before.
func AppendAs(name string) AppendOption {
	return appendOption(func(j *journal) { j.writer = name })
}

// NewAppend makes a target that appends to the table called name (see [NewTable]). R is a struct with db tags; it needs no
// key.
func NewAppend[R any](db *DB, name string, opts ...AppendOption) (*Append[R], error) {
	if db == nil || name == "" || len(name) > maxName {
		return nil, fmt.Errorf("sqlsink: a table needs a DB and a name of 1 to %d bytes", maxName)
	}
	columns, err := columnsOf(reflect.TypeFor[R]())
	if err != nil {
		return nil, err
	}
	j := &journal{event: EventColumn}
	for _, o := range opts {
		o.applyAppend(j)
	}
	t := &table{store: db.store, name: name, columns: columns, guard: j}
	if err := j.bind(t); err != nil {
		return nil, err
	}
	if err := db.addAppend(name, j.writer); err != nil {
		return nil, err
	}
	db.expect(t.spec())
	write := func(ctx context.Context, tx *tx, writes []sink.Write[R]) error {
		return appendTo(ctx, tx, t, j, writes)
	}
	port := sink.NewPort(db.store, anyRow[R], write, sink.Guarded(), sink.EveryWrite())
	return &Append[R]{t, port, j.eventName != ""}, nil
}

// addAppend refuses a second target that would be known by the same name.
func (d *DB) addAppend(table, writer string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := [2]string{table, writer}
	if d.appends[id] {
		return fmt.Errorf("sqlsink: two targets append to %s as %q: each would take the other's rows for its own; use one, or name them with AppendAs", table, writer)
	}
	if d.appends == nil {
		d.appends = map[[2]string]bool{}
	}
	d.appends[id] = true
	return nil
}

func anyRow[R any](*R) (struct{}, error) { return struct{}{}, nil }

var (
	errNoEvent  = errors.New("the record has no event ID to be known by")
	errNoChange = errors.New("a Delete needs a column that tells it from an Upsert: name one with EventNameIn")
)

// Upsert implements [sink.Target]: it stages row to be appended.
func (a *Append[R]) Upsert(b *sink.Batch, row R) {
	if b.Origin().EventID == "" {
		b.Fail(sink.Permanent(fmt.Errorf("sqlsink: Append: %w", errNoEvent)))
		return
	}
	a.port.Upsert(b, row)
}

// Delete implements [sink.Target]: it stages row to be appended as a REMOVE, with all its fields as they are; pass the row made of
// the OldImage where there is one. Without [EventNameIn] it fails the record.
func (a *Append[R]) Delete(b *sink.Batch, row R) {
	if !a.removes {
		b.Fail(fmt.Errorf("sqlsink: Append: %w", errNoChange))
		return
	}
	if b.Origin().EventID == "" {
		b.Fail(sink.Permanent(fmt.Errorf("sqlsink: Append: %w", errNoEvent)))
		return
	}
	a.port.Delete(b, row)
}

// SameKey implements [sink.Keyed]: rows that are appended never move, so all are one.
func (a *Append[R]) SameKey(x, y R) bool { return a.port.SameKey(x, y) }

// journal is what an appended row has beside the columns of its type. It takes the place of a table's guard.
type journal struct {
	noGuard
	event, sequence, eventName string // columns
	writer                     string
}

func (j *journal) bind(t *table) error {
	seen := map[string]bool{}
	for _, column := range j.columns() {
		if _, err := t.columnNamed(column); err == nil || column == "" || seen[column] {
			return fmt.Errorf("sqlsink: table %s: the target fills the column %q itself, so it needs a name of its own", t.name, column)
		}
		seen[column] = true
	}
	return nil
}

// columns lists those that are filled, the event's first.
func (j *journal) columns() []string {
	columns := []string{j.event}
	for _, column := range []string{j.sequence, j.eventName} {
		if column != "" {
			columns = append(columns, column)
		}
	}
	return columns
}

func (j *journal) version(_ *table, _ reflect.Value, o sink.Origin) (string, error) {
	if j.sequence == "" {
		return "", nil
	}
	return sequenceVersion(o)
}

// hash names a write for ever: rows are known again by it after any time.
func (j *journal) hash(o *sink.Origin, ordinal int) string {
	return keyHash(j.writer, o.Source, o.EventID, strconv.Itoa(ordinal))
}

func (j *journal) needs(s *tableSpec) {
	s.needEvent(j.event)
	if j.sequence != "" {
		s.needGuard(j.sequence)
	}
	if j.eventName != "" {
		s.columns = append(s.columns, columnSpec{name: j.eventName, holds: wantText, declared: "VARCHAR(6)", nullable: true})
	}
}

// appendTo writes rows; one that is there already stays as it is.
func appendTo[R any](ctx context.Context, tx *tx, t *table, j *journal, writes []sink.Write[R]) error {
	changes, err := changesOf(t, writes)
	if err != nil {
		return err
	}
	for i := range changes {
		w, c := &writes[i], &changes[i]
		c.fresh = true // unless it is redelivered
		c.hash = j.hash(&w.Origin, w.Ordinal)
	}
	cells := []func(*change) datum{hashOf}
	if j.sequence != "" {
		cells = append(cells, versionOf)
	}
	if j.eventName != "" {
		cells = append(cells, func(c *change) datum { return eventNameOf(c.remove, writes[c.at].Origin.EventName) })
	}
	u := t.upsert("", j.columns()...)
	u.keys, u.keep = []string{j.event}, true
	return t.put(ctx, tx, u, changes, cells...)
}

func eventNameOf(remove bool, name string) datum {
	switch {
	case remove:
		return textOf("REMOVE")
	case name == "":
		return datum{}
	}
	return textOf(name)
}
