package mongosink

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dynasink/dynasink/sink"
)

// maxRead is how many documents one query asks for: their _ids must fit into a command, and DynamoDB's keys have up to 3,072
// bytes.
const maxRead = 2000

// read finds out the versions of the due documents.
func (w *writing) read(ctx context.Context) error {
	for some := range slices.Chunk(w.due, maxRead) {
		byKey := make(map[string]*change, len(some))
		for _, i := range some {
			ch := w.change(i)
			ch.there, ch.seen = false, ""
			byKey[ch.key] = ch
		}
		if err := w.find(ctx, w.among(some), byKey); err != nil {
			return w.store.wrap("read versions of "+w.name, err)
		}
	}
	return nil
}

// among is a filter for the documents of some rows. It finds others too where the shard key is more than the _id, but none on
// a shard that has none of ours.
func (w *writing) among(rows []int) bson.Raw {
	b := newBuilder(64 * len(rows))
	w.oneOf(b, "_id", rows, func(ch *change) bson.RawValue { return ch.id })
	for n, name := range w.shard {
		w.oneOf(b, name, rows, func(ch *change) bson.RawValue { return ch.shard[n].value })
	}
	return b.done()
}

func (w *writing) oneOf(b *builder, name string, rows []int, value func(*change) bson.RawValue) {
	b.document(bson.TypeEmbeddedDocument, name)
	b.document(bson.TypeArray, "$in")
	for n, i := range rows {
		b.value(strconv.Itoa(n), value(w.change(i)))
	}
	b.end()
	b.end()
}

func (w *writing) find(ctx context.Context, filter bson.Raw, byKey map[string]*change) error {
	fields := bson.D{{Key: "_id", Value: 1}, {Key: w.guard.sequence, Value: 1}}
	for _, name := range w.shard {
		fields = append(fields, bson.E{Key: name, Value: 1})
	}
	cursor, err := w.rows.Find(ctx, filter, options.Find().SetProjection(fields).SetBatchSize(maxRead+1))
	if err != nil {
		return err
	}
	defer cursor.Close(ctx)
	for cursor.Next(ctx) {
		p, err := w.placeOf(cursor.Current.Lookup("_id"), cursor.Current)
		if err != nil {
			continue // without a shard key it is none of ours
		}
		if ch, ours := byKey[p.key]; ours {
			ch.there = true
			ch.seen, _ = cursor.Current.Lookup(w.guard.sequence).StringValueOK()
		}
	}
	return cursor.Err()
}

// outcome is what a server has made of the due writes.
type outcome struct {
	taken   []refusal // refused, because a value in a unique index is taken
	unknown []int     // replacements of which some have matched nothing
}

// refusal is a write that the server has refused.
type refusal struct {
	row int
	err *Error
}

// again lists the writes that need another round.
func (o *outcome) again() []int {
	rows := slices.Clone(o.unknown)
	for _, r := range o.taken {
		rows = append(rows, r.row)
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// apply sends writes of some rows: one command of inserts, one of replacements, which the driver divides where they are too
// many (100,000) or too large (48 MB). They are unordered: each is of another document.
func (w *writing) apply(ctx context.Context, rows []int, found *outcome) error {
	if len(rows) == 0 {
		return nil
	}
	models := make([]mongo.WriteModel, len(rows))
	var replaced []int
	for n, i := range rows {
		ch := w.change(i)
		models[n] = w.guard.model(ch, w.tx.now)
		if ch.sent = w.guard.protects() && ch.there; ch.sent {
			replaced = append(replaced, i)
		}
	}
	result, err := w.rows.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	if err == nil && !result.Acknowledged {
		return errUnacknowledged
	}
	if err := w.refusals(err, rows, found); err != nil {
		return err
	}
	if int(result.MatchedCount)+w.takenThere(found) < len(replaced) {
		found.unknown = append(found.unknown, replaced...)
	}
	return nil
}

// takenThere counts the replacements among the refusals.
func (w *writing) takenThere(found *outcome) (n int) {
	for _, r := range found.taken {
		if w.change(r.row).there {
			n++
		}
	}
	return n
}

var errUnacknowledged = errors.New("mongosink: the write concern does not acknowledge writes (w: 0), so nobody can tell whether they happened")

// refusals parts a bulk write's error into what another round may mend, and the error that ends the commit: of several rows
// the first whose error is permanent, or else the first.
func (w *writing) refusals(err error, rows []int, found *outcome) error {
	var bulk mongo.BulkWriteException
	if err != nil && !errors.As(err, &bulk) {
		return w.store.wrap("write "+w.name, err)
	}
	var worst *sink.RowError
	for _, e := range bulk.WriteErrors {
		row, described := rows[e.Index], w.store.describe("write "+w.name, e.WriteError)
		if described.duplicate() {
			found.taken = append(found.taken, refusal{row, described})
			w.change(row).sent = false
			continue
		}
		failure := &sink.RowError{Row: row, Err: described.marked()}
		if worst == nil || sink.IsPermanent(failure) && !sink.IsPermanent(worst) {
			worst = failure
		}
	}
	if worst != nil {
		return worst
	}
	if bulk.WriteConcernError != nil {
		return w.store.describe("write "+w.name, *bulk.WriteConcernError).marked()
	}
	return nil
}
