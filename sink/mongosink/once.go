package mongosink

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dynasink/dynasink/sink"
)

// inboxCollection remembers which records a Once function has been applied for.
const inboxCollection = "dynasink_inbox"

// appliedField holds the date at which an inbox entry was made.
const appliedField = "applied_at"

// Function is work of the user's own in the batch's transaction: what it does with db belongs to the transaction if it passes
// on ctx. It sees what was staged before it and nothing that was staged after. It may run several times before a commit, so
// it has no effect outside, and it must neither commit nor abort. An error of the driver must be returned, not ignored: it
// has ended the transaction. It is classified like the sink's own.
type Function func(ctx context.Context, db *mongo.Database) error

// FunctionOption changes how a function is staged.
type FunctionOption interface{ applyFunction(*functionOptions) }

type functionOptions struct{ independent bool }

type functionOption func(*functionOptions)

func (o functionOption) applyFunction(f *functionOptions) { o(f) }

// Independent declares that the function touches no collection that rows are staged for. Rows staged before and after it are
// then written together instead of one after the other.
func Independent() FunctionOption {
	return functionOption(func(f *functionOptions) { f.independent = true })
}

// Once stages fn to take effect once per record and name, however often the record is delivered: for counters and anything
// else that must not be repeated. The record is entered in the collection dynasink_inbox in the same transaction, and a later
// delivery finds it there; so it needs [Transactions], and without them the record fails. name tells one effect of a
// record from another; a name staged twice by one record fails the record, and so does a record without an event ID.
func (d *DB) Once(b *sink.Batch, name string, fn Function, opts ...FunctionOption) {
	o := b.Origin()
	if o.EventID == "" {
		b.Fail(sink.Permanent(fmt.Errorf("mongosink: Once(%q): the record has no event ID to be known by", name)))
		return
	}
	if name == "" {
		b.Fail(errors.New("mongosink: Once needs a name"))
		return
	}
	call := &onceCall{name: name, origin: o}
	d.do(b, call, fn, opts, func(t *tx) bool { return t.fresh[call] })
}

// AtLeastOnce stages fn with no protection against running again: Lambda redelivers whole batches, and everything in them
// runs again. It needs [Transactions], and without them the record fails.
func (d *DB) AtLeastOnce(b *sink.Batch, fn Function, opts ...FunctionOption) {
	d.do(b, nil, fn, opts, func(*tx) bool { return true })
}

func (d *DB) do(b *sink.Batch, call *onceCall, fn Function, opts []FunctionOption, due func(*tx) bool) {
	switch {
	case fn == nil:
		b.Fail(errors.New("mongosink: the function is nil"))
		return
	case !d.store.transactions:
		b.Fail(errors.New("mongosink: functions run in the batch's transaction: use the option Transactions, on a replica set or a sharded cluster"))
		return
	}
	var o functionOptions
	for _, opt := range opts {
		opt.applyFunction(&o)
	}
	run := func(ctx context.Context, t *tx) error {
		if !due(t) {
			return nil
		}
		return t.store.own(fn(ctx, t.store.db))
	}
	sink.Do(b, d.store, sink.Action[*tx]{Run: run, Unordered: o.independent, Guarded: call != nil, Tag: call})
}

// own classifies an error of a user's function, unless the function has marked it.
func (s *store) own(err error) error {
	var server mongo.ServerError
	var client mongo.ClientBulkWriteException
	switch {
	case err == nil, sink.IsPermanent(err), sink.IsTransient(err):
		return err
	case errors.As(err, &server), errors.As(err, &client), disconnected(err):
		return s.wrap("own function", err)
	}
	return fmt.Errorf("mongosink: own function: %w", err)
}

type onceCall struct {
	name   string
	origin sink.Origin
}

// id is what an inbox entry is known by.
func (c *onceCall) id() bson.D {
	return bson.D{{Key: "name", Value: c.name}, {Key: "source", Value: c.origin.Source}, {Key: "event", Value: c.origin.EventID}}
}

type inboxEntry struct {
	name, source, event string
}

func (c *onceCall) entry() inboxEntry { return inboxEntry{c.name, c.origin.Source, c.origin.EventID} }

// Prepare implements sink.Preparer: it enters all Once functions of the transaction in the inbox, and finds out which were
// not there. Of two deliveries at once the second conflicts with the first, is aborted by the server and tried again.
func (s *store) Prepare(ctx context.Context, t *tx, actions []sink.Action[*tx]) error {
	calls, err := distinct(actions)
	if err != nil {
		return err
	}
	t.fresh = map[*onceCall]bool{}
	for some := range slices.Chunk(calls, maxRead) {
		if err := t.enter(ctx, some); err != nil {
			return s.inboxError(err)
		}
	}
	return nil
}

// distinct lists the first call of each effect of an event: a batch may hold a record twice.
func distinct(actions []sink.Action[*tx]) (calls []*onceCall, err error) {
	first := map[inboxEntry]*onceCall{}
	for _, a := range actions {
		call, _ := a.Tag.(*onceCall)
		if call == nil {
			continue
		}
		switch known := first[call.entry()]; {
		case known == nil:
			first[call.entry()] = call
			calls = append(calls, call)
		case known.origin.Index == call.origin.Index:
			return nil, &sink.RecordError{Origin: call.origin, Err: sink.Permanent(
				fmt.Errorf("mongosink: Once(%q) was staged twice by one record: give each effect a name of its own", call.name))}
		}
	}
	return calls, nil
}

// enter marks the calls as fresh that were not in the inbox, and enters them.
func (t *tx) enter(ctx context.Context, calls []*onceCall) error {
	inbox := t.store.collection(inboxCollection)
	known, err := t.applied(ctx, inbox, calls)
	if err != nil {
		return err
	}
	var entries []any
	for _, call := range calls {
		if !known[call.entry()] {
			t.fresh[call] = true
			entries = append(entries, bson.D{{Key: "_id", Value: call.id()}, {Key: appliedField, Value: t.now}})
		}
	}
	if len(entries) == 0 {
		return nil
	}
	_, err = inbox.InsertMany(ctx, entries)
	return err
}

func (t *tx) applied(ctx context.Context, inbox *mongo.Collection, calls []*onceCall) (map[inboxEntry]bool, error) {
	ids := make(bson.A, len(calls))
	for i, call := range calls {
		ids[i] = call.id()
	}
	filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	cursor, err := inbox.Find(ctx, filter, options.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, err
	}
	var found []struct {
		ID struct{ Name, Source, Event string } `bson:"_id"`
	}
	if err := cursor.All(ctx, &found); err != nil {
		return nil, err
	}
	known := map[inboxEntry]bool{}
	for _, f := range found {
		known[inboxEntry{f.ID.Name, f.ID.Source, f.ID.Event}] = true
	}
	return known, nil
}

// inboxError takes an entry that is there after all for what it is: another delivery was faster.
func (s *store) inboxError(err error) error {
	e := s.describe("enter into the inbox", err)
	if e.duplicate() {
		return sink.Transient(e)
	}
	return e.marked()
}
