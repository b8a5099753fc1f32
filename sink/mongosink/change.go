package mongosink

import (
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dynasink/dynasink/sink"
)

// MaxDocumentSize is how many bytes a document may have: https://www.mongodb.com/docs/manual/reference/limits/#bson-documents
const MaxDocumentSize = 16 << 20

// change is one write, encoded when it is staged.
type change struct {
	place
	version string
	doc     bson.Raw // the whole document; nil for a removal

	// What the rounds of a commit find out.
	there bool   // the document exists
	seen  string // its version, "" if it has none
	sent  bool   // it was replaced, unless it had a newer version by then
}

// place is where a document is.
type place struct {
	key   string // stands for _id and shard key; equal if and only if these are equal for the server
	id    bson.RawValue
	shard []field
}

// field is an element of a document.
type field struct {
	name  string
	value bson.RawValue
}

// change encodes a row once.
func (c *Collection[D]) change(row D, remove bool, o sink.Origin) (*change, error) {
	doc, p, err := c.locate(row, remove)
	if err != nil {
		return nil, err
	}
	ch := &change{place: p}
	if ch.version, err = c.collection.guard.versionOf(doc, remove, o); err != nil || remove {
		return ch, err
	}
	ch.doc, err = c.collection.document(ch, doc)
	return ch, err
}

func (c *Collection[D]) place(row D) (place, error) {
	_, p, err := c.locate(row, true)
	return p, err
}

func (c *Collection[D]) locate(row D, keyOnly bool) (bson.Raw, place, error) {
	doc, err := c.encode(row, keyOnly)
	if err != nil {
		return nil, place{}, err
	}
	id, err := c.idOf(row, doc)
	if err != nil {
		return nil, place{}, err
	}
	p, err := c.collection.placeOf(id, doc)
	return doc, p, err
}

// placeOf is also that of a document that the server has returned.
func (c *collection) placeOf(id bson.RawValue, doc bson.Raw) (place, error) {
	p := place{id: id, key: string(appendKey(nil, id))}
	for _, name := range c.shard {
		value, err := doc.LookupErr(name)
		if err != nil || value.Type == bson.TypeNull {
			return p, fmt.Errorf("field %q of the shard key is missing; for a delete pass the row made of the OldImage", name)
		}
		p.shard = append(p.shard, field{name, value})
		p.key = string(appendKey([]byte(p.key), value))
	}
	return p, nil
}

// document is what is written for a row: its fields, the _id made by an option, and the version.
func (c *collection) document(ch *change, row bson.Raw) (bson.Raw, error) {
	b, err := reopen(row), error(nil)
	if !c.tidy {
		if b, err = c.tidied(ch, row); err != nil {
			return nil, err
		}
	}
	if c.guard.protects() {
		b.text(c.guard.sequence, ch.version)
	}
	doc := b.done()
	if len(doc) > MaxDocumentSize {
		return nil, fmt.Errorf("the document has %d bytes, and %d are the most", len(doc), MaxDocumentSize)
	}
	return doc, nil
}

// tidied copies the fields of a row behind its _id, and refuses those that it must not have.
func (c *collection) tidied(ch *change, row bson.Raw) (*builder, error) {
	elements, err := row.Elements()
	if err != nil {
		return nil, fmt.Errorf("the document is damaged: %w", err)
	}
	b := newBuilder(len(row) + len(ch.id.Value) + guardSize)
	b.value("_id", ch.id)
	for _, e := range elements {
		switch name := e.Key(); {
		case name == "_id" && c.ownID():
		case name == "_id":
			return nil, errors.New("the row has an _id beside the one made by Key or IDFunc")
		default:
			if err := c.guard.checkName(name); err != nil {
				return nil, err
			}
			b.raw(e)
		}
	}
	return b, nil
}

// encoderOf returns what encodes rows; with keyOnly it may leave out what makes neither key nor version.
func encoderOf[D any](c *collection) func(row D, keyOnly bool) (bson.Raw, error) {
	if encode, ok := any(c.encodeItem).(func(D, bool) (bson.Raw, error)); ok {
		return encode
	}
	return func(row D, _ bool) (bson.Raw, error) { return c.store.marshal(row) }
}
