package mongosink_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

type Order struct {
	ID     string    `bson:"_id"`
	State  string    `bson:"state"`
	Placed time.Time `bson:"placed_at"`
}

// A constructor of a target, as a program would give it to fx.Provide.
func ExampleNew() {
	newOrders := func(ctx context.Context, client *mongo.Client) (sink.Target[Order], error) { // mongo.Connect(…)
		db, err := mongosink.New(client.Database("shop"))
		if err != nil {
			return nil, err
		}
		orders, err := mongosink.NewCollection[Order](db, "orders")
		if err != nil {
			return nil, err
		}
		return orders, db.Preflight(ctx) // says what the deployment lacks
	}
	_ = newOrders
}

func ExampleNewCollection() {
	database, end := mongosink.Sandbox() // client.Database("shop")
	defer end()
	db, err := mongosink.New(database)
	check(err)
	orders, err := mongosink.NewCollection[Order](db, "orders")
	check(err)

	ctx, first, second := context.Background(), sinktest.NextOrigin(), sinktest.NextOrigin()
	insert := func(_ context.Context, b *sink.Batch) error {
		orders.Upsert(b, Order{ID: "o-1", State: "placed", Placed: time.Unix(1763700001, 0)})
		return nil
	}
	remove := func(_ context.Context, b *sink.Batch) error {
		orders.Delete(b, Order{ID: "o-1"})
		return nil
	}
	check(sinktest.StageAs(ctx, first, insert))
	show(database, "orders", orders.Live())
	check(sinktest.StageAs(ctx, second, remove))
	check(sinktest.StageAs(ctx, first, insert)) // the first record is delivered again
	show(database, "orders", orders.Live())
	fmt.Println("stale writes:", orders.Stale())
	// Output:
	// {"_id":"o-1","state":"placed","placed_at":{"$date":"2025-11-21T04:40:01Z"}}
	// stale writes: 1
}

// A table with a partition key and a sort key.
func ExampleKey() {
	type Line struct {
		Order  string `bson:"order"`
		Number int    `bson:"number"`
		SKU    string `bson:"sku"`
	}
	database, end := mongosink.Sandbox()
	defer end()
	db, err := mongosink.New(database)
	check(err)
	lines, err := mongosink.NewCollection[Line](db, "lines", mongosink.Key("order", "number"))
	check(err)
	check(sinktest.Stage(context.Background(), func(_ context.Context, b *sink.Batch) error {
		lines.Upsert(b, Line{Order: "o-1", Number: 2, SKU: "tea"})
		return nil
	}))
	show(database, "lines", lines.Live())
	// Output:
	// {"_id":{"order":"o-1","number":2},"order":"o-1","number":2,"sku":"tea"}
}

// Items without a Go type: handler.Mirror(items) keeps a collection of Documents equal to any table.
func ExampleDocument() {
	database, end := mongosink.Sandbox()
	defer end()
	db, err := mongosink.New(database)
	check(err)
	items, err := mongosink.NewCollection[mongosink.Document](db, "items", mongosink.Key("pk"))
	check(err)
	check(sinktest.Stage(context.Background(), func(_ context.Context, b *sink.Batch) error {
		items.Upsert(b, mongosink.Document{
			"pk":    &types.AttributeValueMemberS{Value: "o-1"},
			"lines": &types.AttributeValueMemberN{Value: "2"},
			"total": &types.AttributeValueMemberN{Value: "12.45"},
			"tags":  &types.AttributeValueMemberSS{Value: []string{"gift", "priority"}},
		})
		return nil
	}))
	show(database, "items", items.Live())
	// Output:
	// {"_id":"o-1","lines":2,"pk":"o-1","tags":["gift","priority"],"total":{"$numberDecimal":"12.45"}}
}

// A counter: adding twice would be wrong, so each record adds once.
func ExampleDB_Once() {
	count := func(db *mongosink.DB, b *sink.Batch, customer string) { // mongosink.New(database, mongosink.Transactions())
		db.Once(b, "orders per customer", func(ctx context.Context, database *mongo.Database) error {
			one := bson.D{{Key: "$inc", Value: bson.D{{Key: "orders", Value: 1}}}}
			_, err := database.Collection("customers").UpdateByID(ctx, customer, one)
			return err
		}, mongosink.Independent())
	}
	_ = count
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// show prints documents without the field that belongs to the library.
func show(database *mongo.Database, collection string, filter bson.D) {
	cursor, err := database.Collection(collection).Find(context.Background(), filter)
	check(err)
	var documents []bson.D
	check(cursor.All(context.Background(), &documents))
	for _, d := range documents {
		text, err := bson.MarshalExtJSON(d[:len(d)-1], false, false)
		check(err)
		fmt.Println(string(text))
	}
}
