package mongosink

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Key makes the _id of fields, named as in the document: of one field its value, of several the document of them in this
// order, {_id: {pk: …, sk: …}}. The fields stay in the document too. Values are never joined into a text, which would make
// ("a", "b#c") and ("a#b", "c") one document.
func Key(fields ...string) CollectionOption {
	fields = append([]string{}, fields...)
	return collectionOption(func(c *collection) { c.keys = fields })
}

// IDFunc makes the _id with a function: any value that the driver can encode and a server accepts. It must give different
// values for different keys of the table and the same for all images of an item, and be safe for concurrent use. D must be the
// collection's, or [NewCollection] fails.
func IDFunc[D any](id func(row D) (any, error)) CollectionOption {
	return collectionOption(func(c *collection) { c.byID = id })
}

// ShardKey names the fields of a sharded collection's shard key, at the top level of the document or within the _id
// ("_id", "_id.pk"). They are part of every filter, so that a write goes to one shard; without them a server refuses an
// upsert, or asks all shards. https://www.mongodb.com/docs/manual/core/sharding-shard-key/
//
// The shard key must not change as long as the item exists, because MongoDB keeps an _id unique within one shard only: a
// document whose shard key changes would be two. A change that a mirror with old images sees fails its record. For a delete
// the shard key is read from the key row: pass the row made of the OldImage.
func ShardKey(fields ...string) CollectionOption {
	fields = slices.Clone(fields)
	return collectionOption(func(c *collection) { c.shard = fields })
}

// check finds at start-up what cannot work for rows of type t.
func (c *collection) check(t reflect.Type) error {
	for _, check := range []func(reflect.Type) error{c.checkID, c.checkShard, c.guard.check, c.checkItem} {
		if err := check(t); err != nil {
			return err
		}
	}
	return nil
}

func (c *collection) checkID(t reflect.Type) error {
	known, has := declares(t, "_id")
	switch {
	case c.byID != nil && c.keys != nil:
		return errors.New("Key and IDFunc both make the _id")
	case !c.ownID() && known && has:
		return fmt.Errorf("%v has a field _id, and an option makes another", t)
	case c.keys != nil && len(c.keys) == 0:
		return errors.New("Key names no field")
	case c.byID == nil && c.keys == nil && known && !has:
		return fmt.Errorf(`%v has no _id: tag a field bson:"_id", or use Key or IDFunc`, t)
	}
	return c.checkFields(t, "Key", c.keys)
}

// ownID reports whether the _id is a field of the rows.
func (c *collection) ownID() bool {
	return c.byID == nil && (c.keys == nil || slices.Equal(c.keys, []string{"_id"}))
}

// checkFields makes sure that t has the fields.
func (c *collection) checkFields(t reflect.Type, option string, fields []string) error {
	for i, name := range fields {
		known, has := declares(t, name)
		switch {
		case name == "" || strings.Contains(name, ".") || strings.HasPrefix(name, "$"):
			return fmt.Errorf("%s(%q): a field at the top level of the document is needed", option, name)
		case known && !has:
			return fmt.Errorf("%v has no field %q for %s", t, name, option)
		case slices.Contains(fields[:i], name):
			return fmt.Errorf("%s names the field %q twice", option, name)
		}
	}
	return nil
}

func (c *collection) checkShard(t reflect.Type) error {
	c.shard = slices.DeleteFunc(c.shard, func(name string) bool { return name == "_id" || strings.HasPrefix(name, "_id.") })
	return c.checkFields(t, "ShardKey", c.shard)
}

// idOf returns the _id of a row.
func (c *Collection[D]) idOf(row D, doc bson.Raw) (bson.RawValue, error) {
	id, err := c.makeID(row, doc)
	if err == nil {
		err = checkID(id)
	}
	return id, err
}

func (c *Collection[D]) makeID(row D, doc bson.Raw) (bson.RawValue, error) {
	keys := c.collection.keys
	switch {
	case c.id != nil:
		return c.idByFunc(row)
	case len(keys) == 0:
		return lookup(doc, "_id")
	case len(keys) == 1:
		return lookup(doc, keys[0])
	}
	return compound(doc, keys)
}

func (c *Collection[D]) idByFunc(row D) (bson.RawValue, error) {
	value, err := c.id(row)
	if err != nil {
		return bson.RawValue{}, fmt.Errorf("IDFunc: %w", err)
	}
	wrapped, err := c.collection.store.marshal(bson.D{{Key: "_id", Value: value}})
	if err != nil {
		return bson.RawValue{}, err
	}
	return wrapped.Lookup("_id"), nil
}

func compound(doc bson.Raw, keys []string) (bson.RawValue, error) {
	b := newBuilder(64)
	for _, name := range keys {
		value, err := lookup(doc, name)
		if err != nil {
			return value, err
		}
		b.value(name, value)
	}
	return bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: b.done()}, nil
}

func lookup(doc bson.Raw, name string) (bson.RawValue, error) {
	value, err := doc.LookupErr(name)
	if err != nil {
		return value, fmt.Errorf("the row has no field %q for its _id", name)
	}
	return value, nil
}

var errEmptyID = errors.New("the _id is empty")

// checkID refuses what a server would, and an empty _id: that is most likely a field that the handler forgot to set.
func checkID(id bson.RawValue) error {
	switch id.Type {
	case bson.TypeInt32, bson.TypeInt64, bson.TypeDouble, bson.TypeDecimal128, bson.TypeBoolean, bson.TypeDateTime,
		bson.TypeTimestamp, bson.TypeString, bson.TypeBinary, bson.TypeObjectID, bson.TypeEmbeddedDocument:
	default:
		return fmt.Errorf("a value of BSON type %v cannot be an _id", id.Type)
	}
	if empty(id) {
		return errEmptyID
	}
	return nil
}

func empty(v bson.RawValue) bool {
	switch v.Type {
	case bson.TypeString:
		return v.StringValue() == ""
	case bson.TypeBinary:
		_, data := v.Binary()
		return len(data) == 0
	case bson.TypeObjectID:
		return v.ObjectID().IsZero()
	case bson.TypeNull:
		return true
	case bson.TypeEmbeddedDocument:
		parts, err := v.Document().Values()
		return err != nil || !slices.ContainsFunc(parts, func(part bson.RawValue) bool { return !empty(part) })
	}
	return false
}

// shardApart reports whether the shard key is more than the _id tells.
func (c *collection) shardApart() bool {
	return slices.ContainsFunc(c.shard, func(name string) bool { return !slices.Contains(c.keys, name) })
}
