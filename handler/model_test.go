package handler_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// TestModel invokes handlers of all combinations of options with random batches whose records fail at any stage, and holds
// each outcome to what must hold for every batch.
func TestModel(t *testing.T) {
	t.Parallel()
	const seeds = 600
	answers := map[string]int{}
	for seed := range uint64(seeds) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(seed)
			answers[w.run(t)]++
			if t.Failed() {
				t.Fatalf("seed %d: %s\noptions %+v", seed, strings.Join(w.fates, " "), w.policy)
			}
		})
	}
	for _, answer := range []string{"done", "partial", "error"} {
		if answers[answer] < seeds/20 {
			t.Errorf("of %d batches only %d ended as %q: the test has lost its variety", seeds, answers[answer], answer)
		}
	}
}

// policy is one combination of options.
type policy struct {
	haltKey, whole, letters, unmarked, together, unguarded bool
}

// world is a random batch. Each record has an item, and a fate that says where it fails: Do holds it.
type world struct {
	*rand.Rand
	policy
	fates   []string
	keys    []string
	records []handlertest.Record
	target  *store
	aside   *store
	tried   map[string]bool // positions whose first try has failed
}

var fates = []string{"undecodable", "dropped", "fail", "permanent", "panic", "transient", "once", "refused", "refused for good", "letterless"}

func newWorld(seed uint64) *world {
	random := rand.New(rand.NewPCG(seed, 42))
	flip := func() bool { return random.IntN(2) == 0 }
	w := &world{Rand: random, target: newStore(), aside: newStore(), tried: map[string]bool{},
		policy: policy{flip(), flip(), flip(), flip(), flip(), random.IntN(4) == 0}}
	table := newTable()
	n := 1 + random.IntN(24)
	for i := range n {
		fate := "fine"
		if random.IntN(5) == 0 {
			fate = fates[random.IntN(len(fates))]
		}
		key := string(rune('a' + random.IntN(6)))
		r := table.Insert(item(key, fmt.Sprint(i, " ", fate)))
		if fate == "undecodable" {
			r = r.With("dynamodb.NewImage.do", `{"N":[]}`)
		}
		w.fates, w.keys, w.records = append(w.fates, fate), append(w.keys, key), append(w.records, r)
	}
	return w
}

// stage does what the fate of a record says. The row's key is its position, so that every committed record leaves a row.
func (w *world) stage(rec *handler.Record[Item], batch *sink.Batch, target sink.Target[Item]) error {
	position, fate, _ := strings.Cut(rec.NewImage.Do, " ")
	target.Upsert(batch, Item{ID: position, Do: fate})
	switch fate {
	case "fail":
		return errBusiness
	case "permanent", "letterless":
		return sink.Permanent(errors.New(fate))
	case "panic":
		panic(fate)
	case "transient":
		return sink.Transient(errBusiness)
	case "once":
		if !w.tried[position] {
			w.tried[position] = true
			return sink.Transient(errBusiness)
		}
	}
	return nil
}

func (w *world) handler() *handler.DynamoDBEventHandler[Item] {
	var guard []sink.PortOption
	if !w.unguarded {
		guard = append(guard, sink.Guarded())
	}
	target := w.target.table(guard...)
	w.target.refuse = func(key string) error {
		switch fate := w.fates[atoi(key)]; fate {
		case "refused":
			return errRefused
		case "refused for good":
			return sink.Permanent(errRefused)
		}
		return nil
	}
	if w.together {
		return handler.NewDynamoDBBatchHandler(togetherFunc(func(_ ctx, entries []handler.Entry[Item]) error {
			for _, e := range entries {
				e.Batch.Fail(w.caught(e, target))
			}
			return nil
		}), w.options()...)
	}
	return handler.NewDynamoDBEventHandler(handleFunc(func(_ ctx, rec *handler.Record[Item], batch *sink.Batch) error {
		return w.stage(rec, batch, target)
	}), w.options()...)
}

// caught is stage for whole batches, in which a panic is everybody's.
func (w *world) caught(e handler.Entry[Item], target sink.Target[Item]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errBusiness
		}
	}()
	return w.stage(e.Record, e.Batch, target)
}

func (w *world) options() []handler.Option {
	opts := []handler.Option{quiet, handler.Where(func(rec *handler.Record[Item]) bool { return !strings.HasSuffix(rec.NewImage.Do, "dropped") })}
	if w.haltKey {
		opts = append(opts, handler.OnFailure(handler.HaltKey))
	}
	if w.whole {
		opts = append(opts, handler.FailWholeBatch())
	}
	if w.letters {
		letters := sink.NewPort(w.aside, func(l *handler.DeadLetter) (string, error) { return l.SequenceNumber, nil },
			func(_ ctx, tx *storeTx, writes []sink.Write[handler.DeadLetter]) error {
				for _, l := range writes {
					if strings.Contains(l.Row.Reason, "letterless") {
						return errRefused
					}
					tx.rows[l.Row.SequenceNumber] = l.Row.Reason
				}
				return nil
			})
		opts = append(opts, handler.DeadLetters(letters))
	}
	if w.unmarked && w.letters {
		opts = append(opts, handler.DeadLetterUnmarked())
	}
	return opts
}

func (w *world) run(t *testing.T) string {
	response, err := w.handler().Invoke(t.Context(), handlertest.Payload(t, w.records...))
	checkOutcome(t, response, err)
	first := w.acknowledged(t, response, err)
	for i := range first {
		if !w.done(i) {
			t.Errorf("record %d (%s) was acknowledged, and is neither committed nor set aside nor dropped", i, w.fates[i])
		}
	}
	w.checkSetAside(t)
	w.checkOrder(t)
	w.checkStop(t, first)
	switch {
	case err != nil:
		return "error"
	case first < len(w.records):
		return "partial"
	default:
		return "done"
	}
}

// acknowledged returns how many records Lambda takes for done.
func (w *world) acknowledged(t *testing.T, response []byte, err error) int {
	if err != nil {
		return 0
	}
	failed := handlertest.Failures(t, response)
	if len(failed) == 0 {
		return len(w.records)
	}
	at := slices.IndexFunc(w.records, func(r handlertest.Record) bool { return r.SequenceNumber() == failed[0] })
	if len(failed) > 1 || at < 0 || w.whole {
		t.Errorf("the answer is %v", failed)
	}
	return max(at, 0)
}

func (w *world) committed(i int) bool { _, ok := w.target.rows[fmt.Sprint(i)]; return ok }

func (w *world) setAside(i int) bool {
	_, ok := w.aside.rows[w.records[i].SequenceNumber()]
	return ok
}

func (w *world) done(i int) bool { return w.committed(i) || w.setAside(i) || w.fates[i] == "dropped" }

func atoi(digits string) (n int) {
	_, _ = fmt.Sscan(digits, &n)
	return n
}
