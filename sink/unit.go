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
	free    []Batch // the rest of a chunk, to allocate batches together
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
	commit(ctx context.Context, keep func(*Batch) bool) error
}

// NewUnit returns an empty unit.
func NewUnit() *Unit {
	return &Unit{stages: map[any]any{}, groups: map[any]any{}}
}

// Begin adds the next record to the unit and returns its batch. Origin.Index is set to the record's position.
func (u *Unit) Begin(o Origin) *Batch {
	u.mu.Lock()
	defer u.mu.Unlock()
	o.Index = u.count
	u.count++
	return u.open(o)
}

// Retry returns a new batch for the record of b, whose handler has failed and is called again. What was staged on b stays
// dropped.
func (u *Unit) Retry(b *Batch) *Batch {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !b.ended || b.err == nil {
		b.ended, b.err = true, errRetried
	}
	return u.open(b.origin)
}

func (u *Unit) open(o Origin) *Batch {
	const chunk = 64
	if len(u.free) == 0 {
		u.free = make([]Batch, chunk)
	}
	b := &u.free[0]
	u.free = u.free[1:]
	b.unit, b.origin = u, o
	return b
}

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
	kept := func(b *Batch) bool {
		return b.ended && b.err == nil && (keep == nil || keep(b.origin.Index))
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
	batch  *Batch
	staged int32
}

func (p position) record() int { return p.batch.origin.Index }

func (p position) before(q position) bool {
	return p.record() < q.record() || p.record() == q.record() && p.staged < q.staged
}

func byRecord(p, q position) int { return p.record() - q.record() }

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
	return position{b, u.staged}, true
}
