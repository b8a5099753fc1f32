package handlertest_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// guarded is a store with an order guard: a write applies only if its sequence number is greater than its row's last one.
// Its transactions fail now and then.
type guarded struct {
	mu      sync.Mutex
	random  *rand.Rand
	rows    map[string]string
	latest  map[string]string
	letters map[string]bool
}

func newGuarded(seed uint64) *guarded {
	return &guarded{random: rand.New(rand.NewPCG(seed, 9)), rows: map[string]string{}, latest: map[string]string{}, letters: map[string]bool{}}
}

func (g *guarded) InTx(ctx context.Context, fn func(context.Context, *guarded) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	tx := &guarded{rows: maps.Clone(g.rows), latest: maps.Clone(g.latest)}
	if err := fn(ctx, tx); err != nil {
		return err
	}
	switch g.random.IntN(8) {
	case 0:
		return errNo
	case 1: // committed, but nobody learns of it
		g.rows, g.latest = tx.rows, tx.latest
		return sink.Uncertain(errNo)
	}
	g.rows, g.latest = tx.rows, tx.latest
	return nil
}

func (g *guarded) table() *sink.Port[Order] {
	return sink.NewPort(g, func(o *Order) (string, error) { return o.ID, nil },
		func(_ context.Context, tx *guarded, writes []sink.Write[Order]) error {
			for _, w := range writes {
				if err := tx.apply(w); err != nil {
					return err
				}
			}
			return nil
		}, sink.Guarded())
}

func (g *guarded) apply(w sink.Write[Order]) error {
	sequence, err := sink.PadSequence(w.Origin.Sequence)
	switch {
	case err != nil:
		return err
	case w.Row.Status == "poison" && !w.Delete:
		return sink.Permanent(errNo)
	case sequence <= g.latest[w.Row.ID]:
		return nil
	}
	g.latest[w.Row.ID] = sequence
	if delete(g.rows, w.Row.ID); !w.Delete {
		g.rows[w.Row.ID] = w.Row.Status
	}
	return nil
}

// TestStoreEqualsTable replicates random histories through a mapping that loses answers, repeats batches, bisects and lets
// zombies run, by a store that fails: in the end the store holds what the table holds.
func TestStoreEqualsTable(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 4))
		records, want, poison := randomHistory(random)
		store := newGuarded(seed)
		letters := sink.Func(func(_ context.Context, writes []sink.Write[handler.DeadLetter]) error {
			store.mu.Lock()
			defer store.mu.Unlock()
			for _, w := range writes {
				store.letters[w.Row.SequenceNumber] = true
			}
			return nil
		})
		halt := []handler.Halt{handler.HaltBatch, handler.HaltKey}[random.IntN(2)]
		h := handler.NewDynamoDBEventHandler(handler.Mirror(store.table()), handler.WithLogger(quiet), handler.OnFailure(halt),
			handler.DeadLetters(letters))
		m := handlertest.EventSourceMapping{
			BatchSize: 1 + random.IntN(20), ParallelizationFactor: 1 + random.IntN(4), ReportBatchItemFailures: true,
			BisectBatchOnFunctionError: random.IntN(2) == 0, Shards: 1 + random.IntN(3), Splits: random.IntN(3), Seed: seed,
			Concurrent: random.IntN(2) == 0,
			Fault:      handlertest.RandomFaults(seed, 0.3, handlertest.Duplicate, handlertest.LoseAnswer, handlertest.Abandon),
		}
		if _, err := m.Run(t.Context(), h, records...); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !maps.Equal(store.rows, want) {
			t.Fatalf("seed %d: the store holds %v, want %v", seed, store.rows, want)
		}
		for sequence := range store.letters {
			if !poison[sequence] {
				t.Fatalf("seed %d: %s was set aside", seed, sequence)
			}
		}
	}
}

// randomHistory makes changes of a few items, and says what remains. Now and then a state cannot be stored.
func randomHistory(random *rand.Rand) (records []handlertest.Record, rows map[string]string, poison map[string]bool) {
	table := handlertest.Table{Keys: []string{"pk"}}
	items := map[string]Order{}
	rows, poison = map[string]string{}, map[string]bool{}
	for n := range 80 {
		before, exists := items[fmt.Sprint(random.IntN(8))]
		after := Order{ID: before.ID, Status: fmt.Sprint("status ", n)}
		if !exists {
			after.ID = fmt.Sprint(random.IntN(8))
			before, exists = items[after.ID]
		}
		if random.IntN(20) == 0 {
			after.Status = "poison"
		}
		var r handlertest.Record
		switch {
		case !exists:
			r = table.Insert(after)
		case random.IntN(3) == 0:
			r = table.Remove(before)
			delete(items, after.ID)
			delete(rows, after.ID)
			records = append(records, r)
			continue
		default:
			r = table.Modify(before, after)
		}
		items[after.ID] = after
		if records = append(records, r); after.Status == "poison" {
			poison[r.SequenceNumber()] = true
		} else {
			rows[after.ID] = after.Status
		}
	}
	return records, rows, poison
}

// TestLostWithoutReporting: a mapping without ReportBatchItemFailures loses what a partial response reports, which is
// what FailWholeBatch is for.
func TestLostWithoutReporting(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]handler.Option{nil, {handler.FailWholeBatch()}} {
		handled := map[string]int{}
		h := handler.NewDynamoDBEventHandler(handler.StreamEventHandlerFunc[Order](
			func(_ context.Context, rec *handler.Record[Order], _ *sink.Batch) error {
				if handled[rec.Keys.ID]++; rec.Keys.ID == "2" && handled["2"] == 1 {
					return errNo
				}
				return nil
			}), append(opts, handler.WithLogger(quiet))...)
		if _, err := (handlertest.EventSourceMapping{}).Run(t.Context(), h, stream(5)...); err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"0": 1, "1": 1, "2": 1}
		if len(opts) > 0 {
			want = map[string]int{"0": 2, "1": 2, "2": 2, "3": 1, "4": 1}
		}
		if !maps.Equal(handled, want) {
			t.Errorf("%d options: handled %v, want %v", len(opts), handled, want)
		}
	}
}

func TestInvocationTellsItself(t *testing.T) {
	t.Parallel()
	records := stream(3)
	result, err := handlertest.EventSourceMapping{ReportBatchItemFailures: true, MaximumRetryAttempts: new(0)}.Run(t.Context(),
		function(func([]string) (string, error) { return failure(records[1]), nil }), records...)
	var lines []string
	for _, i := range result.Invocations {
		lines = append(lines, i.String())
	}
	want := "3 records 999999999999999999991 to 999999999999999999993: failed from 999999999999999999992"
	if got := strings.Join(lines, "\n"); err != nil || got != want || result.Discarded[0].String() != "2 records 999999999999999999992 to 999999999999999999993" {
		t.Errorf("%s; discarded %v; %v", got, result.Discarded, err)
	}
}
