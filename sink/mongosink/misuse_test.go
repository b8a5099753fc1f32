package mongosink

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dynasink/dynasink/sink"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	db := newFake().connect(t).Database("shop")
	if _, err := New(nil); err == nil {
		t.Error("no database")
	}
	if _, err := New(db, Retention(24*time.Hour)); err == nil {
		t.Error("a retention that is too short")
	}
	if _, err := New(db, Registry(nil)); err == nil {
		t.Error("no registry")
	}
}

// refuses returns the error of making a collection of D.
func refuses[D any](db *DB, opts ...CollectionOption) error {
	_, err := NewCollection[D](db, "rows", opts...)
	return err
}

func TestNewCollectionRefuses(t *testing.T) {
	t.Parallel()
	db := open(t, newFake())
	type inline struct {
		Order order `bson:",inline"`
		Extra int
	}
	type guarded struct {
		ID  string `bson:"_id"`
		Seq string `bson:"stream_sequence"`
	}
	type nowhere struct{ Name string }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no _id":                  {refuses[nowhere](db), `bson:"_id"`},
		"unknown key field":       {refuses[nowhere](db, Key("pk")), `no field "pk" for Key`},
		"no key field":            {refuses[nowhere](db, Key()), "Key names no field"},
		"a key field twice":       {refuses[nowhere](db, Key("name", "name")), "twice"},
		"a path for a key":        {refuses[nowhere](db, Key("a.b")), "top level"},
		"key and function":        {refuses[nowhere](db, Key("name"), IDFunc(func(nowhere) (any, error) { return nil, nil })), "both"},
		"key and _id":             {refuses[order](db, Key("email")), "has a field _id"},
		"function and _id":        {refuses[inline](db, IDFunc(func(inline) (any, error) { return nil, nil })), "has a field _id"},
		"a function of others":    {refuses[nowhere](db, IDFunc(func(order) (any, error) { return nil, nil })), "IDFunc got"},
		"a nil function":          {refuses[nowhere](db, IDFunc[nowhere](nil)), "IDFunc got"},
		"unknown shard key":       {refuses[order](db, ShardKey("country")), `no field "country" for ShardKey`},
		"a path for a shard key":  {refuses[order](db, ShardKey("a.b")), "top level"},
		"unknown version":         {refuses[order](db, GuardVersion("version")), `no field "version"`},
		"a field of the guard":    {refuses[guarded](db), "belongs to the order guard"},
		"a field of soft deletes": {refuses[order](db, SoftDelete("state", "")), "belongs to the order guard"},
		"one field for two":       {refuses[order](db, Tombstones("x", "x")), "two fields"},
		"options of Document":     {refuses[order](db, Numbers(ExactNumbers)), "collections of Document"},
		"unknown policy":          {refuses[Document](db, Key("pk"), Numbers(7)), "unknown policy"},
		"Document without key":    {refuses[Document](db), "needs Key"},
		"no DB":                   {refuses[order](nil), "needs a DB"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: error %v", name, c.err)
		}
	}
	for name, err := range map[string]error{
		"inlined _id":            refuses[inline](db),
		"a pointer":              refuses[*order](db),
		"a map":                  refuses[bson.M](db),
		"what encodes itself":    refuses[opaque](db),
		"lower-case names":       refuses[nowhere](db, Key("name")),
		"the guard's field free": refuses[guarded](db, Unguarded()),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type opaque struct{}

func (opaque) MarshalBSON() ([]byte, error) {
	return bson.Marshal(bson.D{{Key: "_id", Value: "o"}, {Key: "$a", Value: 1}})
}

// TestRowsThatCannotBeStaged fails records, and not the program.
func TestRowsThatCannotBeStaged(t *testing.T) {
	t.Parallel()
	db := open(t, newFake())
	type wide struct {
		ID string `bson:"_id"`
		N  uint64 `bson:"n"`
		V  any    `bson:"v,omitempty"`
	}
	rows := collect[wide](t, db)
	for name, record := range map[string]delivery{
		"a number over int64":   put(rows, 1, wide{ID: "a", N: 18446744073709551615}),
		"a channel":             put(rows, 1, wide{ID: "a", V: make(chan int)}),
		"a nil row":             put(collect[*order](t, db), 1, nil),
		"an operator":           put(collect[opaque](t, db), 1, opaque{}),
		"a map with no _id":     put(collect[bson.M](t, db), 1, bson.M{"a": 1}),
		"a field of the guard":  put(collect[bson.M](t, db), 1, bson.M{"_id": 1, GuardField: 1}),
		"a row with its own id": put(collect[bson.M](t, db, Key("pk")), 1, bson.M{"_id": 1, "pk": 1}),
	} {
		if err := deliver(t, record); !sink.IsPermanent(err) || strings.Contains(err.Error(), "18446744073709551615") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	b := sink.NewUnit().Begin(sink.Origin{Sequence: "12x"})
	rows.Upsert(b, wide{ID: "a"})
	if err := b.End(nil); !sink.IsPermanent(err) {
		t.Errorf("a damaged sequence number: %v", err)
	}
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	f := replicaSet()
	db := open(t, f, Transactions(), Retention(48*time.Hour))
	collect[order](t, db)
	if err := db.Preflight(t.Context()); err == nil || strings.Count(err.Error(), "no TTL index") != 2 {
		t.Errorf("before EnsureIndexes: %v", err)
	}
	must(t, db.EnsureIndexes(t.Context()))
	must(t, db.EnsureIndexes(t.Context()))
	must(t, db.Preflight(t.Context()))
	index := f.data.indexes["rows"][0]
	if index.Lookup("expireAfterSeconds").AsInt64() != 48*3600 || !index.Lookup("sparse").Boolean() || index.Lookup("key", DeletedField).AsInt64() != 1 {
		t.Errorf("the index is %v", index)
	}
	longer := open(t, f, Retention(72*time.Hour))
	collect[order](t, longer)
	must(t, longer.EnsureIndexes(t.Context()))
	if got := f.data.indexes["rows"][0].Lookup("expireAfterSeconds").AsInt64(); got != 72*3600 {
		t.Errorf("the new retention is %d s", got)
	}
	f.data.indexes["rows"] = []bson.Raw{merged(f.data.indexes["rows"][0], marshaled(t, bson.D{{Key: "expireAfterSeconds", Value: 3600}}))}
	if err := longer.Preflight(t.Context()); err == nil || !strings.Contains(err.Error(), "1h0m0s") {
		t.Errorf("a retention of an hour: %v", err)
	}
}

func marshaled(t *testing.T, d bson.D) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(d)
	must(t, err)
	return raw
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	if err := open(t, newFake(), Transactions()).Preflight(t.Context()); err == nil || !strings.Contains(err.Error(), "no replica set") {
		t.Errorf("transactions of a single server: %v", err)
	}
	f := newFake()
	f.router = true
	entry := marshaled(t, bson.D{{Key: "_id", Value: "shop.rows"}, {Key: "key", Value: bson.D{{Key: "country", Value: 1}}}})
	f.data.documents["collections"] = map[string]bson.Raw{keyOf(entry.Lookup("_id")): entry}
	db := open(t, f)
	collect[customer](t, db, Unguarded())
	if err := db.Preflight(t.Context()); err == nil || !strings.Contains(err.Error(), `sharded by "country"`) {
		t.Errorf("an unnamed shard key: %v", err)
	}
	named := open(t, f)
	collect[customer](t, named, ShardKey("country"), Unguarded())
	must(t, named.Preflight(t.Context()))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := named.Preflight(ended); !sink.IsTransient(err) {
		t.Errorf("no connection in time: %v", err)
	}
}
