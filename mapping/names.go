package mapping

import "slices"

// names finds attribute names that occur twice in one map. It is a stack: a
// nested map's names lie above those of the map around it, so that reading a
// whole item needs one slice, which is kept for the next.
type names []string

// few is how many names are compared pair by pair; more are sorted.
const few = 16

// pop forgets the names from mark on and returns one that was there twice.
func (n *names) pop(mark int) (twice string, found bool) {
	level := (*n)[mark:]
	*n = (*n)[:mark]
	if len(level) > few {
		slices.Sort(level)
		return adjacent(level)
	}
	for i, name := range level {
		if slices.Contains(level[:i], name) {
			return name, true
		}
	}
	return "", false
}

func adjacent(sorted []string) (string, bool) {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return sorted[i], true
		}
	}
	return "", false
}
