package handlertest

import (
	"fmt"
	"hash/fnv"
)

// shard has the records of a range of hashes of item keys.
type shard struct {
	id      string
	from    uint64 // first hash
	to      uint64 // first hash of the next shard
	records []Record
	parent  *shard
	lanes   []*lane
}

// open reports whether the shard may be read: a parent is drained before its children.
func (s *shard) open() bool { return s.parent == nil || s.parent.drained() }

func (s *shard) drained() bool {
	for _, l := range s.lanes {
		if l.busy() {
			return false
		}
	}
	return s.open()
}

const hashes = 1 << 32

// hash places an item on a shard, and on a lane of its shard.
func (r Record) hash() uint64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.key))
	return uint64(h.Sum32())
}

// spread makes the shards, splits some of them, and gives each lane its records.
func (r *run) spread(records []Record) []*lane {
	var shards []*shard
	for i := range uint64(r.Shards) {
		n := uint64(r.Shards)
		shards = append(shards, r.newShard(len(shards), nil, records, hashes*i/n, hashes*(i+1)/n))
	}
	for range r.Splits {
		shards = r.split(shards)
	}
	var lanes []*lane
	for _, s := range shards {
		s.lanes = r.lanesOf(s)
		lanes = append(lanes, s.lanes...)
	}
	return lanes
}

func (r *run) newShard(number int, parent *shard, records []Record, from, to uint64) *shard {
	s := &shard{id: fmt.Sprintf("shardId-%020d-%08x", 1767225600000+number, number), parent: parent, from: from, to: to}
	for _, rec := range records {
		if h := rec.hash(); from <= h && h < to {
			s.records = append(s.records, rec)
		}
	}
	return s
}

// split ends one of the shards that has no children yet at a random record, from which on two children have its items.
func (r *run) split(shards []*shard) []*shard {
	parents := map[*shard]bool{}
	for _, s := range shards {
		parents[s.parent] = true
	}
	var leaves []*shard
	for _, s := range shards {
		if !parents[s] && s.to-s.from > 1 {
			leaves = append(leaves, s)
		}
	}
	s := leaves[r.random.IntN(len(leaves))]
	at := r.random.IntN(len(s.records) + 1)
	rest, middle := s.records[at:], (s.from+s.to)/2
	s.records = s.records[:at]
	shards = append(shards, r.newShard(len(shards), s, rest, s.from, middle))
	return append(shards, r.newShard(len(shards), s, rest, middle, s.to))
}

// lanesOf spreads the items of a shard over its parallel batches.
func (r *run) lanesOf(s *shard) []*lane {
	lanes := make([]*lane, r.ParallelizationFactor)
	for i := range lanes {
		lanes[i] = &lane{shard: s}
	}
	for _, rec := range s.records {
		if r.Filter == nil || r.Filter(rec) {
			l := lanes[rec.hash()%uint64(len(lanes))]
			l.rest = append(l.rest, rec)
		}
	}
	return lanes
}
