package mongosink

import (
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dynasink/dynasink/sink"
)

// Collection is a [sink.Target] for the documents of one collection. It is made once, at start-up, and is safe for
// concurrent use.
type Collection[D any] struct {
	port       *sink.Port[*change]
	collection *collection
	encode     func(row D, keyOnly bool) (bson.Raw, error)
	id         func(row D) (any, error) // nil: the _id is made of fields
}

// collection is what does not depend on the document type.
type collection struct {
	store *store
	name  string
	rows  *mongo.Collection
	guard guard
	keys  []string // the fields that make the _id; none: the documents have one
	shard []string // the fields of the shard key that the _id does not hold
	item  itemOptions
	byID  any  // IDFunc's func(D) (any, error)
	tidy  bool // encoded rows are documents as they are: their _id is their own, and their type tells all their fields
	stale atomic.Uint64

	growing atomic.Bool // the last commit found none of its documents there
}

// CollectionOption changes what [NewCollection] returns.
type CollectionOption interface{ applyCollection(*collection) }

type collectionOption func(*collection)

func (o collectionOption) applyCollection(c *collection) { o(c) }

// NewCollection makes a target of the collection called name. D is a type that the driver encodes as a document, most often
// a struct with bson tags, or [Document] for items without a Go type.
//
// The documents' _id is the field tagged bson:"_id" (a struct there is a compound _id), or made by [Key] or [IDFunc]. The
// default guard is [Tombstones].
//
// Nothing is asked of the server: [DB.EnsureIndexes] and [DB.Preflight] do that. Errors are those of misuse: an _id, a shard
// key or a version that D has no field for, a field of D that the guard needs for itself.
func NewCollection[D any](db *DB, name string, opts ...CollectionOption) (*Collection[D], error) {
	if db == nil || name == "" {
		return nil, fmt.Errorf("mongosink: a collection needs a DB and a name")
	}
	c := &collection{store: db.store, name: name, rows: db.store.collection(name), guard: tombstones("", "")}
	for _, o := range opts {
		o.applyCollection(c)
	}
	target := &Collection[D]{collection: c}
	if err := target.bind(); err != nil {
		return nil, fmt.Errorf("mongosink: collection %s: %w", name, err)
	}
	target.port = c.newPort()
	db.add(c)
	return target, nil
}

func (d *DB) add(c *collection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.collections = append(d.collections, c)
}

// bind checks the options against D.
func (c *Collection[D]) bind() error {
	if c.collection.byID != nil {
		var ok bool
		if c.id, ok = c.collection.byID.(func(D) (any, error)); !ok || c.id == nil {
			return fmt.Errorf("IDFunc got a %T, and the rows are of type %v", c.collection.byID, reflect.TypeFor[D]())
		}
	}
	t := reflect.TypeFor[D]()
	c.encode = encoderOf[D](c.collection)
	c.collection.tidy = c.collection.store.standard && c.collection.ownID() && structured(t)
	return c.collection.check(t)
}

// Upsert implements [sink.Target]: row replaces the whole document, so that attributes which the item has lost are gone. The
// row is encoded at once and may be changed afterwards. A row that cannot be encoded, has no _id, or takes more than
// [MaxDocumentSize] fails its record with a permanent error.
func (c *Collection[D]) Upsert(b *sink.Batch, row D) { c.stage(b, row, false, c.port.Upsert) }

// Delete implements [sink.Target]. Only what makes the _id is read of key, the shard key ([ShardKey]) and the version
// ([GuardVersion]).
func (c *Collection[D]) Delete(b *sink.Batch, key D) { c.stage(b, key, true, c.port.Delete) }

// SameKey implements [sink.Keyed].
func (c *Collection[D]) SameKey(a, b D) bool {
	p, errP := c.place(a)
	q, errQ := c.place(b)
	return errP == nil && errQ == nil && p.key == q.key
}

// DeletesByState implements [sink.Stateful]: the version of [GuardVersion], and a shard key that is not part of the _id, are
// the last state's.
func (c *Collection[D]) DeletesByState() bool {
	return c.collection.guard.version != "" || c.collection.shardApart()
}

// Live returns a filter for readers that leaves out what the guard remembers of deleted documents; combine it with
// others by $and. It is empty for an [Unguarded] collection.
func (c *Collection[D]) Live() bson.D {
	if c.collection.guard.deleted == "" {
		return bson.D{}
	}
	return bson.D{{Key: c.collection.guard.deleted, Value: nil}}
}

// Stale returns how many writes the guard has dropped since the collection was made, because the document had a newer
// change. Redeliveries and late deliveries make it grow; nothing is wrong then.
func (c *Collection[D]) Stale() uint64 { return c.collection.stale.Load() }

func (c *Collection[D]) stage(b *sink.Batch, row D, remove bool, stage func(*sink.Batch, *change)) {
	ch, err := c.change(row, remove, b.Origin())
	if err != nil {
		b.Fail(sink.Permanent(fmt.Errorf("mongosink: collection %s: %w", c.collection.name, err)))
		return
	}
	stage(b, ch)
}

func (c *collection) newPort() *sink.Port[*change] {
	var opts []sink.PortOption
	if c.guard.protects() {
		opts = append(opts, sink.GuardedBy(func(ch **change, _ sink.Origin) string {
			return strings.TrimSuffix((*ch).version, removalMark) // the port itself weighs a removal against an upsert
		}))
	}
	return sink.NewPort(c.store, func(ch **change) (string, error) { return (*ch).key, nil }, c.write, opts...)
}
