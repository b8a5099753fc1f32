package sqlsink

import "sync"

// optimism remembers for which tables COPY was tried in vain, by name. Redeliveries do that, and handlers that stage rows
// which are not an item each: there every try would cost a round trip and leave an error in the server's log.
type optimism struct {
	mu     sync.Mutex
	tables map[string]*outlook
}

type outlook struct{ failures, skip int }

// maxSkipped is how many batches go without a try at most.
const maxSkipped = 255

// allows reports whether a try is due, and counts a batch that goes without.
func (o *optimism) allows(table string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tables[table]
	if t == nil || t.skip == 0 {
		return true
	}
	t.skip--
	return false
}

// learn takes note of how a try with some tables has ended: after each failure in a row twice as many batches go without.
func (o *optimism) learn(tables []string, failed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, table := range tables {
		if !failed {
			delete(o.tables, table)
			continue
		}
		if o.tables == nil {
			o.tables = map[string]*outlook{}
		}
		t := o.tables[table]
		if t == nil {
			t = &outlook{}
			o.tables[table] = t
		}
		t.failures++
		t.skip = min(1<<min(t.failures, 8)-1, maxSkipped)
	}
}
