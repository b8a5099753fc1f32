package mongosink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
)

// DB is a database as a sink: the collections made with it are written together, in one session per Lambda batch, and in
// one transaction if [Transactions] says so. It is safe for concurrent use.
type DB struct {
	store *store

	mu          sync.Mutex
	collections []*collection // what EnsureIndexes and Preflight look at
}

// store is the sink behind a DB; it is apart so that its transaction type stays unexported.
type store struct {
	db           *mongo.Database
	transactions bool
	retention    time.Duration
	values       bool
	marshalers   marshalers
	standard     bool // the registry is the driver's, so types tell how they are encoded
}

// Option changes what [New] returns.
type Option interface{ apply(*store) }

type option func(*store)

func (o option) apply(s *store) { o(s) }

// Transactions writes each batch in one multi-document transaction: a batch that fails leaves nothing behind, and
// [DB.Once] and [DB.AtLeastOnce] can be used. It needs a replica set or a sharded cluster:
// https://www.mongodb.com/docs/manual/core/transactions/
// A server ends a transaction after 60 seconds (transactionLifetimeLimitSeconds). Read and write concern are those of the
// client.
func Transactions() Option {
	return option(func(s *store) { s.transactions = true })
}

// DefaultRetention is how long tombstones and inbox entries are kept unless [Retention] says otherwise.
const DefaultRetention = 30 * 24 * time.Hour

// minRetention is how long a stream holds its records: less could forget a deletion that is still to be redelivered.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
const minRetention = 24 * time.Hour

// Retention sets how long the server keeps tombstones and inbox entries, to the second. It must be longer than the 24 hours
// that a stream holds its records, and longer than dead letters wait for their redrive: a delivery older than it may bring
// a deleted document back, or run a [DB.Once] function again. [DB.EnsureIndexes] tells the server.
func Retention(d time.Duration) Option {
	return option(func(s *store) { s.retention = d })
}

// ValuesInErrors keeps the text of the server's errors as it is. By default what it quotes from the data (dup key: {…}) is
// cut out, because errors end in logs.
func ValuesInErrors() Option {
	return option(func(s *store) { s.values = true })
}

// Registry sets how Go values are encoded, for a client that was made with options.Client().SetRegistry; the driver does not
// tell its registry, nor the client's BSON options, which have no effect here. The default is the driver's.
func Registry(r *bson.Registry) Option {
	return option(func(s *store) { s.marshalers.registry = r })
}

// New makes a sink of db. Retryable writes and the write concern are those of db and its client; reads go to the primary,
// whatever they prefer, because what a secondary does not know yet would be taken for absent. A write concern that does not
// acknowledge writes (w: 0) fails the first commit. The client stays the caller's, who disconnects it.
//
// Nothing is asked of the server: [DB.Preflight] does that.
func New(db *mongo.Database, opts ...Option) (*DB, error) {
	if db == nil {
		return nil, errors.New("mongosink: the *mongo.Database is nil")
	}
	s := &store{db: db, retention: DefaultRetention}
	standard := bson.NewRegistry()
	s.marshalers.registry = standard
	for _, o := range opts {
		o.apply(s)
	}
	if s.retention <= minRetention {
		return nil, fmt.Errorf("mongosink: a retention of %v is not longer than the %v that a stream holds its records", s.retention, minRetention)
	}
	if s.marshalers.registry == nil {
		return nil, errors.New("mongosink: the registry is nil")
	}
	s.standard = s.marshalers.registry == standard
	return &DB{store: s}, nil
}

// collection returns a handle that reads from the primary.
func (s *store) collection(name string) *mongo.Collection {
	return s.db.Collection(name, options.Collection().SetReadPreference(readpref.Primary()))
}

// tx is one session of a store, with a transaction or without.
type tx struct {
	store *store
	now   time.Time
	fresh map[*onceCall]bool // which Once functions have not been applied before; nil until prepared
}

// abortPatience is how long the end of a batch waits for the server to take back a transaction. A server that is not told
// does it by itself after transactionLifetimeLimitSeconds.
const abortPatience = time.Second

// InTx implements sink.Sink. Without [Transactions] what has been written when fn fails stays written: repeating a guarded
// write is harmless.
func (s *store) InTx(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	session, err := s.db.Client().StartSession()
	if err != nil {
		return s.wrap("start a session", err)
	}
	defer func() { // also on a panic
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortPatience)
		defer cancel()
		session.EndSession(ctx) // aborts a transaction that is still open
	}()
	t := &tx{store: s, now: time.Now().UTC()}
	inSession := mongo.NewSessionContext(ctx, session)
	if !s.transactions {
		return fn(inSession, t)
	}
	return s.transact(inSession, session, func() error { return fn(inSession, t) })
}

func (s *store) transact(ctx context.Context, session *mongo.Session, fn func() error) error {
	primary := options.Transaction().SetReadPreference(readpref.Primary()) // a server accepts no other in a transaction
	if err := session.StartTransaction(primary); err != nil {
		return s.wrap("begin", err)
	}
	if err := fn(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("mongosink: not committed: %w", err)
	}
	if err := session.CommitTransaction(ctx); err != nil {
		return s.commitError(err)
	}
	return nil
}
