package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// TestMongoACutConnectionIsTransient cuts the connection at each request of a commit, at each moment. The delivery after it leads to
// the right documents.
func TestMongoACutConnectionIsTransient(t *testing.T) {
	t.Parallel()
	moments := map[string]func(wire.Trigger) wire.Fault{"before": wire.Before, "during": wire.During, "after": wire.After}
	for moment, fault := range moments {
		for _, request := range []string{"find", "insert", "update"} {
			for _, g := range mongoGuards[:2] {
				t.Run(moment+" "+request+"/"+g.name, func(t *testing.T) {
					t.Parallel()
					m := servers.Mongo(t)
					proxy := wire.New(t, m.Addr)
					db := m.Via(t, proxy.Addr()).Open(t, options.Client().SetRetryReads(false).SetRetryWrites(false))
					_, target := mongoTarget[doc[int]](t, db, "c", []mongosink.CollectionOption{g.option})
					put(t, target, "1", doc[int]{"a", 1}, doc[int]{"b", 1})
					shot := proxy.CutNext(fault(wire.Text(request)).WithReset())
					change := func(b *sink.Batch) {
						target.Upsert(b, doc[int]{"a", 2})
						target.Delete(b, doc[int]{ID: "b"})
						target.Upsert(b, doc[int]{"c", 2})
					}
					if err := at(t, "2", change); !sink.IsTransient(err) || sink.IsUncertain(err) {
						t.Fatalf("want a transient error, got %v", err)
					}
					shot.Await(t)
					if err := at(t, "2", change); err != nil {
						t.Errorf("the delivery after it: %v", err)
					}
					if got := fmt.Sprint(living(t, m.Open(t).Collection("c"), target)); got != "[{a 2} {c 2}]" {
						t.Errorf("the collection holds %s", got)
					}
				})
			}
		}
	}
}

// TestMongoADeadServerIsTransient kills the server, and goes on when it is back.
func TestMongoADeadServerIsTransient(t *testing.T) {
	t.Parallel()
	m := servers.OwnMongo(t)
	db := m.Open(t, options.Client().SetServerSelectionTimeout(time.Second))
	s, target := mongoTarget[doc[int]](t, db, "c", nil)
	put(t, target, "1", doc[int]{"a", 1})
	if err := m.Server.Kill9(); err != nil {
		t.Fatal(err)
	}
	change := func(b *sink.Batch) { target.Upsert(b, doc[int]{"a", 2}) }
	for _, state := range []string{"gone", "known to be gone"} {
		if err := at(t, "2", change); !sink.IsTransient(err) {
			t.Errorf("the server is %s: %v", state, err)
		}
	}
	if err := s.Preflight(t.Context()); !sink.IsTransient(err) {
		t.Errorf("Preflight: %v", err)
	}
	if err := m.Server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := at(t, "2", change); err != nil {
		t.Errorf("the server is back: %v", err)
	}
	if got := fmt.Sprint(living(t, db.Collection("c"), target)); got != "[{a 2}]" {
		t.Errorf("the collection holds %s", got)
	}
}

// TestMongoTheEndOfTheContextIsTransient: an invocation that runs out of time before, and while the server is silent.
func TestMongoTheEndOfTheContextIsTransient(t *testing.T) {
	t.Parallel()
	m := servers.Mongo(t)
	proxy := wire.New(t, m.Addr)
	_, target := mongoTarget[doc[int]](t, m.Via(t, proxy.Addr()).Open(t), "c", nil)
	commit := func(ctx context.Context) error {
		u := sink.NewUnit()
		b := u.Begin(sink.Origin{Source: "arn", EventID: "e", Sequence: "1"})
		target.Upsert(b, doc[int]{"a", 1})
		return errors.Join(b.End(nil), u.Commit(ctx, nil))
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := commit(over); !sink.IsTransient(err) {
		t.Errorf("a context that was over: %v", err)
	}
	for _, request := range []string{"find", "insert"} {
		shot := proxy.CutNext(wire.Stall(wire.Text(request)))
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-shot.Fired(); cancel() }()
		if err := commit(ctx); !sink.IsTransient(err) {
			t.Errorf("the server is silent at %s: %v", request, err)
		}
	}
	if err := commit(t.Context()); err != nil {
		t.Errorf("the next invocation: %v", err)
	}
}

// TestMongoRefusals: what a server has against a document fails its record, and what it has against all of them does not have any set
// aside. No error repeats a value.
func TestMongoRefusals(t *testing.T) {
	t.Parallel()
	taken, takenTarget := newMongo[bson.D](t)
	unique := mongo.IndexModel{Keys: bson.D{{Key: "v", Value: 1}}, Options: options.Index().SetUnique(true).SetSparse(true)}
	if _, err := taken.Indexes().CreateOne(t.Context(), unique); err != nil {
		t.Fatal(err)
	}
	put(t, takenTarget, "1", bson.D{{Key: "_id", Value: "a"}, {Key: "v", Value: marker}})
	err := at(t, "2", func(b *sink.Batch) {
		takenTarget.Upsert(b, bson.D{{Key: "_id", Value: marker}, {Key: "v", Value: marker}})
	})
	var known *mongosink.Error
	if !sink.IsPermanent(err) || !errors.As(err, &known) || known.Code != 11000 {
		t.Errorf("a value that is taken: %v", err)
	}
	silent(t, err)
	_, longTarget := newMongo[doc[any]](t)
	for what, v := range map[string]any{"unencodable": make(chan int), "too large": strings.Repeat(marker, 2<<20)} {
		err := at(t, "1", func(b *sink.Batch) { longTarget.Upsert(b, doc[any]{marker, v}) })
		if !sink.IsPermanent(err) {
			t.Errorf("%s: %.200v", what, err)
		}
		silent(t, err)
	}
	s, err := mongosink.New(taken.Database().Client().Database("no such/name"))
	if err != nil {
		t.Fatal(err)
	}
	nowhere, err := mongosink.NewCollection[doc[string]](s, "c")
	if err != nil {
		t.Fatal(err)
	}
	err = at(t, "1", func(b *sink.Batch) { nowhere.Upsert(b, doc[string]{marker, marker}) })
	if err == nil || sink.IsPermanent(err) || sink.IsTransient(err) || sink.IsUncertain(err) {
		t.Errorf("a database that cannot be: want an unmarked error, got %v", err)
	}
	silent(t, err)
}

// silent makes sure that an error does not repeat a value.
func silent(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), "SECRET") || len(err.Error()) > 1000) {
		t.Errorf("the error repeats a value: %.1000v", err)
	}
}
