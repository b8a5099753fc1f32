package mongosink

import (
	"errors"
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dynasink/dynasink/sink"
)

// order is a document with fields of its own.
type order struct {
	ID    string `bson:"_id"`
	Email string `bson:"email,omitempty"`
	State string `bson:"state"`
}

// open makes a DB of a fake.
func open(t *testing.T, f *fake, opts ...Option) *DB {
	t.Helper()
	db, err := New(f.connect(t).Database("shop"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// collect makes a collection called rows.
func collect[D any](t *testing.T, db *DB, opts ...CollectionOption) *Collection[D] {
	t.Helper()
	c, err := NewCollection[D](db, "rows", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// delivery is a record of a batch: its sequence number and what its handler stages.
type delivery struct {
	sequence int
	stage    func(b *sink.Batch)
}

func deliver(t *testing.T, records ...delivery) error {
	t.Helper()
	u := sink.NewUnit()
	for i, r := range records {
		b := u.Begin(sink.Origin{Source: "stream", EventID: fmt.Sprint("event ", r.sequence), Sequence: fmt.Sprint(r.sequence), Index: i})
		r.stage(b)
		if err := b.End(nil); err != nil {
			return err
		}
	}
	return u.Commit(t.Context(), nil)
}

func put[D any](c *Collection[D], sequence int, row D) delivery {
	return delivery{sequence, func(b *sink.Batch) { c.Upsert(b, row) }}
}

func remove[D any](c *Collection[D], sequence int, row D) delivery {
	return delivery{sequence, func(b *sink.Batch) { c.Delete(b, row) }}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// names lists the commands that the fake has got, and forgets them.
func (f *fake) names() (names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.seen {
		names = append(names, c.name)
	}
	f.seen = nil
	return names
}

// last returns the last command of a name.
func (f *fake) last(t *testing.T, name string) command {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.seen) - 1; i >= 0; i-- {
		if f.seen[i].name == name {
			return f.seen[i]
		}
	}
	t.Fatalf("the driver sent no %s", name)
	return command{}
}

// once runs fn when the n-th command of a name arrives, before it is carried out.
func (f *fake) once(name string, n int, fn func() (bson.D, error)) {
	f.interfere = func(c command) (bson.D, error) {
		if c.name != name {
			return nil, nil
		}
		if n--; n != 0 {
			return nil, nil
		}
		return fn()
	}
}

// hold stores a document as another writer would.
func (f *fake) hold(doc bson.D) {
	raw, err := bson.Marshal(doc)
	if err != nil {
		panic(err)
	}
	if f.data.documents["rows"] == nil {
		f.data.documents["rows"] = map[string]bson.Raw{}
	}
	f.data.documents["rows"][keyOf(bson.Raw(raw).Lookup("_id"))] = raw
	f.written++
}

// held returns a document as relaxed extended JSON, "" if there is none.
func (f *fake) held(id any) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: id}})
	if err != nil {
		panic(err)
	}
	doc := f.data.documents["rows"][keyOf(bson.Raw(raw).Lookup("_id"))]
	if doc == nil {
		return ""
	}
	text, _ := bson.MarshalExtJSON(doc, false, false)
	return string(text)
}

func padded(sequence int) string {
	text, _ := sink.PadSequence(fmt.Sprint(sequence))
	return text
}

// failedRecord returns the index of the record that an error is about, -1 for none.
func failedRecord(err error) int {
	var at *sink.RecordError
	if errors.As(err, &at) {
		return at.Origin.Index
	}
	return -1
}

func noRetries() *options.ClientOptions {
	return options.Client().SetRetryWrites(false).SetRetryReads(false)
}
