package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// stage is what one unit staged for one port.
type stage[R any, K comparable, Tx any] struct {
	port     *port[R, K, Tx]
	entries  []entry[R, K]
	places   []R              // for the rows to come
	ordinals map[*Batch]int32 // how many entries a record has, with EveryWrite
	next     int
	sorted   bool
}

type entry[R any, K comparable] struct {
	row     *R
	key     K
	at      position
	ordinal int32
	remove  bool
	fresh   bool // what Write.New tells, known when the entry has been picked
}

func (s *stage[R, K, Tx]) created() uint64 { return s.port.number }

// ordinal counts what b stages, for ports that hand over every write.
func (s *stage[R, K, Tx]) ordinal(b *Batch) int32 {
	if !s.port.every {
		return 0
	}
	if s.ordinals == nil {
		s.ordinals = map[*Batch]int32{}
	}
	n := s.ordinals[b]
	s.ordinals[b] = n + 1
	return n
}

// add makes room for the rows to come, or doubles it: append would grow a long slice by a quarter, and copy rows four
// times on average.
func (s *stage[R, K, Tx]) add(e entry[R, K]) {
	if len(s.entries) == cap(s.entries) {
		left := e.at.batch.unit.count - e.at.record() // records that have begun and may stage a row each
		s.entries = slices.Grow(s.entries, max(16, len(s.entries), left))
	}
	s.entries = append(s.entries, e)
	s.sorted = false
}

func (s *stage[R, K, Tx]) begin(mixed bool) {
	s.next = 0
	if mixed && !s.sorted {
		slices.SortStableFunc(s.entries, func(a, b entry[R, K]) int { return byRecord(a.at, b.at) })
		s.sorted = true
	}
}

func (s *stage[R, K, Tx]) holds(keep func(*Batch) bool) bool {
	return slices.ContainsFunc(s.entries, func(e entry[R, K]) bool { return keep(e.at.batch) })
}

func (s *stage[R, K, Tx]) finish(keep func(*Batch) bool, done []bool) {
	for i := range s.entries {
		if b := s.entries[i].at.batch; keep(b) {
			done[b.origin.Index] = true
		}
	}
}

func (s *stage[R, K, Tx]) flush(ctx context.Context, tx Tx, keep func(*Batch) bool, end *position) error {
	first := s.next
	for s.next < len(s.entries) && (end == nil || s.entries[s.next].at.before(*end)) {
		s.next++
	}
	picked := s.pick(s.entries[first:s.next], keep)
	if len(picked) == 0 {
		return nil
	}
	writes := s.writes(picked)
	err := s.locate(s.port.write(ctx, tx, slices.Clip(writes)), writes)
	s.port.keep(writes)
	return err
}

// pick returns the entries to write: the kept ones, compacted to the last of each row and sorted, as the port says.
func (s *stage[R, K, Tx]) pick(entries []entry[R, K], keep func(*Batch) bool) []*entry[R, K] {
	picked := make([]*entry[R, K], 0, len(entries))
	var rows map[K]int
	if !s.port.every {
		rows = make(map[K]int, len(entries))
	}
	for i := range entries {
		e := &entries[i]
		if !keep(e.at.batch) {
			continue
		}
		if at, seen := rows[e.key]; seen {
			if !s.stale(e, picked[at]) {
				e.fresh = picked[at].fresh
				picked[at] = e
			}
			continue
		}
		e.fresh = !e.remove && e.at.batch.origin.EventName == "INSERT"
		if rows != nil {
			rows[e.key] = len(picked)
		}
		picked = append(picked, e)
	}
	if s.port.compare != nil && !s.port.every {
		sortMostlyRising(picked, func(a, b *entry[R, K]) int { return s.port.compare(a.key, b.key) })
	}
	return picked
}

// stale reports whether e is older than an entry of its row that was staged before it. Of equals of different records a
// removal is the newer one: it has the version of the state that it removes.
func (s *stage[R, K, Tx]) stale(e, before *entry[R, K]) bool {
	if s.port.versionOf == nil {
		return false
	}
	order := strings.Compare(s.port.versionOf(e.row, e.at.batch.origin), s.port.versionOf(before.row, before.at.batch.origin))
	return order < 0 || order == 0 && before.remove && !e.remove && e.at.record() != before.at.record()
}

func (s *stage[R, K, Tx]) writes(picked []*entry[R, K]) []Write[R] {
	writes := s.port.room(len(picked))
	for _, e := range picked {
		writes = append(writes, Write[R]{*e.row, e.remove, e.fresh, int(e.ordinal), e.at.batch.origin})
	}
	return writes
}

// locate turns a writer's row error into an error of the record that staged the row.
func (s *stage[R, K, Tx]) locate(err error, writes []Write[R]) error {
	var row *RowError
	if !errors.As(err, &row) {
		return err
	}
	if row.Row < 0 || row.Row >= len(writes) {
		return fmt.Errorf("sink: a writer of %d rows reported %w", len(writes), err)
	}
	return atRecord(writes[row.Row].Origin, err)
}
