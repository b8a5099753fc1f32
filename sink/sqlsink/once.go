package sqlsink

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// inboxTable remembers which records a Once function has been applied for.
const inboxTable = "dynasink_inbox"

// Once stages fn to take effect once per record and name, however often the record is delivered: for counters and
// anything else that must not be repeated. The record is entered in the table dynasink_inbox in the same transaction, and
// a later delivery finds it there. name tells one effect of a record from another; a name staged twice by one record
// fails the record, and so does a record without an event ID.
//
// The inbox costs one look-up per batch and name, not per record.
func (d *DB) Once(b *sink.Batch, name string, fn Function, opts ...FunctionOption) {
	o := b.Origin()
	err := checkFunction("Once", name, fn)
	switch {
	case err != nil:
		b.Fail(err)
	case o.EventID == "":
		b.Fail(sink.Permanent(fmt.Errorf("sqlsink: Once(%q): the record has no event ID to be known by", name)))
	default:
		call := &onceCall{name: name, event: keyHash(o.Source, o.EventID), origin: o}
		d.do(b, true, call, opts, func(ctx context.Context, tx *tx) error {
			if !tx.fresh[call] {
				return nil
			}
			return tx.call(ctx, fn)
		})
	}
}

type onceCall struct {
	name   string
	event  string
	origin sink.Origin
}

// Prepare implements sink.Preparer: it enters all Once functions of the transaction in the inbox, with one statement per
// name, and finds out which were not there.
func (s *store) Prepare(ctx context.Context, tx *tx, actions []sink.Action[*tx]) error {
	if tx.gathered != nil && len(actions) > 0 {
		return errOpen // before anything is gathered in vain
	}
	calls := map[string]map[string]*onceCall{} // name → event → first call
	for _, a := range actions {
		call, ok := a.Tag.(*onceCall)
		if !ok {
			continue
		}
		if calls[call.name] == nil {
			calls[call.name] = map[string]*onceCall{}
		}
		first := calls[call.name][call.event]
		if first == nil {
			calls[call.name][call.event] = call
		} else if first.origin.Index == call.origin.Index {
			return &sink.RecordError{Origin: call.origin, Err: sink.Permanent(
				fmt.Errorf("sqlsink: Once(%q) was staged twice by one record: give each effect a name of its own", call.name))}
		}
	}
	tx.fresh = map[*onceCall]bool{}
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		if err := tx.enter(ctx, name, calls[name]); err != nil {
			return err
		}
	}
	return nil
}

// enter writes the events of a name into the inbox and marks those as fresh that were not there. Events are sorted, so
// that concurrent batches wait for each other instead of deadlocking; a concurrent delivery of the same event is waited for.
func (t *tx) enter(ctx context.Context, name string, calls map[string]*onceCall) error {
	token := strings.ToLower(rand.Text())
	for events := range slices.Chunk(slices.Sorted(maps.Keys(calls)), 1000) {
		fresh := func(columns []string) { t.fresh[calls[columns[0]]] = true }
		if err := t.enterChunk(ctx, name, token, events, fresh); err != nil {
			return withDDL(err, t.store.dialect, inboxTable)
		}
	}
	return nil
}

func (t *tx) enterChunk(ctx context.Context, name, token string, events []string, fresh func([]string)) error {
	d := t.store.dialect
	rows := newGrid(4, len(events))
	for _, event := range events {
		rows.add(textOf(name), textOf(event), textOf(token), momentOf(t.now))
	}
	entry := insert{inboxTable, []string{"name", "event_key", "token", "applied_at"}}
	s := t.statement()
	if d == PostgreSQL {
		types, err := t.columnTypes(ctx, inboxTable, entry.columns)
		if err != nil {
			return err
		}
		entry.fromArrays(s, sourceOf(rows, types), false)
	} else {
		entry.into(s).rows(rows)
	}
	if d != MySQL {
		s.text(" ON CONFLICT (name, event_key) DO NOTHING RETURNING event_key")
		return t.collect(ctx, "enter into the inbox", s, 1, fresh)
	}
	// MySQL has no RETURNING: what this transaction wrote carries its token.
	s.text(" ON DUPLICATE KEY UPDATE event_key = ", inboxTable, ".event_key")
	if err := t.exec(ctx, "enter into the inbox", s); err != nil {
		return err
	}
	mine := t.statement()
	mine.text("SELECT event_key FROM ", inboxTable, " WHERE token = ").arg(textOf(token)).text(" AND name = ").arg(textOf(name))
	mine.text(" AND event_key").in(events)
	return t.collect(ctx, "read the inbox", mine, 1, fresh)
}

// withDDL adds the statement that creates a table of ours to an error that says that it is missing.
func withDDL(err error, d Dialect, table string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	text := e.Err.Error()
	missing := e.SQLState == "42P01" || e.Number == 1146 || strings.Contains(text, "no such table")
	if !missing || !strings.Contains(text, table) {
		return err
	}
	return fmt.Errorf("%w; create it with: %s", err, ddl(d, table))
}
