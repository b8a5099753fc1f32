package sinktest

import (
	"context"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

// subject returns a new store with these faults.
func subject(features Features, faults ...string) Subject[row] {
	m := &memory{rows: map[string]stored{}, faults: map[string]bool{}}
	for _, f := range faults {
		m.faults[f] = true
	}
	s := Subject[row]{
		Target:  sink.NewPort(m, m.key, m.write, m.options(features)...),
		Rows:    m.all,
		Row:     func(key string, version int) row { return row{key: key, version: version} },
		Key:     func(r row) string { return r.key },
		Same:    func(a, b row) bool { return a == b },
		Refused: func(key string) row { return row{key: key, refused: true} },
		Act:     m.act,
	}
	if features.Append {
		s.Rows = m.appended
	}
	if features.Append && features.Guarded {
		m.events = map[string]bool{}
	}
	if m.faults["writes at once"] {
		s.Target = eager{m, s.Target}
	}
	return s
}

func (m *memory) options(features Features) []sink.PortOption {
	var options []sink.PortOption
	if features.Append && !m.faults["compacts"] || m.faults["first write wins"] {
		options = append(options, sink.EveryWrite())
	}
	if features.Guarded && !m.faults["undeclared"] {
		options = append(options, m.guard())
	}
	if !features.Guarded {
		m.faults["no guard"] = true
	}
	return options
}

func (m *memory) guard() sink.PortOption {
	if m.faults["trusts the order of batches"] {
		return sink.Guarded()
	}
	return sink.GuardedBy(func(_ *row, o sink.Origin) string {
		padded, _ := sink.PadSequence(o.Sequence) // the suite's are sound
		return padded
	})
}

func (m *memory) act(b *sink.Batch, run func() error) {
	if m.faults["drops functions"] {
		return
	}
	sink.Do(b, m, sink.Action[*memoryTx]{Run: func(context.Context, *memoryTx) error { return run() }})
}

// eager is a target that does not wait for the commit.
type eager struct {
	m *memory
	sink.Target[row]
}

func (e eager) Upsert(b *sink.Batch, r row) {
	e.m.mu.Lock()
	e.m.rows[r.key] = stored{r, b.Origin().Sequence, true}
	e.m.mu.Unlock()
	e.Target.Upsert(b, r)
}

// guardedStore and plainStore are what a store of rows promises, appendingStore what a log does, onceStore what one does that knows what it holds.
var (
	guardedStore   = Features{Transactional: true, Guarded: true, EmptyKey: true}
	plainStore     = Features{Transactional: true, EmptyKey: true}
	appendingStore = Features{Transactional: true, Append: true}
	onceStore      = Features{Transactional: true, Append: true, Guarded: true}
)

func TestSoundStores(t *testing.T) {
	t.Parallel()
	for name, features := range map[string]Features{"guarded": guardedStore, "plain": plainStore, "appending": appendingStore, "appending once": onceStore} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, Config[row]{Features: features, New: func(t *testing.T) Subject[row] {
				t.Parallel()
				return subject(features)
			}})
		})
	}
}
