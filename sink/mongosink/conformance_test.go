package mongosink

import (
	"context"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

type row struct {
	ID      string `bson:"_id"`
	Version int    `bson:"version"`
	Note    string `bson:"note,omitempty"`
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, guard := range map[string]CollectionOption{
		"tombstones": Tombstones("", ""), "soft deletes": SoftDelete("gone", "seq"), "unguarded": Unguarded(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guarded := name != "unguarded"
			sinktest.Run(t, sinktest.Config[row]{Features: sinktest.Features{Guarded: guarded}, New: func(t *testing.T) sinktest.Subject[row] {
				t.Parallel()
				return subject(t, newFake(), guard)
			}})
		})
		t.Run(name+" in transactions", func(t *testing.T) {
			t.Parallel()
			guarded := name != "unguarded"
			sinktest.Run(t, sinktest.Config[row]{Features: sinktest.Features{Guarded: guarded, Transactional: true}, New: func(t *testing.T) sinktest.Subject[row] {
				t.Parallel()
				f := newFake()
				f.set = true
				return subject(t, f, guard, Transactions())
			}})
		})
	}
}

func subject(t *testing.T, f *fake, guard CollectionOption, opts ...Option) sinktest.Subject[row] {
	db, err := New(f.connect(t).Database("shop"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := NewCollection[row](db, "rows", guard)
	if err != nil {
		t.Fatal(err)
	}
	s := sinktest.Subject[row]{
		Target:  rows,
		Rows:    func(ctx context.Context) ([]row, error) { return all[row](ctx, db, "rows", rows.Live()) },
		Row:     func(key string, version int) row { return row{ID: key, Version: version} },
		Key:     func(r row) string { return r.ID },
		Same:    func(a, b row) bool { return a == b },
		Refused: func(key string) row { return row{ID: key, Note: refusedText} },
	}
	if db.store.transactions {
		s.Act = func(b *sink.Batch, run func() error) {
			db.AtLeastOnce(b, func(context.Context, *mongo.Database) error { return run() })
		}
	}
	return s
}

// all reads documents.
func all[D any](ctx context.Context, db *DB, collection string, filter bson.D) ([]D, error) {
	cursor, err := db.store.db.Collection(collection).Find(ctx, filter)
	if err != nil {
		return nil, err
	}
	var found []D
	return found, cursor.All(ctx, &found)
}
