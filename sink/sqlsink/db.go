package sqlsink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

// DB is a database as a sink: the targets made with it share one transaction per Lambda batch. It is safe for concurrent
// use, and takes at most one connection per batch at a time.
type DB struct {
	store *store

	mu     sync.Mutex
	checks []check // what Preflight looks at
}

// store is the sink behind a DB; it is apart so that its transaction type stays unexported.
type store struct {
	db        *sqlx.DB
	dialect   Dialect
	retention time.Duration
	values    bool
}

// Option changes what [New] returns.
type Option interface{ apply(*store) }

type option func(*store)

func (o option) apply(s *store) { o(s) }

// WithDialect sets the dialect of a driver whose name does not tell it: a wrapper that traces, say.
func WithDialect(d Dialect) Option {
	return option(func(s *store) { s.dialect = d })
}

// DefaultRetention is how long tombstones and inbox entries are kept unless [Retention] says otherwise.
const DefaultRetention = 30 * 24 * time.Hour

// minRetention is how long a stream holds its records: less could forget a deletion that is still to be redelivered.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
const minRetention = 24 * time.Hour

// Retention sets how long [DB.Purge] keeps tombstones, soft-deleted rows and inbox entries. It must be longer than the 24
// hours that a stream holds its records, and longer than dead letters wait for their redrive.
func Retention(d time.Duration) Option {
	return option(func(s *store) { s.retention = d })
}

// ValuesInErrors keeps the text of database errors as the driver gives it. By default what an engine quotes from the
// data ("Duplicate entry '…'") is cut out, because errors end in logs.
func ValuesInErrors() Option {
	return option(func(s *store) { s.values = true })
}

// New makes a sink of db. The dialect follows from db.DriverName(). The pool stays the caller's: for Lambda, where one
// batch runs at a time, SetMaxOpenConns(1) or 2 is enough.
func New(db *sqlx.DB, opts ...Option) (*DB, error) {
	if db == nil {
		return nil, errors.New("sqlsink: the *sqlx.DB is nil")
	}
	s := &store{db: db, retention: DefaultRetention}
	for _, o := range opts {
		o.apply(s)
	}
	if s.retention <= minRetention {
		return nil, fmt.Errorf("sqlsink: a retention of %v is not longer than the %v that a stream holds its records", s.retention, minRetention)
	}
	if s.dialect == 0 {
		d, err := dialectOf(db.DriverName())
		if err != nil {
			return nil, err
		}
		s.dialect = d
	}
	return &DB{store: s}, nil
}

// Dialect returns the dialect that the sink speaks.
func (d *DB) Dialect() Dialect { return d.store.dialect }

// tx is one transaction of a store.
type tx struct {
	*sqlx.Tx
	store *store
	now   time.Time
	fresh map[*onceCall]bool // which Once functions have not been applied before; nil until prepared
}

// InTx implements sink.Sink. A commit whose answer is lost may have happened: it is neither permanent nor transient.
func (s *store) InTx(ctx context.Context, fn func(ctx context.Context, t *tx) error) error {
	sqlTx, err := s.db.BeginTxx(ctx, s.dialect.isolation())
	if err != nil {
		return s.wrap("begin", err)
	}
	defer sqlTx.Rollback() // does nothing after a commit; on a panic it frees the connection
	if err := fn(ctx, &tx{Tx: sqlTx, store: s, now: time.Now().UTC()}); err != nil {
		return ended(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlsink: not committed: %w", err)
	}
	if err := sqlTx.Commit(); err != nil {
		return s.commitError(err)
	}
	return nil
}

// ended marks what statements return when the end of the context has rolled the transaction back under them.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, sql.ErrTxDone) {
		return sink.Transient(fmt.Errorf("%w (%w)", err, ctx.Err()))
	}
	return err
}

func (t *tx) statement() *statement { return &statement{dialect: t.store.dialect} }

func (t *tx) exec(ctx context.Context, doing string, s *statement) (sql.Result, error) {
	result, err := t.ExecContext(ctx, s.String(), s.args...)
	return result, t.store.wrap(doing, err)
}

// collect reads the rows of a query of n text columns.
func (t *tx) collect(ctx context.Context, doing string, s *statement, n int, row func(columns []string)) error {
	rows, err := t.QueryContext(ctx, s.String(), s.args...)
	if err != nil {
		return t.store.wrap(doing, err)
	}
	defer rows.Close()
	columns, targets := make([]string, n), make([]any, n)
	for i := range columns {
		targets[i] = &columns[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return t.store.wrap(doing, err)
		}
		row(columns)
	}
	return t.store.wrap(doing, rows.Err())
}
