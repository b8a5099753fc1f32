package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	mongoopts "go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
)

// mongoOrder is a document of ten small fields.
type mongoOrder struct {
	ID      string    `bson:"_id"`
	Order   string    `bson:"order"`
	Name    string    `bson:"name"`
	Email   string    `bson:"email"`
	Status  string    `bson:"status"`
	Qty     int       `bson:"qty"`
	Total   float64   `bson:"total"`
	Paid    bool      `bson:"paid"`
	Version int64     `bson:"version"`
	Placed  time.Time `bson:"placed_at"`
}

// newMongoOrders makes orders that no other round has. Their keys are scattered, as the partition keys of a stream's records are.
func newMongoOrders(round, records int) []mongoOrder {
	orders := make([]mongoOrder, records)
	for i := range orders {
		n := round*10_000 + i
		orders[i] = mongoOrder{
			ID: fmt.Sprintf("CUSTOMER#%08d", n*61_803_399%100_000_000), Order: fmt.Sprintf("ORDER#%06d", n), Name: fmt.Sprint("Customer ", n),
			Email: fmt.Sprintf("user%d@example.com", n), Status: [...]string{"NEW", "PAID", "SHIPPED"}[n%3], Qty: n % 40,
			Total: float64(n*7%100_000) / 100, Paid: n%2 == 0, Placed: time.Unix(int64(1768608000+n), 0),
		}
	}
	return orders
}

// changed is a MODIFY of each order.
func changed(orders []mongoOrder) []mongoOrder {
	after := make([]mongoOrder, len(orders))
	for i, o := range orders {
		o.Version, o.Status = o.Version+1, "CHANGED"
		after[i] = o
	}
	return after
}

// mongoRoute is one way to write orders into a collection of its own.
type mongoRoute struct {
	name   string
	most   int // records that it is given: one record takes as long as another where each is a request
	write  func(ctx context.Context, orders []mongoOrder) error
	stored *mongo.Collection
}

// mongoRoutes are in the order of mongoOurs, mongoUsual, mongoCeiling.
func mongoRoutes(db, direct *mongo.Database) ([]mongoRoute, error) {
	ours, err := stageOrders(db)
	if err != nil {
		return nil, err
	}
	usual, ceiling := db.Collection("usual"), db.Collection("ceiling")
	return []mongoRoute{
		{"dynasink, guarded", math.MaxInt, ours, direct.Collection("ours")},
		{"update_one per record", 30, func(ctx context.Context, orders []mongoOrder) error { return updateEach(ctx, usual, orders) }, direct.Collection("usual")},
		{"insert_many, unordered", math.MaxInt, func(ctx context.Context, orders []mongoOrder) error {
			_, err := ceiling.InsertMany(ctx, orders, mongoopts.InsertMany().SetOrdered(false))
			return err
		}, direct.Collection("ceiling")},
	}, nil
}

// stageOrders writes orders as a handler's batch does: staged, then committed.
func stageOrders(db *mongo.Database) (func(ctx context.Context, orders []mongoOrder) error, error) {
	s, err := mongosink.New(db)
	if err != nil {
		return nil, err
	}
	target, err := mongosink.NewCollection[mongoOrder](s, "ours")
	sequence := 0
	return func(ctx context.Context, orders []mongoOrder) error {
		u := sink.NewUnit()
		for _, o := range orders {
			sequence++
			b := u.Begin(sink.Origin{Source: "arn", EventID: "e", Sequence: fmt.Sprintf("4421584500000000017450%08d", sequence)})
			target.Upsert(b, o)
			if err := b.End(nil); err != nil {
				return err
			}
		}
		return u.Commit(ctx, nil)
	}, err
}

// updateEach is the way of the articles: an upsert for each record. It has no guard, and never removes a field.
func updateEach(ctx context.Context, c *mongo.Collection, orders []mongoOrder) error {
	for _, o := range orders {
		fields := bson.D{
			{Key: "order", Value: o.Order}, {Key: "name", Value: o.Name}, {Key: "email", Value: o.Email}, {Key: "status", Value: o.Status},
			{Key: "qty", Value: o.Qty}, {Key: "total", Value: o.Total}, {Key: "paid", Value: o.Paid}, {Key: "version", Value: o.Version},
			{Key: "placed_at", Value: o.Placed},
		}
		_, err := c.UpdateOne(ctx, bson.D{{Key: "_id", Value: o.ID}}, bson.D{{Key: "$set", Value: fields}}, mongoopts.UpdateOne().SetUpsert(true))
		if err != nil {
			return err
		}
	}
	return nil
}

// check makes sure that a route has stored what it was given: for each version of orders some rounds of them.
func (r *mongoRoute) check(ctx context.Context, records int, rounds []int) error {
	for version, n := range rounds {
		got, err := r.stored.CountDocuments(ctx, bson.D{{Key: "version", Value: version}})
		if err != nil {
			return fmt.Errorf("%s: count documents of version %d: %w", r.name, version, err)
		}
		if got != int64(n*records) {
			return fmt.Errorf("%s: stored %d of %d documents of version %d", r.name, got, n*records, version)
		}
	}
	want, got := newMongoOrders(0, 1)[0], mongoOrder{}
	if err := r.stored.FindOne(ctx, bson.D{{Key: "_id", Value: want.ID}}).Decode(&got); err != nil {
		return fmt.Errorf("%s: read %s: %w", r.name, want.ID, err)
	}
	if rounds[1] > 0 {
		want = changed([]mongoOrder{want})[0]
	}
	if got.Placed = got.Placed.Local(); got != want {
		return fmt.Errorf("%s: stored %+v instead of %+v", r.name, got, want)
	}
	return nil
}
