package mongosink

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dynasink/dynasink/sink"
)

// TestStorm delivers the parts of a history at once and in any order, some of them only half, with commands that fail before or
// after the server has written. Each part is delivered whole at least once.
func TestStorm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		guard CollectionOption
		opts  []Option
	}{
		"tombstones":   {Tombstones("", ""), nil},
		"soft deletes": {SoftDelete("", ""), nil},
		"transactions": {Tombstones("", ""), []Option{Transactions()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(5) {
				storm(t, seed, c.guard, c.opts)
			}
		})
	}
}

// happening is a change of the history; its sequence number is its place.
type happening struct {
	id     string
	remove bool
}

func storm(t *testing.T, seed uint64, guard CollectionOption, opts []Option) {
	random := rand.New(rand.NewPCG(seed, 1))
	history := make([]happening, 200)
	last := map[string]int{}
	for i := range history {
		history[i] = happening{fmt.Sprint("item ", random.IntN(12)), random.IntN(3) == 0}
		last[history[i].id] = i
	}
	f := replicaSet()
	db, err := New(f.connect(t).Database("shop"), opts...)
	must(t, err)
	c := collect[order](t, db, guard)
	f.interfere = unreliable(random, c.collection.name)
	f.after = f.interfere
	var wait sync.WaitGroup
	for part := range 20 {
		wait.Go(func() {
			if err := deliverPart(t.Context(), c, history, 10*part); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		})
	}
	wait.Wait()
	f.mu.Lock()
	f.interfere, f.after = nil, nil
	f.mu.Unlock()
	rows, err := all[order](t.Context(), db, "rows", c.Live())
	must(t, err)
	found := map[string]string{}
	for _, row := range rows {
		found[row.ID] = row.State
	}
	for id, i := range last {
		if want := fmt.Sprint(i); history[i].remove && found[id] != "" || !history[i].remove && found[id] != want {
			t.Errorf("seed %d: the last change of %s is %d (deletion: %v), and its state is %q", seed, id, i, history[i].remove, found[id])
		}
	}
}

// unreliable answers one command in ten with a time-out; the fake calls it with its lock held.
func unreliable(random *rand.Rand, collection string) func(c command) (bson.D, error) {
	return func(c command) (bson.D, error) {
		if name, ok := c.body.Lookup(c.name).StringValueOK(); ok && name == collection && random.IntN(10) == 0 {
			return failure(262, "ExceededTimeLimit"), nil
		}
		return nil, nil
	}
}

// deliverPart delivers ten changes and what follows them, as a redelivery with a larger batch would, until it is acknowledged.
func deliverPart(ctx context.Context, c *Collection[order], history []happening, from int) error {
	const attempts = 1000
	var err error
	for range attempts {
		u := sink.NewUnit()
		for i, change := range history[from:min(from+25, len(history))] {
			sequence := fmt.Sprint(from + i)
			b := u.Begin(sink.Origin{Source: "stream", EventID: sequence, Sequence: sequence, Index: i})
			if change.remove {
				c.Delete(b, order{ID: change.id})
			} else {
				c.Upsert(b, order{ID: change.id, State: sequence})
			}
			if err := b.End(nil); err != nil {
				return err
			}
		}
		if err = u.Commit(ctx, nil); !sink.IsTransient(err) && !sink.IsUncertain(err) {
			return err
		}
	}
	return err
}
