package sink

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// rank is the place of a kind of sink in a unit's commit.
type rank uint8

const (
	rankGuarded rank = iota
	rankTransaction
	rankEffect
)

// group is what one unit staged for one sink. All targets and actions of a sink share its transaction.
type group[Tx any] struct {
	unit    *Unit
	sink    Sink[Tx]
	rank    rank
	created uint64
	members []member[Tx] // in the order in which their ports were created
	actions []action[Tx]
	done    []bool // records this sink has committed
}

// member is a stage with its row and key types erased, once per commit and not per row.
type member[Tx any] interface {
	created() uint64
	begin(ordered bool)
	holds(keep func(*Batch) bool) bool
	finish(keep func(*Batch) bool, done []bool)
	// flush writes the kept entries before end (nil: all) that no earlier flush of this run has seen.
	flush(ctx context.Context, tx Tx, keep func(*Batch) bool, end *position) error
}

type action[Tx any] struct {
	Action[Tx]
	at position
}

// groupOf finds or makes the group of s; the caller holds u.mu.
func groupOf[Tx any](u *Unit, s Sink[Tx], r rank, created uint64) *group[Tx] {
	var id any = s
	if !reflect.ValueOf(s).Comparable() {
		id = new(byte) // a sink without identity shares its transaction with nobody
	}
	if g, ok := u.groups[id].(*group[Tx]); ok {
		g.rank, g.created = min(g.rank, r), min(g.created, created)
		return g
	}
	g := &group[Tx]{unit: u, sink: s, rank: r, created: created}
	u.groups[id] = g
	u.order = append(u.order, g)
	return g
}

func (g *group[Tx]) place() (rank, uint64) { return g.rank, g.created }

func (g *group[Tx]) add(m member[Tx]) {
	at, _ := slices.BinarySearchFunc(g.members, m.created(), func(m member[Tx], created uint64) int {
		return int(m.created()) - int(created)
	})
	g.members = slices.Insert(g.members, at, m)
}

func (g *group[Tx]) commit(ctx context.Context, keep func(*Batch) bool) (err error) {
	g.done = slices.Grow(g.done, g.unit.count-len(g.done))[:g.unit.count]
	due := func(b *Batch) bool { return !g.done[b.origin.Index] && keep(b) }
	if !g.holds(due) {
		return nil
	}
	if g.unit.mixed {
		slices.SortStableFunc(g.actions, func(a, b action[Tx]) int { return byRecord(a.at, b.at) })
	}
	if err := g.inTx(ctx, due); err != nil {
		return err
	}
	g.finish(due)
	return nil
}

var errNotRun = errors.New("sink: InTx returned nil without running its function to the end")

// inTx runs one transaction and checks the sink's side of the contract: nil means written.
func (g *group[Tx]) inTx(ctx context.Context, due func(*Batch) bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
	}()
	if err := ctx.Err(); err != nil { // an effect cannot be taken back, so it does not start late
		return fmt.Errorf("sink: not committed: %w", err)
	}
	written := errNotRun
	// The sink may call the function again after a transaction that did not commit, so it starts afresh each time.
	err = g.sink.InTx(ctx, func(ctx context.Context, tx Tx) error {
		written = errNotRun // also when write panics and the sink recovers
		written = g.write(ctx, tx, due)
		return written
	})
	if err != nil {
		return err
	}
	return written
}

// finish remembers the records that this sink has committed.
func (g *group[Tx]) finish(due func(*Batch) bool) {
	done := make([]bool, len(g.done))
	for i := range g.actions {
		if b := g.actions[i].at.batch; due(b) {
			done[b.origin.Index] = true
		}
	}
	for _, m := range g.members {
		m.finish(due, done)
	}
	for record := range done {
		g.done[record] = g.done[record] || done[record]
	}
}

func (g *group[Tx]) holds(due func(*Batch) bool) bool {
	for i := range g.actions {
		if due(g.actions[i].at.batch) {
			return true
		}
	}
	return slices.ContainsFunc(g.members, func(m member[Tx]) bool { return m.holds(due) })
}

// write runs one transaction: rows up to the first barrier, the barrier's function, rows up to the next, and so on.
func (g *group[Tx]) write(ctx context.Context, tx Tx, due func(*Batch) bool) error {
	for _, m := range g.members {
		m.begin(g.unit.mixed)
	}
	if err := g.prepare(ctx, tx, due); err != nil {
		return err
	}
	for i := range g.actions {
		a := &g.actions[i]
		if !due(a.at.batch) {
			continue
		}
		if !a.Unordered {
			if err := g.flush(ctx, tx, due, &a.at); err != nil {
				return err
			}
		}
		if err := a.Run(ctx, tx); err != nil {
			return atRecord(a.at.batch.origin, err)
		}
	}
	return g.flush(ctx, tx, due, nil)
}

func (g *group[Tx]) prepare(ctx context.Context, tx Tx, due func(*Batch) bool) error {
	p, ok := g.sink.(Preparer[Tx])
	if !ok || len(g.actions) == 0 {
		return nil
	}
	kept := make([]Action[Tx], 0, len(g.actions))
	for i := range g.actions {
		if due(g.actions[i].at.batch) {
			kept = append(kept, g.actions[i].Action)
		}
	}
	return p.Prepare(ctx, tx, kept)
}

func (g *group[Tx]) flush(ctx context.Context, tx Tx, due func(*Batch) bool, end *position) error {
	for _, m := range g.members {
		if err := m.flush(ctx, tx, due, end); err != nil {
			return err
		}
	}
	return nil
}

func atRecord(o Origin, err error) error {
	var known *RecordError
	if errors.As(err, &known) {
		return err
	}
	return &RecordError{o, err}
}
