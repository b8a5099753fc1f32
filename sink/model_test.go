package sink_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

// TestCommitEqualsSequentialApplication stages random histories, in the order of records or not, on two tables of one
// sink, a table of another, and an effect; with functions between rows, failing records, commits of random subsets and
// transactions that fail in every way. Whatever is compacted, each sink must end as if the committed records had been
// applied one write after another.
func TestCommitEqualsSequentialApplication(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		w := newWorld(rand.New(rand.NewPCG(seed, 7)))
		w.stage()
		for range 6 {
			if err := errors.Join(w.commitSome(), w.diff()); err != nil {
				t.Fatalf("seed %d: %v\nhistory: %v", seed, err, w.history)
			}
		}
	}
}

// world is a random history, the sinks that get it, and what they must hold.
type world struct {
	*rand.Rand
	stores  []*store
	tables  []*sink.Port[row] // two of the first store, one of the second
	effect  *sink.Port[row]
	got     []string // what the effect got
	unit    *sink.Unit
	history []event
	failed  map[int]bool

	want       []*store // models of stores
	wantEffect []string
	done       [3]map[int]bool // per sink: two stores and the effect
}

// event is one thing that the handler of a record did, in the order of staging.
type event struct {
	record int
	target int // a table; or the effect; or a function in the first or second store
	row    row
	remove bool
}

const (
	theEffect = 3
	looks     = 4 // in the first store; 5 is the second
	records   = 8
)

func newWorld(random *rand.Rand) *world {
	w := &world{Rand: random, failed: map[int]bool{}, unit: sink.NewUnit()}
	for i := range 2 {
		w.stores = append(w.stores, newStore())
		w.want = append(w.want, newStore())
		w.done[i] = map[int]bool{}
	}
	w.done[2] = map[int]bool{}
	w.tables = []*sink.Port[row]{w.stores[0].table("t0"), w.stores[0].table("t1", sink.Guarded()), w.stores[1].table("t2")}
	w.effect = effectOf(&w.got)
	return w
}

func (w *world) stage() {
	batches := make([]*sink.Batch, records)
	for i := range batches {
		batches[i] = w.unit.Begin(origin(i))
		w.failed[i] = w.IntN(6) == 0
	}
	inOrder := w.IntN(2) == 0
	for i := range 60 {
		e := event{w.IntN(records), w.IntN(6), row{string(rune('a' + w.IntN(4))), i}, w.IntN(3) == 0}
		if inOrder {
			e.record = i * records / 60
		}
		w.history = append(w.history, e)
		w.apply(batches[e.record], e)
	}
	for i, b := range batches {
		_ = b.End(map[bool]error{true: errors.New("handler")}[w.failed[i]])
	}
}

func (w *world) apply(b *sink.Batch, e event) {
	if e.target >= looks {
		sink.Do(b, w.stores[e.target-looks], look())
		return
	}
	target := w.effect
	if e.target < theEffect {
		target = w.tables[e.target]
	}
	if e.remove {
		target.Delete(b, e.row)
	} else {
		target.Upsert(b, e.row)
	}
}

// commitSome commits a random subset, on sinks that may fail, and does the same to the models.
func (w *world) commitSome() error {
	kept := map[int]bool{}
	for i := range records {
		kept[i] = w.IntN(3) > 0
	}
	var outcomes [2]outcome
	for i, s := range w.stores {
		outcomes[i] = honest[w.IntN(len(honest))]
		s.outcomes = []outcome{outcomes[i]}
	}
	err := w.unit.Commit(context.Background(), func(record int) bool { return kept[record] })
	if expected := w.expect(kept, outcomes); expected != (err != nil) {
		return fmt.Errorf("the commit should fail: %t, error: %w", expected, err)
	}
	return nil
}

// honest are the outcomes of which a unit can tell whether the transaction committed.
var honest = []outcome{succeeds, succeeds, succeeds, runsTwice, refusesToBegin, failsToCommit, panics, doesNothing}

// expect applies the commit to the models and tells whether it fails.
func (w *world) expect(kept map[int]bool, outcomes [2]outcome) (fails bool) {
	for i := range 3 {
		due := w.due(i, kept)
		if len(due) == 0 {
			continue
		}
		if i < 2 && outcomes[i] != succeeds && outcomes[i] != runsTwice {
			return true
		}
		for _, e := range due {
			w.expectEvent(e)
			w.done[i][e.record] = true
		}
	}
	return false
}

// due returns what a commit must give to a sink, in order.
func (w *world) due(i int, kept map[int]bool) []event {
	var due []event
	for _, e := range w.history {
		if sinkOf(e) == i && kept[e.record] && !w.failed[e.record] && !w.done[i][e.record] {
			due = append(due, e)
		}
	}
	slices.SortStableFunc(due, func(a, b event) int { return a.record - b.record })
	return due
}

func sinkOf(e event) int { return [...]int{0, 0, 1, 2, 0, 1}[e.target] }

func (w *world) expectEvent(e event) {
	switch {
	case e.target == theEffect:
		w.wantEffect = append(w.wantEffect, describe([]sink.Write[row]{{Row: e.row, Delete: e.remove}}))
	case e.target >= looks:
		s := w.want[e.target-looks]
		s.seen = append(s.seen, fmt.Sprint(s.rows))
	case e.remove:
		delete(w.want[sinkOf(e)].rows, fmt.Sprintf("t%d/%s", e.target, e.row.key))
	default:
		w.want[sinkOf(e)].rows[fmt.Sprintf("t%d/%s", e.target, e.row.key)] = e.row.version
	}
}

func (w *world) diff() error {
	for i, s := range w.stores {
		if !maps.Equal(s.rows, w.want[i].rows) {
			return fmt.Errorf("store %d holds %v and should hold %v", i, s.rows, w.want[i].rows)
		}
		if !slices.Equal(s.seen, w.want[i].seen) {
			return fmt.Errorf("functions in store %d saw\n%v and should have seen\n%v", i, s.seen, w.want[i].seen)
		}
	}
	if got, want := strings.Join(w.got, " "), strings.Join(w.wantEffect, " "); got != want {
		return fmt.Errorf("the effect got\n%s and should have got\n%s", got, want)
	}
	return nil
}
