package mongosink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// expiry is a TTL index that the library needs: https://www.mongodb.com/docs/manual/core/index-ttl/
type expiry struct {
	rows  *mongo.Collection
	field string
}

func (d *DB) made() []*collection {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.collections)
}

// expiries lists the indexes that the collections made so far need.
func (d *DB) expiries() []expiry {
	var all []expiry
	for _, c := range d.made() {
		if c.guard.protects() && !c.guard.soft {
			all = append(all, expiry{c.rows, c.guard.deleted})
		}
	}
	if d.store.transactions {
		all = append(all, expiry{d.store.collection(inboxCollection), appliedField})
	}
	return all
}

// EnsureIndexes makes the TTL indexes by which the server removes tombstones, and the inbox entries of [DB.Once], after the
// [Retention]; one that is there gets this retention. Collections that do not exist are made. It is for a migration, or
// for the start of a program that may create indexes: a function in production most often may not.
//
// The indexes are sparse, so that documents other than tombstones cost nothing.
func (d *DB) EnsureIndexes(ctx context.Context) error {
	for _, e := range d.expiries() {
		if err := d.store.ensure(ctx, e); err != nil {
			return d.store.wrap("make an index on "+e.rows.Name(), err)
		}
	}
	return nil
}

func (s *store) ensure(ctx context.Context, e expiry) error {
	keys := bson.D{{Key: e.field, Value: 1}}
	seconds := int32(s.retention / time.Second)
	_, err := e.rows.Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys:    keys,
		Options: options.Index().SetExpireAfterSeconds(seconds).SetSparse(true),
	})
	const optionsConflict = 85 // the index is there with another retention
	var server mongo.ServerError
	if errors.As(err, &server) && server.HasErrorCode(optionsConflict) {
		change := bson.D{{Key: "keyPattern", Value: keys}, {Key: "expireAfterSeconds", Value: seconds}}
		return s.db.RunCommand(ctx, bson.D{{Key: "collMod", Value: e.rows.Name()}, {Key: "index", Value: change}}).Err()
	}
	return err
}

// Preflight compares the deployment with what the sink and the collections made so far need, and reports all that is missing
// in one error: transactions, if [Transactions] asks for them; the TTL indexes; the [ShardKey] of collections that are
// sharded, where the connection is a router's and may read the config database. Call it at start-up: a wrong set-up then
// stops the deployment and not the stream.
func (d *DB) Preflight(ctx context.Context) error {
	var hello struct {
		SetName string `bson:"setName"`
		Msg     string `bson:"msg"`
	}
	if err := d.store.db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return d.store.wrap("connect", err)
	}
	router := hello.Msg == "isdbgrid"
	var missing []error
	if d.store.transactions && hello.SetName == "" && !router {
		missing = append(missing, errors.New("mongosink: the server is no replica set and no sharded cluster, so it has no transactions"))
	}
	for _, e := range d.expiries() {
		missing = append(missing, d.store.expires(ctx, e))
	}
	for _, c := range d.made() {
		if router {
			missing = append(missing, c.checkSharding(ctx))
		}
	}
	return errors.Join(missing...)
}

// expires looks for the index; one that forgets too early is as bad as none.
func (s *store) expires(ctx context.Context, e expiry) error {
	indexes, err := e.rows.Indexes().ListSpecifications(ctx)
	const noCollection = 26
	var server mongo.ServerError
	if err != nil && !(errors.As(err, &server) && server.HasErrorCode(noCollection)) {
		return s.wrap("list the indexes of "+e.rows.Name(), err)
	}
	for _, index := range indexes {
		elements, err := index.KeysDocument.Elements()
		if err != nil || len(elements) != 1 || elements[0].Key() != e.field || index.ExpireAfterSeconds == nil {
			continue
		}
		if after := time.Duration(*index.ExpireAfterSeconds) * time.Second; after <= minRetention {
			return fmt.Errorf("mongosink: collection %s: the TTL index on %s removes after %v, and a stream holds its records for %v", e.rows.Name(), e.field, after, minRetention)
		}
		return nil
	}
	return fmt.Errorf("mongosink: collection %s has no TTL index on %s; EnsureIndexes makes it", e.rows.Name(), e.field)
}

// checkSharding compares the shard key of the cluster with the one that was named. Who may not read the config database gets
// no answer, which is not an error.
func (c *collection) checkSharding(ctx context.Context) error {
	var entry struct {
		Key bson.D `bson:"key"`
	}
	name := c.store.db.Name() + "." + c.name
	config := c.store.db.Client().Database("config").Collection("collections")
	if err := config.FindOne(ctx, bson.D{{Key: "_id", Value: name}}).Decode(&entry); err != nil {
		return nil //nolint:nilerr // not sharded, or not to be told
	}
	for _, part := range entry.Key {
		known := part.Key == "_id" || strings.HasPrefix(part.Key, "_id.") || slices.Contains(c.shard, part.Key)
		if !known {
			return fmt.Errorf("mongosink: collection %s is sharded by %q: name it with ShardKey", c.name, part.Key)
		}
	}
	return nil
}
