package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.uber.org/fx"
)

// Config is read from the environment.
type Config struct {
	// URI names the server or cluster: https://www.mongodb.com/docs/manual/reference/connection-string/
	URI      string `env:"MONGODB_URI"`
	Database string `env:"MONGODB_DATABASE" envDefault:"dynasink_example"`
}

// howTo is for who has no server at hand.
const howTo = `
  point to a server: MONGODB_URI=mongodb://127.0.0.1:27017 go run ./examples/mongo
  or start one:      docker run --rm -p 127.0.0.1:27017:27017 mongo:8`

const collection = "people"

// connect makes a client. The driver connects when the first command is sent.
func connect(config Config, lc fx.Lifecycle) (*mongo.Database, error) {
	if config.URI == "" {
		return nil, errors.New("MONGODB_URI is not set" + howTo)
	}
	client, err := mongo.Connect(options.Client().ApplyURI(config.URI).SetServerSelectionTimeout(5 * time.Second))
	if err != nil {
		return nil, errors.New("MONGODB_URI is not a connection string" + howTo) // the driver's error may show the password
	}
	lc.Append(fx.StopHook(client.Disconnect))
	return client.Database(config.Database), nil
}

// newPeople is the one constructor that knows where people go. A function in production leaves EnsureIndexes to a migration.
func newPeople(database *mongo.Database) (sink.Target[PersonRow], error) {
	db, err := mongosink.New(database)
	if err != nil {
		return nil, err
	}
	people, err := mongosink.NewCollection[PersonRow](db, collection)
	if err != nil {
		return nil, err
	}
	if err := db.EnsureIndexes(context.Background()); err != nil {
		return nil, fmt.Errorf("%w%s", err, howTo)
	}
	return people, db.Preflight(context.Background())
}

// printPeopleAtEnd shows the collection when the program ends. In Lambda it does nothing.
func printPeopleAtEnd(database *mongo.Database, lc fx.Lifecycle) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		return
	}
	lc.Append(fx.StopHook(func(ctx context.Context) error { return printPeople(ctx, database.Collection(collection)) }))
}

// printPeople leaves out tombstones, as every reader does, and the field that belongs to the library.
func printPeople(ctx context.Context, people *mongo.Collection) error {
	live := bson.D{{Key: mongosink.DeletedField, Value: nil}}
	cursor, err := people.Find(ctx, live, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetProjection(bson.D{{Key: mongosink.GuardField, Value: 0}}))
	if err != nil {
		return err
	}
	defer cursor.Close(ctx)
	for cursor.Next(ctx) {
		text, err := bson.MarshalExtJSON(cursor.Current, false, false)
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	}
	return cursor.Err()
}
