package mongosink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dynasink/dynasink/sink"
)

// replicaSet is a fake with transactions.
func replicaSet() *fake {
	f := newFake()
	f.set = true
	return f
}

// note is a function that writes a document of its own in the transaction, of another _id each time it runs.
func note(db *DB, name string, runs *int) func(b *sink.Batch) {
	return func(b *sink.Batch) {
		db.Once(b, name, func(ctx context.Context, db *mongo.Database) error {
			*runs++
			_, err := db.Collection("rows").InsertOne(ctx, bson.D{{Key: "_id", Value: fmt.Sprint(name, *runs)}})
			return err
		})
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	f, runs := replicaSet(), 0
	db := open(t, f, Transactions())
	c := collect[order](t, db)
	batch := []delivery{put(c, 1, order{ID: "a"}), {2, note(db, "n", &runs)}, {3, note(db, "n", &runs)}}
	must(t, deliver(t, batch...))
	must(t, deliver(t, batch...))
	must(t, deliver(t, append(batch[2:], delivery{4, note(db, "n", &runs)}, delivery{2, note(db, "other", &runs)})...))
	if runs != 4 || f.held("n1") == "" || f.held("n2") == "" || f.held("n3") == "" || f.held("other4") == "" || len(f.data.documents[inboxCollection]) != 4 {
		t.Errorf("%d runs, inbox of %d", runs, len(f.data.documents[inboxCollection]))
	}
}

// TestOnceWithItsTransaction lets a function's effect and its inbox entry go together.
func TestOnceWithItsTransaction(t *testing.T) {
	t.Parallel()
	f, runs := replicaSet(), 0
	db := open(t, f, Transactions())
	failing := errors.New("on purpose")
	fails := delivery{2, func(b *sink.Batch) {
		db.AtLeastOnce(b, func(context.Context, *mongo.Database) error { return failing }, Independent())
	}}
	if err := deliver(t, delivery{1, note(db, "n", &runs)}, fails); !errors.Is(err, failing) || failedRecord(err) != 1 {
		t.Errorf("error %v", err)
	}
	if f.held("n1") != "" || len(f.data.documents[inboxCollection]) != 0 {
		t.Error("the failed transaction has left something behind")
	}
	if names := f.names(); names[len(names)-1] != "abortTransaction" {
		t.Errorf("the commands were %v", names)
	}
	must(t, deliver(t, delivery{1, note(db, "n", &runs)}))
	if f.held("n2") == "" {
		t.Error("the function has not run again")
	}
}

// TestOnceBesideAnotherDelivery has the other one commit while ours is at work.
func TestOnceBesideAnotherDelivery(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"insert", "commitTransaction"} {
		f, runs := replicaSet(), 0
		db := open(t, f, Transactions())
		call := onceCall{name: "n", origin: sink.Origin{Source: "stream", EventID: "event 1"}}
		f.once(at, 1, func() (bson.D, error) {
			id, _ := bson.Marshal(bson.D{{Key: "_id", Value: call.id()}})
			f.data.documents[inboxCollection] = map[string]bson.Raw{keyOf(bson.Raw(id).Lookup("_id")): id}
			f.written++
			return nil, nil
		})
		if err := deliver(t, delivery{1, note(db, "n", &runs)}); !sink.IsTransient(err) {
			t.Errorf("at %s: error %v", at, err)
		}
		before := runs
		must(t, deliver(t, delivery{1, note(db, "n", &runs)}))
		if runs != before || f.held("n1") != "" {
			t.Errorf("at %s: the effect is there, and the other delivery had it already", at)
		}
	}
}

// TestOnceFindsItsEntryTaken is another way for a server to tell of the other delivery.
func TestOnceFindsItsEntryTaken(t *testing.T) {
	t.Parallel()
	f, runs := replicaSet(), 0
	taken := bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000 …"}}
	f.once("insert", 1, func() (bson.D, error) {
		return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}, {Key: "writeErrors", Value: bson.A{taken}}}, nil
	})
	if err := deliver(t, delivery{1, note(open(t, f, Transactions()), "n", &runs)}); !sink.IsTransient(err) || runs != 0 {
		t.Errorf("error %v after %d runs", err, runs)
	}
}

func TestFunctionsThatCannotRun(t *testing.T) {
	t.Parallel()
	plain, db := open(t, newFake()), open(t, replicaSet(), Transactions())
	nothing := func(context.Context, *mongo.Database) error { return nil }
	for want, stage := range map[string]func(b *sink.Batch){
		"Transactions":      func(b *sink.Batch) { plain.Once(b, "n", nothing) },
		"function is nil":   func(b *sink.Batch) { db.AtLeastOnce(b, nil) },
		"needs a name":      func(b *sink.Batch) { db.Once(b, "", nothing) },
		"staged twice":      func(b *sink.Batch) { db.Once(b, "n", nothing); db.Once(b, "n", nothing) },
		"the batch's trans": func(b *sink.Batch) { plain.AtLeastOnce(b, nothing) },
	} {
		if err := deliver(t, delivery{1, stage}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", want, err)
		}
	}
	b := sink.NewUnit().Begin(sink.Origin{Sequence: "1"})
	db.Once(b, "n", nothing)
	if err := b.End(nil); !sink.IsPermanent(err) {
		t.Errorf("without an event ID the error is %v", err)
	}
}

func TestErrorsOfFunctions(t *testing.T) {
	t.Parallel()
	db := open(t, replicaSet(), Transactions())
	plain := errors.New("plain")
	for want, returned := range map[string]error{
		"unmarked":  plain,
		"permanent": mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121, Message: `"secret"`}}},
		"transient": mongo.CommandError{Labels: []string{"TransientTransactionError"}},
	} {
		err := deliver(t, delivery{1, func(b *sink.Batch) {
			db.AtLeastOnce(b, func(context.Context, *mongo.Database) error { return returned })
		}})
		if verdict(err) != want || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v is %v (%s)", returned, err, verdict(err))
		}
	}
}

func TestCommitThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer bson.D
		err    error
		want   string
	}{
		"a conflict":             {conflict, nil, "transient"},
		"an unknown result":      {failure(91, "ShutdownInProgress", "UnknownTransactionCommitResult"), nil, "uncertain"},
		"any unknown result":     {failure(100, "UnsatisfiableWriteConcern", "UnknownTransactionCommitResult"), nil, "uncertain"},
		"a failover":             {failure(10107, "NotWritablePrimary"), nil, "uncertain"},
		"a connection that ends": {nil, errCut, "uncertain"},
		"a refusal":              {failure(13, "Unauthorized"), nil, "unmarked"},
	} {
		f := replicaSet()
		rows := collect[order](t, open(t, f, Transactions()))
		f.interfere = func(sent command) (bson.D, error) {
			if sent.name == "commitTransaction" {
				return c.answer, c.err
			}
			return nil, nil
		}
		if err := deliver(t, put(rows, 1, order{ID: "a"})); verdict(err) != c.want {
			t.Errorf("%s is %s: %v", name, verdict(err), err)
		}
	}
}

// TestNothingIsCommittedLate ends the context while a function runs.
func TestNothingIsCommittedLate(t *testing.T) {
	t.Parallel()
	f := replicaSet()
	db := open(t, f, Transactions())
	ctx, cancel := context.WithCancel(t.Context())
	u := sink.NewUnit()
	b := u.Begin(sink.Origin{EventID: "e", Sequence: "1"})
	db.AtLeastOnce(b, func(context.Context, *mongo.Database) error { cancel(); return nil })
	must(t, b.End(nil))
	if err := u.Commit(ctx, nil); verdict(err) != "transient" {
		t.Errorf("error %v is %s", err, verdict(err))
	}
}

// TestTransactionFindsAnIDTaken is how some servers tell that another writer was faster.
func TestTransactionFindsAnIDTaken(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"E11000 duplicate key error collection: shop.rows index: _id_ dup key: { : 1 }":      "transient",
		"Duplicate key violation on the requested collection: Index '_id_'":                  "transient",
		"E11000 duplicate key error collection: shop.rows index: user_id_1 dup key: { : 1 }": "permanent",
		"Duplicate key violation on the requested collection: Index 'user_id_1'":             "permanent",
	} {
		f := replicaSet()
		c := collect[order](t, open(t, f, Transactions()))
		f.once("insert", 1, func() (bson.D, error) {
			taken := bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11000}, {Key: "errmsg", Value: message}}
			return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}, {Key: "writeErrors", Value: bson.A{taken}}}, nil
		})
		if err := deliver(t, put(c, 1, order{ID: "a"})); verdict(err) != want {
			t.Errorf("%s: %s", message, verdict(err))
		}
	}
}

// TestTransactionMeetsAnotherWriter has the first write of a transaction, or its commit, come second.
func TestTransactionMeetsAnotherWriter(t *testing.T) {
	t.Parallel()
	f := replicaSet()
	c := collect[order](t, open(t, f, Transactions()))
	f.once("commitTransaction", 1, func() (bson.D, error) {
		f.hold(bson.D{{Key: "_id", Value: "a"}, {Key: GuardField, Value: padded(9)}})
		return nil, nil
	})
	if err := deliver(t, put(c, 5, order{ID: "a", State: "old"})); !sink.IsTransient(err) {
		t.Errorf("error %v", err)
	}
	must(t, deliver(t, put(c, 5, order{ID: "a", State: "old"})))
	if strings.Contains(f.held("a"), "old") || c.Stale() != 1 {
		t.Errorf("there is %s", f.held("a"))
	}
}
