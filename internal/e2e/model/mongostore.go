package model

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// mongoStore is a database with the collections of the function. There are no transactions, so nothing is counted.
type mongoStore struct {
	function *mongo.Database // what the function uses
	direct   *mongo.Database // past all faults
}

type itemDocument struct {
	ID     string   `bson:"_id"`
	List   string   `bson:"list"`
	Title  string   `bson:"title"`
	Parts  []string `bson:"parts"`
	Poison int      `bson:"poison,omitempty"`
}

// blocker is the document that has the one value which a unique index allows for poison.
const blocker = "blocker"

// guardedCollections are the function's own, with a guard each.
var guardedCollections = map[string]mongosink.CollectionOption{
	"items": mongosink.Tombstones("", ""), "items_marked": mongosink.SoftDelete("gone", ""),
}

// live filters out what the guards remember of deleted documents, and the blocker.
var live = bson.D{{Key: "_id", Value: bson.D{{Key: "$ne", Value: blocker}}}, {Key: mongosink.DeletedField, Value: nil}, {Key: "gone", Value: nil}}

// Scope implements Store.
func (s *mongoStore) Scope(*rand.Rand) scope { return everything }

// Paths implements Store.
func (s *mongoStore) Paths() int { return 1 }

// Path implements Store.
func (s *mongoStore) Path(int, scope) (Path, error) {
	db, err := mongosink.New(s.function)
	if err != nil {
		return Path{}, err
	}
	var targets []sink.Target[itemDocument]
	var errs []error
	for name, guard := range guardedCollections {
		target, err := mongosink.NewCollection[itemDocument](db, name, guard)
		targets, errs = append(targets, target), append(errs, err)
	}
	letters, err := mongosink.NewCollection[handler.DeadLetter](db, "letters", mongosink.Unguarded(), mongosink.Key("source", "event_id"))
	items := sink.Tee(targets...)
	stage := func(rec *handler.Record[Item], b *sink.Batch) {
		switch item := rec.NewImage; item {
		case nil:
			items.Delete(b, itemDocument{ID: rec.Keys.ID})
		default:
			items.Upsert(b, documentOf(item))
		}
	}
	return Path{stage, letters}, errors.Join(append(errs, err)...)
}

func documentOf(item *Item) itemDocument {
	d := itemDocument{ID: item.ID, List: item.List, Title: item.Title, Parts: item.Parts}
	if item.Title == poison {
		d.Poison = 1
	}
	return d
}

// createCollections makes what users make: a unique index, and a document that has a value in it.
func createCollections(ctx context.Context, db *mongo.Database) error {
	for name := range guardedCollections {
		unique := mongo.IndexModel{Keys: bson.D{{Key: "poison", Value: 1}}, Options: options.Index().SetUnique(true).SetSparse(true)}
		if _, err := db.Collection(name).Indexes().CreateOne(ctx, unique); err != nil {
			return err
		}
		if _, err := db.Collection(name).InsertOne(ctx, itemDocument{ID: blocker, Poison: 1}); err != nil {
			return err
		}
	}
	return nil
}

// Empty implements Store. It reads first: the driver repeats a read whose connection went with a killed server, and then knows.
func (s *mongoStore) Empty(ctx context.Context) error {
	for _, name := range []string{"items", "items_marked", "letters"} {
		c, all := s.direct.Collection(name), bson.D{live[0]}
		if _, err := c.CountDocuments(ctx, all); err != nil {
			return fmt.Errorf("count %s: %w", name, err)
		}
		if _, err := c.DeleteMany(ctx, all); err != nil {
			return fmt.Errorf("empty %s: %w", name, err)
		}
	}
	return nil
}

// Letters implements Store.
func (s *mongoStore) Letters(ctx context.Context) ([]handler.DeadLetter, error) {
	return findAll[handler.DeadLetter](ctx, s.direct.Collection("letters"), bson.D{})
}

// Keeps implements Store. The writes of a batch are compacted, so that a refused change may never be written; Read tells those
// that must have been. The sequence number of an item's last change is in its document, as long as there is one.
func (s *mongoStore) Keeps(all State) State {
	some := newState()
	some.Rows, some.Parts = all.Rows, all.Parts
	for id := range all.Rows {
		some.Last[id] = all.Last[id]
	}
	return some
}

// Read implements Store.
func (s *mongoStore) Read(ctx context.Context, h *History) (State, error) {
	got, err1 := s.items(ctx, "items")
	marked, err2 := s.items(ctx, "items_marked")
	letters, err3 := s.Letters(ctx)
	got.Breaches = h.wrongLetters(letters)
	if d := got.differences(marked); d != "" && len(got.Breaches) == 0 {
		got.Breaches = append(got.Breaches, "the collections differ, with tombstones and with marks: "+d)
	}
	return got, errors.Join(err1, err2, err3)
}

func (s *mongoStore) items(ctx context.Context, name string) (State, error) {
	state := newState()
	documents, err := findAll[struct {
		Item     itemDocument `bson:",inline"`
		Sequence string       `bson:"stream_sequence"`
	}](ctx, s.direct.Collection(name), live)
	for _, stored := range documents {
		d := stored.Item
		state.Rows[d.ID] = d.List + "/" + d.Title
		state.Last[d.ID] = strings.TrimLeft(stored.Sequence, "0")
		if len(d.Parts) > 0 {
			state.Parts[d.ID] = strings.Join(d.Parts, ",")
		}
	}
	return state, err
}

func findAll[D any](ctx context.Context, c *mongo.Collection, filter bson.D) (all []D, err error) {
	cursor, err := c.Find(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", c.Name(), err)
	}
	return all, cursor.All(ctx, &all)
}

// wrongLetters lists dead letters that should not be there, and those of items' last changes that are missing.
func (h *History) wrongLetters(letters []handler.DeadLetter) (wrong []string) {
	var got []string
	for _, l := range letters {
		got = append(got, l.SequenceNumber)
		if !slices.Contains(h.Want.Letters, l.SequenceNumber) {
			wrong = append(wrong, l.SequenceNumber+" was set aside")
		}
	}
	for _, last := range h.Final {
		if slices.Contains(h.Want.Letters, last) && !slices.Contains(got, last) {
			wrong = append(wrong, last+" was not set aside")
		}
	}
	slices.Sort(wrong)
	return wrong
}
