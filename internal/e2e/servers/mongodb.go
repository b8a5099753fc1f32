package servers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const mongodb = "mongodb"

// MongoDB is an empty database, one test's own, on a server that speaks MongoDB's protocol.
type MongoDB struct {
	URI      string // names the server
	Database string
	Addr     string // the server's host and port, for a proxy
	Server   *MongoServer
}

// Mongo returns a fresh database on the server that the tests of this binary share: FerretDB in front of DocumentDB, or the one that
// MONGODB_URI names. It skips the test where neither is there, or fails it where DYNASINK_REQUIRE_SERVERS=1.
func Mongo(t testing.TB) MongoDB {
	t.Helper()
	s, err := sharedMongo.server()
	if err != nil {
		give(t, err)
	}
	return s.NewDatabase(t)
}

// OwnMongo is [Mongo] with a server that no other test uses, for tests that kill it. A server of the user's own cannot be
// killed: there the test is skipped.
func OwnMongo(t testing.TB) MongoDB {
	t.Helper()
	s, err := OpenMongo(t.Context())
	if err != nil {
		give(t, err)
	}
	if s.External() {
		t.Skipf("servers: %s is set, and this test kills its server", variable(mongodb))
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("servers: stop %s: %v", mongodb, err)
		}
	})
	return s.NewDatabase(t)
}

// Open returns the test's database. Its client is disconnected when the test ends. The options come after the ones that the
// URI names.
func (m MongoDB) Open(t testing.TB, opts ...*options.ClientOptions) *mongo.Database {
	t.Helper()
	quick := options.Client().ApplyURI(m.URI).SetServerSelectionTimeout(5 * time.Second)
	client, err := mongo.Connect(append([]*options.ClientOptions{quick}, opts...)...)
	if err != nil {
		t.Fatalf("servers: connect to %s: %v", mongodb, err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) }) // its server may be dead
	return client.Database(m.Database)
}

// Via is the same database reached at addr, the address of a proxy in front of the server.
func (m MongoDB) Via(t testing.TB, addr string) MongoDB {
	t.Helper()
	uri, err := viaMongo(m.URI, addr)
	if err != nil {
		t.Fatalf("servers: %v", err)
	}
	m.URI, m.Addr = uri, addr
	return m
}

// NewDatabase names a database that does not exist: the server makes it when something is written to it. On a server of the
// user's own it is dropped when the test ends; ours are thrown away whole.
func (s *MongoServer) NewDatabase(t testing.TB) MongoDB {
	t.Helper()
	m := MongoDB{URI: s.uri, Database: fmt.Sprintf("dynasink_%016x", rand.Uint64()), Addr: s.addr, Server: s}
	if !s.External() {
		return m
	}
	db := m.Open(t)
	t.Cleanup(func() {
		if err := db.Drop(context.Background()); err != nil {
			t.Errorf("servers: drop %s on %s: %v", m.Database, mongodb, err)
		}
	})
	return m
}

var sharedMongo commonMongo

// commonMongo is the server that the tests of one binary share, started by the first that needs it.
type commonMongo struct {
	once sync.Once
	s    *MongoServer
	err  error
}

func (c *commonMongo) server() (*MongoServer, error) {
	c.once.Do(func() { c.s, c.err = OpenMongo(context.Background()) })
	return c.s, c.err
}

func (c *commonMongo) stop() error {
	c.once.Do(func() {}) // nobody starts it from here on
	if c.s == nil {
		return nil
	}
	return c.s.Stop()
}

// OpenMongo uses the server that MONGODB_URI names, else starts one; ctx limits how long that may take. The caller stops it.
func OpenMongo(ctx context.Context) (*MongoServer, error) {
	if uri := os.Getenv(variable(mongodb)); uri != "" {
		addr, err := hostOfMongo(uri)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", variable(mongodb), err)
		}
		return &MongoServer{uri: uri, addr: addr}, nil
	}
	return launchMongo(ctx)
}
