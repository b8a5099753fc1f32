package sink

import (
	"context"
	"slices"
	"sync"
)

// Unit is the unit of work of one Lambda batch: what all its records staged, until it is committed. It is made by
// whatever runs handlers; a handler sees only its record's [Batch].
//
// Staging is safe for concurrent use. Commits of one unit must not overlap, neither with each other nor with staging.
type Unit struct {
	mu      sync.Mutex
	batches [][]Batch // in chunks, so that a *Batch stays valid while more records begin
	count   int
	staged  int32       // numbers every staged write and action, across all sinks
	highest int         // highest record that staged anything
	mixed   bool        // a record staged after a later one had: whole-batch handlers may
	stages  map[any]any // *port → *stage
	groups  map[any]any // sink → *group
	order   []committer // all groups
	late    error
}

// committer is a group with its transaction type erased.
type committer interface {
	place() (rank, uint64)
	commit(ctx context.Context, keep func(record int) bool) error
}

const chunk = 64

// NewUnit returns an empty unit.
func NewUnit() *Unit {
	return &Unit{stages: map[any]any{}, groups: map[any]any{}}
}

// Begin adds the next record to the unit and returns its batch. Origin.Index is set to the record's position.
func (u *Unit) Begin(o Origin) *Batch {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.count%chunk == 0 {
		u.batches = append(u.batches, make([]Batch, chunk))
	}
	o.Index = u.count
	b := u.batch(u.count)
	u.count++
	*b = Batch{unit: u, origin: o}
	return b
}

func (u *Unit) batch(record int) *Batch { return &u.batches[record/chunk][record%chunk] }

// Len returns how many records have begun.
func (u *Unit) Len() int { return u.count }

// Unguarded reports whether record staged work that is not protected against being applied again: an effect sink, an
// append-only target, a function that runs at least once.
func (u *Unit) Unguarded(record int) bool { return u.batch(record).unguarded }

// Err returns an error if a batch was used after its handler had returned. Whoever runs handlers asks once more after
// the last commit, and fails the invocation with it.
func (u *Unit) Err() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.late
}

// Commit writes what was staged by the records that keep accepts, each sink in one transaction; keep == nil accepts
// all. Records that failed or whose handler has not returned are never committed.
//
// Sinks commit in a fixed order: those that guard their rows, then other transactional ones, then effects ([Func]);
// within a kind in the order in which their targets were created. The first error ends the commit: sinks before it have
// committed, it and later ones have not. A sink is not given a record again that it has committed, so a failed commit
// is simply called again, with the same records or fewer.
//
// The error wraps a [RecordError] when the sink knows the record that failed.
func (u *Unit) Commit(ctx context.Context, keep func(record int) bool) error {
	if err := u.Err(); err != nil {
		return err
	}
	u.sort()
	kept := func(record int) bool {
		b := u.batch(record)
		return b.ended && b.err == nil && (keep == nil || keep(record))
	}
	for _, g := range u.order {
		if err := g.commit(ctx, kept); err != nil {
			return err
		}
	}
	return nil
}

func (u *Unit) sort() {
	slices.SortStableFunc(u.order, func(a, b committer) int {
		rankA, createdA := a.place()
		rankB, createdB := b.place()
		if rankA != rankB {
			return int(rankA) - int(rankB)
		}
		return int(createdA) - int(createdB)
	})
}

// position orders everything a unit holds: by record, and within one record as it was staged. Whole-batch handlers
// may stage for the records in any order.
type position struct {
	record int32
	staged int32
}

func (p position) before(q position) bool {
	return p.record < q.record || p.record == q.record && p.staged < q.staged
}

// enter checks that b may stage and gives what it stages its position; the caller holds u.mu.
func (u *Unit) enter(b *Batch, guarded bool) (position, bool) {
	if b.ended {
		u.misused(b)
		return position{}, false
	}
	b.unguarded = b.unguarded || !guarded
	u.mixed = u.mixed || b.origin.Index < u.highest
	u.highest = max(u.highest, b.origin.Index)
	u.staged++
	return position{int32(b.origin.Index), u.staged}, true
}
