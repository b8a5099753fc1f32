package mongosink

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dynasink/dynasink/sink"
)

// The fields that the library adds to documents, unless options name others.
const (
	// GuardField holds the version of the change that wrote a document: a string of 40 digits, the sequence number of the
	// stream record padded with zeros. A document without it is older than any change.
	GuardField = "stream_sequence"
	// DeletedField holds the date of the deletion in a tombstone, and is in no other document.
	DeletedField = "stream_deleted_at"
)

// guard decides whether a change may be applied to a document, by versions kept in the document itself. That is what makes
// it sound without transactions: a server changes one document atomically, so the version is compared and replaced in one
// step, and an _id whose document never goes away never loses its version. Tombstones in a collection of their own
// would not do: an upsert that has found no tombstone, and is held up until after the deletion, would bring the document
// back, and if its function dies then nobody takes it away again.
type guard struct {
	sequence string // the field that holds the version; "" if the collection is unguarded
	deleted  string // the field that marks what is left of a deleted document
	soft     bool   // a deletion keeps the other fields
	version  string // the field of the row that orders changes; "": the stream record's sequence number
}

// Tombstones guards documents by the sequence number in guardField, and replaces a deleted document by a tombstone: a
// document of its _id, its shard key, the sequence number and the date of the deletion in deletedField. A TTL index removes it
// after the [Retention]: see [DB.EnsureIndexes]. It is the default; "" stands for [DeletedField] and [GuardField].
//
// Readers leave tombstones out with the filter {stream_deleted_at: null} (see [Collection.Live]), or read a view made with
// that filter. A unique index on other fields must be sparse or partial, because tombstones lack these fields.
func Tombstones(deletedField, guardField string) CollectionOption {
	return collectionOption(func(c *collection) { c.guard = tombstones(deletedField, guardField) })
}

func tombstones(deletedField, guardField string) guard {
	g := guard{sequence: guardField, deleted: deletedField}
	if g.sequence == "" {
		g.sequence = GuardField
	}
	if g.deleted == "" {
		g.deleted = DeletedField
	}
	return g
}

// SoftDelete guards documents like [Tombstones], but a deleted document keeps its fields, and with them its values in unique
// indexes. Nothing removes it: purging is the caller's, once a document is older than any redelivery.
func SoftDelete(deletedField, guardField string) CollectionOption {
	return collectionOption(func(c *collection) {
		c.guard = tombstones(deletedField, guardField)
		c.guard.soft = true
	})
}

// GuardVersion is [Tombstones] with changes ordered by a field of the row instead of the sequence number: a version
// attribute that grows with every change of the item. It is for documents that come from several streams, whose sequence
// numbers cannot be compared. field is the name in the document, and its value a non-negative whole number of up to 40
// digits; the guard field holds it as padded text. For a delete it is read from the key row, so pass the row made of the
// OldImage (with the same version as the last upsert, which the delete then outweighs). An item that is made again must go on
// from a higher version.
func GuardVersion(field string) CollectionOption {
	return collectionOption(func(c *collection) {
		c.guard = tombstones("", "")
		c.guard.version = field
	})
}

// Unguarded turns the order guard off: for targets that something else protects, or where an old delivery that overwrites a
// newer one does no harm. Redelivered batches are then applied again, and a delete removes the document.
func Unguarded() CollectionOption {
	return collectionOption(func(c *collection) { c.guard = guard{} })
}

func (g *guard) protects() bool { return g.sequence != "" }

// check finds at start-up what rows of type t lack for the guard, or have of its own.
func (g *guard) check(t reflect.Type) error {
	if g.protects() && g.sequence == g.deleted {
		return fmt.Errorf("the guard needs two fields, and both are called %q", g.sequence)
	}
	for _, name := range fieldNames(t) {
		if err := g.checkName(name); err != nil {
			return fmt.Errorf("%v: %w", t, err)
		}
	}
	if known, has := declares(t, g.version); known && !has && g.version != "" {
		return fmt.Errorf("%v has no field %q for GuardVersion", t, g.version)
	}
	return nil
}

// checkName refuses the fields that rows must leave to the guard, and those that a server would take for operators.
func (g *guard) checkName(name string) error {
	switch {
	case g.protects() && (name == g.sequence || name == g.deleted):
		return fmt.Errorf("the field %q belongs to the order guard, and the row has one of that name", name)
	case strings.HasPrefix(name, "$"):
		return fmt.Errorf("the field %q begins with $, which a server takes for an operator", name)
	}
	return nil
}

// removalMark makes the version of a removal greater than that of the upsert with the same version of the item, which it
// removes, and smaller than the next.
const removalMark = "d"

// versionOf returns the version of a change as text that compares as versions do.
func (g *guard) versionOf(doc bson.Raw, remove bool, o sink.Origin) (string, error) {
	switch {
	case !g.protects():
		return "", nil
	case g.version == "":
		return sink.PadSequence(o.Sequence)
	}
	version, err := sink.PadSequence(digits(doc.Lookup(g.version)))
	if err != nil {
		return "", fmt.Errorf("field %q: a version must be a non-negative integer of at most %d digits", g.version, sink.SequenceDigits)
	}
	if remove {
		version += removalMark
	}
	return version, nil
}

// digits returns a whole number as text, "" for anything else.
func digits(v bson.RawValue) string {
	switch v.Type {
	case bson.TypeInt32, bson.TypeInt64:
		return strconv.FormatInt(v.AsInt64(), 10)
	case bson.TypeString:
		return v.StringValue()
	case bson.TypeDouble:
		if f := v.Double(); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
	case bson.TypeDecimal128:
		return decimalDigits(v.Decimal128())
	}
	return ""
}

// remains is the document that stands for a deleted one where there was none, and for a tombstone in any case.
func (g *guard) remains(ch *change, now time.Time) bson.Raw {
	b := newBuilder(len(ch.id.Value) + 128)
	b.value("_id", ch.id)
	b.fields(ch.shard)
	b.text(g.sequence, ch.version)
	b.date(g.deleted, now)
	return b.done()
}

// model is the statement for a change, chosen by what is known of its document.
func (g *guard) model(ch *change, now time.Time) mongo.WriteModel {
	remove := ch.doc == nil
	doc := ch.doc
	if remove && g.protects() {
		doc = g.remains(ch, now)
	}
	switch {
	case !g.protects() && remove:
		return mongo.NewDeleteOneModel().SetFilter(g.filter(ch))
	case !g.protects():
		return mongo.NewReplaceOneModel().SetFilter(g.filter(ch)).SetReplacement(doc).SetUpsert(true)
	case !ch.there:
		return mongo.NewInsertOneModel().SetDocument(doc)
	case remove && g.soft:
		marks := bson.D{{Key: g.deleted, Value: now}, {Key: g.sequence, Value: ch.version}}
		return mongo.NewUpdateOneModel().SetFilter(g.filter(ch)).SetUpdate(bson.D{{Key: "$set", Value: marks}})
	}
	return mongo.NewReplaceOneModel().SetFilter(g.filter(ch)).SetReplacement(doc)
}

// filter finds the document of a change, unless it has a newer version. A document whose version is missing, or is no
// text, is older than any change.
func (g *guard) filter(ch *change) bson.Raw {
	b := newBuilder(len(ch.id.Value) + 160)
	b.value("_id", ch.id)
	b.fields(ch.shard)
	if g.protects() {
		b.document(bson.TypeEmbeddedDocument, g.sequence)
		if ch.seen != "" {
			b.text("$lte", ch.version)
		} else {
			b.document(bson.TypeEmbeddedDocument, "$not")
			b.text("$gt", ch.version)
			b.end()
		}
		b.end()
	}
	return b.done()
}
