package mongosink

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Sandbox returns an empty database in memory, for examples.
func Sandbox() (db *mongo.Database, end func()) {
	f := newFake()
	f.set = true
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://sandbox/?directConnection=true").SetDialer(f))
	if err != nil {
		panic(err)
	}
	return client.Database("shop"), func() { client.Disconnect(context.Background()) }
}
