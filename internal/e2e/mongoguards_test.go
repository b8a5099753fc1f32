package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestMongoWhatComesTooLateChangesNothing hands a write to the server when its sender has long been given up, and a newer one was
// acknowledged.
func TestMongoWhatComesTooLateChangesNothing(t *testing.T) {
	t.Parallel()
	upsert, remove := (*mongosink.Collection[doc[int]]).Upsert, (*mongosink.Collection[doc[int]]).Delete
	type write = func(c *mongosink.Collection[doc[int]], b *sink.Batch, row doc[int])
	for name, c := range map[string]struct {
		before     bool   // the document is there
		request    string // the late one
		late, next write
		want       string
	}{
		"insert, removed":        {false, "insert", upsert, remove, "[]"},
		"replacement, removed":   {true, "update", upsert, remove, "[]"},
		"removal, inserted":      {false, "insert", remove, upsert, "[{a 3}]"},
		"removal, replaced":      {true, "update", remove, upsert, "[{a 3}]"},
		"replacement, replaced":  {true, "update", upsert, upsert, "[{a 3}]"},
		"insert, inserted first": {false, "insert", upsert, upsert, "[{a 3}]"},
	} {
		for _, g := range mongoGuards[:2] {
			t.Run(g.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				m := servers.Mongo(t)
				proxy := wire.New(t, m.Addr)
				direct := m.Open(t)
				_, slow := mongoTarget[doc[int]](t, m.Via(t, proxy.Addr()).Open(t), "c", []mongosink.CollectionOption{g.option})
				_, fast := mongoTarget[doc[int]](t, direct, "c", []mongosink.CollectionOption{g.option})
				put := func(c *mongosink.Collection[doc[int]], w write, version int) error {
					return at(t, fmt.Sprint(version), func(b *sink.Batch) { w(c, b, doc[int]{"a", version}) })
				}
				if c.before {
					if err := put(fast, upsert, 1); err != nil {
						t.Fatal(err)
					}
				}
				shot := proxy.CutNext(wire.Late(wire.Text(c.request)))
				if err := put(slow, c.late, 2); !sink.IsTransient(err) {
					t.Errorf("the late one: %v", err)
				}
				if err := put(fast, c.next, 3); err != nil {
					t.Fatal(err)
				}
				shot.Await(t)
				if got := fmt.Sprint(living(t, direct.Collection("c"), fast)); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		}
	}
}

// mongoVersioned is a document with a version of the item.
type mongoVersioned struct {
	ID string `bson:"_id"`
	N  any    `bson:"n"`
	T  string `bson:"t"`
}

// TestMongoGuardVersion applies neighbouring versions in the wrong order: each must win over the one before it, by one.
func TestMongoGuardVersion(t *testing.T) {
	t.Parallel()
	decimal := func(text string) any {
		d, err := bson.ParseDecimal128(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	versions := []any{
		int32(9), int64(10), 11.0, int64(1<<53 + 1), int64(1<<53 + 2), int64(1<<62 + 1), decimal("4611686018427387906"),
		decimal("18446744073709551617"), decimal("1234567890123456789012345678901234"), strings.Repeat("9", 39), strings.Repeat("9", 40),
	}
	rows, target := newMongo[mongoVersioned](t, mongosink.GuardVersion("n"))
	deliver := func(version any, remove bool, want ...string) {
		row := mongoVersioned{"a", version, fmt.Sprint(len(want), remove)}
		stageOne(t, func(b *sink.Batch) {
			if remove {
				target.Delete(b, row)
			} else {
				target.Upsert(b, row)
			}
		})
		var got []string
		for _, d := range living(t, rows, target) {
			got = append(got, d.T)
		}
		if !slices.Equal(got, want) {
			t.Errorf("version %v, delete %v: the collection holds %v, want %v", version, remove, got, want)
		}
	}
	for i := 1; i < len(versions); i++ {
		older, newer := versions[i-1], versions[i]
		deliver(newer, false, "1 false")
		deliver(older, true, "1 false")
		deliver(older, false, "1 false")
		deliver(newer, true)
		deliver(newer, false)
		deliver(older, false)
	}
}

// TestMongoOlderThanAnyChange replaces and removes documents that another program has made, and fields that the item has lost.
func TestMongoOlderThanAnyChange(t *testing.T) {
	t.Parallel()
	for _, g := range mongoGuards {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			rows, target := newMongo[doc[int]](t, g.option)
			strange := []any{bson.D{{Key: "_id", Value: "a"}, {Key: "lost", Value: 1}}, bson.D{{Key: "_id", Value: "b"}, {Key: mongosink.GuardField, Value: 7}},
				bson.D{{Key: "_id", Value: "c"}, {Key: mongosink.GuardField, Value: nil}}}
			if _, err := rows.InsertMany(t.Context(), strange); err != nil {
				t.Fatal(err)
			}
			err := at(t, "1", func(b *sink.Batch) {
				target.Upsert(b, doc[int]{"a", 1})
				target.Upsert(b, doc[int]{"b", 2})
				target.Delete(b, doc[int]{ID: "c"})
			})
			if got := fmt.Sprint(living(t, rows, target)); err != nil || got != "[{a 1} {b 2}]" {
				t.Errorf("got %s, %v", got, err)
			}
			if n, err := rows.CountDocuments(t.Context(), bson.D{{Key: "lost", Value: 1}}); err != nil || n != 0 {
				t.Errorf("%d documents have the field that the item has lost, %v", n, err)
			}
		})
	}
}

// TestMongoTombstones: what is left of a document, and that the server is told when to remove it.
func TestMongoTombstones(t *testing.T) {
	t.Parallel()
	m := servers.Mongo(t)
	db := m.Open(t)
	expiry := func() (seconds []int32) {
		specifications, err := db.Collection("c").Indexes().ListSpecifications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range specifications {
			if s.ExpireAfterSeconds != nil {
				seconds = append(seconds, *s.ExpireAfterSeconds)
			}
		}
		return seconds
	}
	for _, retention := range []time.Duration{0, 48 * time.Hour} {
		var opts []mongosink.Option
		want := int32(mongosink.DefaultRetention / time.Second)
		if retention > 0 {
			opts, want = append(opts, mongosink.Retention(retention)), int32(retention/time.Second)
		}
		for range 2 {
			mongoTarget[doc[int]](t, db, "c", nil, opts...)
			if got := expiry(); !slices.Equal(got, []int32{want}) {
				t.Errorf("tombstones expire after %v s, want %v", got, want)
			}
		}
	}
	_, target := mongoTarget[doc[int]](t, db, "c", nil)
	put(t, target, "1", doc[int]{"a", 1})
	before := time.Now().Truncate(time.Millisecond)
	if err := at(t, "2", func(b *sink.Batch) { target.Delete(b, doc[int]{ID: "a"}) }); err != nil {
		t.Fatal(err)
	}
	left, err := found[bson.D](t.Context(), db.Collection("c"), bson.D{})
	if err != nil || len(left) != 1 || len(left[0]) != 3 {
		t.Fatalf("left over: %v, %v", left, err)
	}
	at, isDate := left[0][2].Value.(bson.DateTime)
	if !isDate || left[0][2].Key != mongosink.DeletedField || at.Time().Before(before) || at.Time().After(time.Now()) {
		t.Errorf("the server cannot tell the age of %v", left[0])
	}
}

func put[D any](t *testing.T, target sink.Target[D], sequence string, rows ...D) {
	t.Helper()
	err := at(t, sequence, func(b *sink.Batch) {
		for _, row := range rows {
			target.Upsert(b, row)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMongoUniqueValues: a value that a document gives up can be taken by another in the same commit; one that is taken is a permanent
// error of its record, and is not overwritten.
func TestMongoUniqueValues(t *testing.T) {
	t.Parallel()
	for name, guard := range map[string]mongosink.CollectionOption{ // with SoftDelete a deleted document keeps its values
		"tombstones": mongosink.Tombstones("", ""), "unguarded": mongosink.Unguarded(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, target := newMongo[mongoItem](t, guard)
			block(t, rows)
			if _, err := rows.DeleteOne(t.Context(), bson.D{{Key: "_id", Value: blocker}}); err != nil {
				t.Fatal(err)
			}
			put(t, target, "1", mongoItem{ID: "a", Taken: 1})
			put(t, target, "2", mongoItem{ID: "a"}, mongoItem{ID: "b", Taken: 1})
			put(t, target, "3", mongoItem{ID: "b"}, mongoItem{ID: "a", Taken: 1})
			err := at(t, "4", func(b *sink.Batch) {
				target.Delete(b, mongoItem{ID: "a"})
				target.Upsert(b, mongoItem{ID: "c", Taken: 1})
			})
			if got := fmt.Sprint(living(t, rows, target)); err != nil || got != "[{b 0 0} {c 0 1}]" {
				t.Errorf("got %s, %v", got, err)
			}
			u := sink.NewUnit()
			for i, row := range []mongoItem{{ID: "d"}, {ID: "b", Taken: 1}, {ID: "e"}} {
				b := u.Begin(sink.Origin{Source: "arn", EventID: "e", Sequence: fmt.Sprint(5 + i)})
				target.Upsert(b, row)
				if err := b.End(nil); err != nil {
					t.Fatal(err)
				}
			}
			err = u.Commit(t.Context(), nil)
			var record *sink.RecordError
			if !sink.IsPermanent(err) || !errors.As(err, &record) || record.Origin.Index != 1 {
				t.Errorf("a value that is taken: %v", err)
			}
			if n, err := rows.CountDocuments(t.Context(), bson.D{{Key: "_id", Value: "c"}, {Key: "taken", Value: 1}}); err != nil || n != 1 {
				t.Errorf("the document that had the value has lost it: %d, %v", n, err)
			}
		})
	}
}
