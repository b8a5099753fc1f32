package sinktest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"

	"github.com/dynasink/dynasink/sink"
)

// memory is a small store that keeps all promises, and breaks those that its faults name.
type memory struct {
	mu     sync.Mutex
	rows   map[string]stored
	log    []row
	events map[string]bool // what has been appended; nil where appending again is right
	faults map[string]bool
	busy   int
	failed bool
}

type stored struct {
	row      row
	sequence string
	present  bool
}

type row struct {
	key     string
	version int
	refused bool
}

type memoryTx struct {
	rows   map[string]stored
	log    []row
	events map[string]bool
}

var errRefused = errors.New("memory: refused")

func (m *memory) InTx(ctx context.Context, fn func(context.Context, *memoryTx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy++; m.busy%2 == 0 { // a deadlock, now and then
		err := errors.New("memory: deadlock")
		if m.faults["unmarked deadlock"] {
			return err
		}
		return sink.Transient(err)
	}
	if m.failed && m.faults["forgets failed units"] {
		return nil
	}
	tx := m.begin()
	err := fn(ctx, tx)
	if m.failed = err != nil; err == nil || m.faults["commits after errors"] {
		m.rows, m.log, m.events = tx.rows, tx.log, tx.events
	}
	return err
}

func (m *memory) begin() *memoryTx {
	tx := &memoryTx{m.rows, slices.Clone(m.log), maps.Clone(m.events)}
	switch {
	case m.faults["forgets tombstones"]:
		tx.rows = maps.Clone(m.rows)
		maps.DeleteFunc(tx.rows, func(_ string, s stored) bool { return !s.present })
	case m.faults["stale snapshot"]:
		tx.rows = map[string]stored{}
	case !m.faults["not atomic"]:
		tx.rows = maps.Clone(m.rows)
	}
	return tx
}

func (m *memory) key(r *row) (string, error) {
	if r.key == "" && m.faults["refuses empty keys"] {
		return "", errors.New("memory: empty key")
	}
	if m.faults["folds keys"] {
		return strings.ToLower(r.key), nil
	}
	return m.alter(r.key), nil
}

func (m *memory) alter(key string) string {
	switch {
	case m.faults["folds case"]:
		return strings.ToLower(key)
	case m.faults["trims keys"]:
		return strings.TrimRight(key, " ")
	case m.faults["cuts NUL"]:
		return strings.ReplaceAll(key, "\x00", "")
	case m.faults["cuts long keys"]:
		return key[:min(len(key), 255)]
	}
	return key
}

func (m *memory) write(_ context.Context, tx *memoryTx, writes []sink.Write[row]) error {
	if m.faults["first write wins"] {
		slices.Reverse(writes)
	}
	if m.faults["one statement"] {
		writes = writes[:min(len(writes), 1000)]
	}
	for i, w := range writes {
		if err := m.one(tx, w); err != nil {
			return m.refuse(i, w, err)
		}
	}
	return nil
}

func (m *memory) refuse(i int, w sink.Write[row], err error) error {
	switch {
	case m.faults["transient refusal"]:
		return sink.Transient(err)
	case m.faults["leaks values"]:
		err = fmt.Errorf("%w: %v", err, w.Row)
	case m.faults["blames another"]:
		return &sink.RowError{Row: (i + 1) % 3, Err: err}
	}
	return &sink.RowError{Row: i, Err: sink.Permanent(err)}
}

func (m *memory) one(tx *memoryTx, w sink.Write[row]) error {
	if w.Row.refused {
		if m.faults["skips refused rows"] {
			return nil
		}
		return errRefused
	}
	key := m.alter(w.Row.key)
	if tx.events != nil {
		return m.once(tx, key, w)
	}
	old := tx.rows[key]
	if m.faults["repetition fails"] && w.Origin.Sequence == old.sequence {
		return errors.New("memory: applied before")
	}
	if !m.newer(w.Origin.Sequence, old) && !(w.Delete && m.faults["guards upserts only"]) {
		return m.staleness()
	}
	return m.apply(tx, key, old, w)
}

// once appends what has not been appended before.
func (m *memory) once(tx *memoryTx, key string, w sink.Write[row]) error {
	event := fmt.Sprint(w.Origin.EventID, " ", w.Ordinal)
	if tx.events[event] && !m.faults["appends again"] {
		return nil
	}
	tx.events[event] = true
	return m.apply(tx, key, stored{}, w)
}

func (m *memory) staleness() error {
	if m.faults["stale rows fail"] {
		return errors.New("memory: stale")
	}
	return nil
}

func (m *memory) apply(tx *memoryTx, key string, old stored, w sink.Write[row]) error {
	switch {
	case w.Delete && !old.present && m.faults["absent rows fail"]:
		return errors.New("memory: no such row")
	case w.Delete && m.faults["never deletes"],
		w.Delete && m.faults["deletes by value"] && old.row != w.Row,
		!w.Delete && m.faults["inserts only"] && old.present,
		!w.Delete && m.faults["revives nothing"] && !old.present && old.sequence != "",
		!w.Delete && m.faults["updates only"] && !old.present:
		return nil
	case w.Delete && m.faults["no tombstones"]:
		delete(tx.rows, key)
		return nil
	}
	if r := w.Row; !w.Delete {
		r.key = key
		tx.log = append(tx.log, r)
		if m.faults["adds up"] || m.faults["repetition adds"] && w.Origin.Sequence == old.sequence {
			r.version += old.row.version
		}
		w.Row = r
	}
	tx.rows[key] = stored{w.Row, w.Origin.Sequence, !w.Delete}
	return nil
}

func (m *memory) newer(sequence string, old stored) bool {
	if old.sequence == "" || m.faults["no guard"] {
		return true
	}
	x, _ := new(big.Int).SetString(sequence, 10)
	y, _ := new(big.Int).SetString(old.sequence, 10)
	switch {
	case m.faults["compares text"]:
		return sequence >= old.sequence
	case m.faults["compares floats"]:
		a, _ := x.Float64()
		b, _ := y.Float64()
		return a >= b
	case m.faults["strictly newer"]:
		return x.Cmp(y) > 0
	}
	return x.Cmp(y) >= 0
}

func (m *memory) all(context.Context) ([]row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []row
	for _, s := range m.rows {
		if s.present {
			found = append(found, s.row)
		}
	}
	if m.faults["reads twice"] {
		found = append(found, found...)
	}
	return found, nil
}

func (m *memory) appended(context.Context) ([]row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log), nil
}
