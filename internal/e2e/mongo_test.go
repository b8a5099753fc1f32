package e2e

import (
	"context"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// doc is a document with one value.
type doc[V any] struct {
	ID string `bson:"_id"`
	V  V      `bson:"v"`
}

// mongoItem is the document of the conformance suite.
type mongoItem struct {
	ID      string `bson:"_id"`
	Version int    `bson:"version"`
	Taken   int    `bson:"taken,omitempty"` // the one value of a unique index; the document blocker has it
}

const blocker = "blocker"

var mongoGuards = []struct {
	name    string
	guarded bool
	option  mongosink.CollectionOption
}{
	{"tombstones", true, mongosink.Tombstones("", "")},
	{"soft delete", true, mongosink.SoftDelete("gone", "version of the change")},
	{"unguarded", false, mongosink.Unguarded()},
}

func TestMongoConformance(t *testing.T) {
	t.Parallel()
	for _, g := range mongoGuards {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			sinktest.Run(t, sinktest.Config[mongoItem]{
				Features: sinktest.Features{Guarded: g.guarded},
				New: func(t *testing.T) sinktest.Subject[mongoItem] {
					return mongoItems(t, servers.Mongo(t).Open(t), g.option)
				},
			})
		})
	}
}

// TestMongoConformanceOfTransactions needs a replica set or a sharded cluster.
func TestMongoConformanceOfTransactions(t *testing.T) {
	t.Parallel()
	needsTransactions(t)
	for _, g := range mongoGuards {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			sinktest.Run(t, sinktest.Config[mongoItem]{
				Features: sinktest.Features{Guarded: g.guarded, Transactional: true},
				New: func(t *testing.T) sinktest.Subject[mongoItem] {
					return mongoItems(t, servers.Mongo(t).Open(t), g.option, mongosink.Transactions())
				},
			})
		})
	}
}

// needsTransactions skips the test where the server has none, as FerretDB.
func needsTransactions(t *testing.T) {
	t.Helper()
	var hello struct {
		SetName string `bson:"setName"`
		Msg     string `bson:"msg"`
	}
	if err := servers.Mongo(t).Open(t).RunCommand(t.Context(), bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		t.Fatal(err)
	}
	if hello.SetName == "" && hello.Msg != "isdbgrid" {
		t.Skip("this server has no transactions; MONGODB_URI may name one that has")
	}
}

func mongoItems(t *testing.T, db *mongo.Database, guard mongosink.CollectionOption, opts ...mongosink.Option) sinktest.Subject[mongoItem] {
	t.Helper()
	s, items := mongoTarget[mongoItem](t, db, "items", []mongosink.CollectionOption{guard}, opts...)
	block(t, db.Collection("items"))
	subject := sinktest.Subject[mongoItem]{
		Target: items,
		Rows: func(ctx context.Context) ([]mongoItem, error) {
			return found[mongoItem](ctx, db.Collection("items"), append(items.Live(), bson.E{Key: "taken", Value: nil}))
		},
		Row:     func(key string, version int) mongoItem { return mongoItem{ID: key, Version: version} },
		Key:     func(row mongoItem) string { return row.ID },
		Same:    func(a, b mongoItem) bool { return a == b },
		Refused: func(key string) mongoItem { return mongoItem{ID: key, Taken: 1} },
	}
	if len(opts) > 0 {
		subject.Act = func(b *sink.Batch, run func() error) {
			s.AtLeastOnce(b, func(context.Context, *mongo.Database) error { return run() })
		}
	}
	return subject
}

// block makes a unique index with one value in it, which the server then refuses to everybody else.
func block(t *testing.T, c *mongo.Collection) {
	t.Helper()
	unique := mongo.IndexModel{Keys: bson.D{{Key: "taken", Value: 1}}, Options: options.Index().SetUnique(true).SetSparse(true)}
	if _, err := c.Indexes().CreateOne(t.Context(), unique); err != nil {
		t.Fatal(err)
	}
	if _, err := c.InsertOne(t.Context(), mongoItem{ID: blocker, Taken: 1}); err != nil {
		t.Fatal(err)
	}
}

// mongoTarget makes a sink and a collection whose set-up is checked.
func mongoTarget[D any](t *testing.T, db *mongo.Database, name string, opts []mongosink.CollectionOption, of ...mongosink.Option) (*mongosink.DB, *mongosink.Collection[D]) {
	t.Helper()
	s, err := mongosink.New(db, of...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := mongosink.NewCollection[D](s, name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EnsureIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Preflight(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// newMongo is mongoTarget in a database of its own.
func newMongo[D any](t *testing.T, opts ...mongosink.CollectionOption) (*mongo.Collection, *mongosink.Collection[D]) {
	t.Helper()
	db := servers.Mongo(t).Open(t)
	_, target := mongoTarget[D](t, db, "c", opts)
	return db.Collection("c"), target
}

func found[D any](ctx context.Context, c *mongo.Collection, filter bson.D) (all []D, err error) {
	cursor, err := c.Find(ctx, filter, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, err
	}
	return all, cursor.All(ctx, &all)
}

// living reads the live documents of a collection.
func living[D any](t *testing.T, c *mongo.Collection, target *mongosink.Collection[D]) []D {
	t.Helper()
	all, err := found[D](t.Context(), c, target.Live())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// at delivers one record with this sequence number.
func at(t *testing.T, sequence string, stage func(b *sink.Batch)) error {
	t.Helper()
	origin := sink.Origin{Source: "arn", EventID: "event " + sequence, Sequence: sequence}
	return sinktest.StageAs(t.Context(), origin, func(_ context.Context, b *sink.Batch) error {
		stage(b)
		return nil
	})
}
