package handler

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// haltKey holds back the item of record i from now on; false means that its key cannot be told. The caller holds r.mu.
func (r *run[T]) haltKey(i int) bool {
	key := r.key(i)
	if key == "" {
		return false
	}
	if r.halted == nil {
		r.halted = map[string]int{}
	}
	if at, ok := r.halted[key]; !ok || i < at {
		r.halted[key] = i
	}
	return true
}

// holds reports whether an earlier record of the item of record i has failed. An item whose key cannot be told may be any.
func (r *run[T]) holds(i int) bool {
	if len(r.halted) == 0 {
		return false
	}
	key := r.key(i)
	at, ok := r.halted[key]
	return key == "" || ok && at < i
}

// key is the canonical key of the item of record i, "" if it cannot be told. It is found out once, and only when a record
// has failed.
func (r *run[T]) key(i int) string {
	s := &r.state[i]
	if !s.keyed {
		s.key, s.keyed = canonicalKey(r.records[i].Keys), true
	}
	return s.key
}

// holdsBack settles record i as held if it has to wait for an earlier one of its item.
func (r *run[T]) holdsBack(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped || !r.holds(i) || r.records[i].check() != nil {
		return false
	}
	r.state[i].status = held
	return true
}

// canonicalKey is equal for two records if and only if they are of one item: types and lengths are part of it, so that no
// two keys run together. Numbers arrive in DynamoDB's one normal form, so their text is compared. It is "" for what is no
// key.
func canonicalKey(keys string) string {
	var attributes map[string]map[string]string
	if err := json.Unmarshal([]byte(keys), &attributes); err != nil || len(attributes) == 0 {
		return ""
	}
	parts := make([]string, 0, len(attributes))
	for name, value := range attributes {
		for kind, text := range value {
			parts = append(parts, fmt.Sprintf("%q:%s:%q", name, kind, text))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}
