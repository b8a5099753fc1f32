package mongosink

import (
	"context"
	"fmt"
	"slices"

	"github.com/dynasink/dynasink/sink"
)

// maxRounds is how often a commit looks again at documents that others write at the same time, before it leaves the batch
// loop to wait.
const maxRounds = 16

// writing is one call of write: the last changes of some documents, each of another document.
type writing struct {
	*collection
	tx     *tx
	writes []sink.Write[*change]
	due    []int // indexes of the writes that are not done, in the order of writes
	round  int
}

// write is the port's write function.
//
// A round reads the versions of the documents, inserts those that are absent and replaces those that are older, with the
// guard in the filter of each replacement. What was read chooses the statements and decides nothing else: an insert finds its
// _id taken and a replacement matches nothing if another writer came first, and the next round looks again. A document with a
// newer version needs no write and never will, because versions only grow: what is left of a deleted document keeps its
// version, and nothing but the TTL index removes it. So it does no harm when a function is held up between two statements
// for any time, or dies there: the server refuses each statement that comes too late, and what is missing is delivered
// again, because its records are not acknowledged.
//
// Reading first is cheaper than upserts alone, because inserts are what servers are fast at, and stale writes cost nothing. The
// read is left out where it has found nothing the last time.
func (c *collection) write(ctx context.Context, t *tx, writes []sink.Write[*change]) error {
	if err := c.movedShard(writes); err != nil {
		return err
	}
	w := &writing{collection: c, tx: t, writes: writes, due: make([]int, len(writes))}
	for i := range w.due {
		w.due[i], w.change(i).sent = i, false
	}
	for w.round = range maxRounds {
		if err := w.attempt(ctx); err != nil || len(w.due) == 0 {
			return err
		}
	}
	return sink.Transient(fmt.Errorf("mongosink: collection %s: others kept changing the same documents", c.name))
}

func (w *writing) change(i int) *change { return w.writes[i].Row }

// attempt is one round; it leaves in w.due what the next has to look at.
func (w *writing) attempt(ctx context.Context) error {
	if err := w.look(ctx); err != nil || len(w.due) == 0 {
		return err
	}
	var found outcome
	for _, rows := range w.groups() {
		if err := w.apply(ctx, rows, &found); err != nil {
			return err
		}
		if err := w.conflict(found); err != nil {
			return err
		}
	}
	if len(found.taken) > 0 {
		w.growing.Store(false)
	}
	w.due = found.again()
	return nil
}

// look finds out which documents are there, and takes those off the due ones that need no write.
func (w *writing) look(ctx context.Context) error {
	if !w.guard.protects() || w.round == 0 && w.guess() {
		return nil
	}
	if err := w.read(ctx); err != nil {
		return err
	}
	if w.round == 0 {
		w.growing.Store(!slices.ContainsFunc(w.due, func(i int) bool { return w.change(i).there }))
	}
	w.due = slices.DeleteFunc(w.due, w.done)
	return nil
}

// guess takes all documents for absent, as they were in the commit before, and saves a round trip where only new items come.
// A wrong guess is an _id that is taken, and the next round reads. In a transaction it would be the end.
func (w *writing) guess() bool {
	removes := func(write sink.Write[*change]) bool { return write.Delete }
	if !w.growing.Load() || w.tx.store.transactions || slices.ContainsFunc(w.writes, removes) {
		return false
	}
	for _, i := range w.due {
		w.change(i).there = false
	}
	return true
}

// groups parts the due writes into bulk writes. In a transaction, which ends with the first refusal, removals come first, so that
// a document can take the unique value of one that is removed; without one, the next round sees to that.
func (w *writing) groups() [][]int {
	if !w.tx.store.transactions {
		return [][]int{w.due}
	}
	var removals, upserts []int
	for _, i := range w.due {
		if w.writes[i].Delete {
			removals = append(removals, i)
		} else {
			upserts = append(upserts, i)
		}
	}
	return [][]int{removals, upserts}
}

// done reports whether nothing has to be written any more: a newer change is there, or this commit's own. An equal version
// alone would not do. The handler may have been mended before its record was redriven; a record may write a document before
// and after a function of its own; and what another delivery of the record has written may still be lost in a failover, if
// that delivery was never acknowledged.
func (w *writing) done(i int) bool {
	ch := w.change(i)
	if ch.there && ch.seen > ch.version {
		w.stale.Add(1)
		return true
	}
	return ch.there && ch.seen == ch.version && ch.sent
}

// settled is the round from which an _id that is taken, and that nobody else is found to have written, is no race any more.
const settled = 4

// conflict returns the error of documents that were refused although nobody wrote them at the same time: then their values
// in another unique index are taken, or the _id at another shard key. Other documents of the commit may still give up such a
// value, so this needs a round in which nothing was written.
func (w *writing) conflict(found outcome) error {
	if len(found.taken) == 0 {
		return nil
	}
	first := found.taken[0]
	race := first.err.onID()
	switch {
	case w.tx.store.transactions && race: // the transaction is over, and the next sees who was faster
		return sink.Transient(first.err)
	case w.tx.store.transactions, w.round > 0 && len(found.taken) == len(w.due) && (!race || w.round >= settled):
		return &sink.RowError{Row: first.row, Err: sink.Permanent(first.err)}
	}
	return nil
}

// movedShard refuses an upsert of a document that the same commit removes from another place: see [ShardKey].
func (c *collection) movedShard(writes []sink.Write[*change]) error {
	if !c.shardApart() {
		return nil
	}
	first := map[string]int{}
	for i := range writes {
		id := string(appendKey(nil, writes[i].Row.id))
		other, seen := first[id]
		if !seen {
			first[id] = i
			continue
		}
		if writes[i].Delete {
			i = other
		}
		return &sink.RowError{Row: i, Err: sink.Permanent(
			fmt.Errorf("mongosink: collection %s: the shard key of a document has changed, which would make it two", c.name))}
	}
	return nil
}
