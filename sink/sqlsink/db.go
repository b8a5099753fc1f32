package sqlsink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

// DB is a database as a sink: the targets made with it share one transaction per Lambda batch. It is safe for concurrent
// use, and takes at most one connection per batch at a time.
type DB struct {
	store *store

	mu      sync.Mutex
	specs   []*tableSpec       // what Preflight compares the database with
	appends map[[2]string]bool // which tables are appended to, and as what
}

// store is the sink behind a DB; it is apart so that its transaction type stays unexported.
type store struct {
	db        *sqlx.DB
	dialect   Dialect
	retention time.Duration
	values    bool
	sender    onetrip.Sender // nil: every batch runs in a transaction that is open while it is written
	stateless bool           // leave nothing on a connection that outlives the transaction
	copyFrom  int            // how many new rows go by COPY; 0: none
	functions bool           // Once and Newest are used
	evolution Evolution
	catalog   catalog
	optimism  optimism
	texts     texts

	kept          atomic.Pointer[workspace]
	removalsFirst atomic.Bool // SQLite: a row could take a value only after the removal of the one that had it
	changeable    atomic.Bool // batches turn out to need an open transaction when some of their statements are made
	connections
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

// New makes a sink of db. The dialect follows from db.DriverName(). The pool stays the caller's, who may use
// it beside; [Pool] sizes it for Lambda.
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

// tx is one transaction of a store: an open one, or one whose statements are gathered.
type tx struct {
	store    *store
	space    *workspace
	now      time.Time
	conn     *sqlx.Conn
	open     *sqlx.Tx           // nil while statements are gathered
	gathered *gathering         // nil when the transaction is open
	fresh    map[*onceCall]bool // which Once functions have not been applied before; nil until prepared
	inOrder  bool               // see mixed
}

// newTx begins what free ends.
func (s *store) newTx(conn *sqlx.Conn) *tx {
	return &tx{store: s, space: s.workspace(), now: time.Now().UTC(), conn: conn}
}

func (t *tx) free() { t.store.keepWorkspace(t.space) }

// InTx implements sink.Sink. A commit whose answer is lost may have happened: it is neither permanent nor transient.
func (s *store) InTx(ctx context.Context, fn func(ctx context.Context, t *tx) error) (err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return sink.Transient(s.wrap("connect", err)) // whatever it says: no record is to blame
	}
	defer func() { s.release(conn, err) }()
	if err := s.inOneTrip(ctx, conn, fn); !errors.Is(err, errOpen) {
		return err
	}
	return s.inOpenTx(ctx, conn, fn)
}

// inOneTrip writes the batch in one round trip where that can be done. Nothing has been done when it returns errOpen.
func (s *store) inOneTrip(ctx context.Context, conn *sqlx.Conn, fn func(ctx context.Context, t *tx) error) error {
	switch {
	case s.dialect == MySQL:
		return s.inOneText(ctx, conn, fn)
	case s.sender != nil:
		return s.inOneFlight(ctx, conn, fn)
	}
	return errOpen
}

// inOpenTx tries the order of keys on SQLite, where that may do as well as removals first.
func (s *store) inOpenTx(ctx context.Context, conn *sqlx.Conn, fn func(ctx context.Context, t *tx) error) error {
	inOrder := s.dialect == SQLite && !s.removalsFirst.Load()
	err := s.writeOpen(ctx, conn, inOrder, fn)
	if inOrder && errors.As(err, new(*orderError)) {
		if err = s.writeOpen(ctx, conn, false, fn); err == nil {
			s.removalsFirst.Store(true) // most likely the next ones need it too
		}
	}
	return err
}

func (s *store) writeOpen(ctx context.Context, conn *sqlx.Conn, inOrder bool, fn func(ctx context.Context, t *tx) error) error {
	begun := ctx
	if s.dialect == SQLite {
		begun = context.WithoutCancel(ctx) // or database/sql would end the transaction beside those who use the driver itself
	}
	sqlTx, err := conn.BeginTxx(begun, s.isolation())
	if err != nil {
		return sink.Transient(s.wrap("begin", err))
	}
	defer s.unlimit(ctx, conn)
	defer sqlTx.Rollback() // does nothing after a commit; on a panic it frees the connection
	t := s.newTx(conn)
	defer t.free()
	t.open, t.inOrder = sqlTx, inOrder
	if err := t.limit(ctx); err != nil {
		return err
	}
	if err := fn(ctx, t); err != nil {
		return ended(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlsink: not committed: %w", err)
	}
	if err := t.commit(ctx); err != nil {
		return s.commitError(err)
	}
	return nil
}

// commit is bounded by ctx. On MySQL database/sql's own is not: go-sql-driver waits for the answer whatever the context says.
// So the statement goes first by itself, and database/sql's finds nothing left to commit.
func (t *tx) commit(ctx context.Context) error {
	if t.store.dialect == MySQL {
		if _, err := t.open.ExecContext(ctx, "COMMIT"); err != nil {
			return err
		}
		t.open.Commit() //nolint:errcheck // the transaction is committed
		return nil
	}
	return t.open.Commit()
}

func (t *tx) limit(ctx context.Context) error {
	limits := t.store.limits(ctx)
	if len(limits) == 0 {
		return nil
	}
	_, err := t.open.ExecContext(ctx, strings.Join(limits, "; ")) // one round trip
	return sink.Transient(t.store.wrap("limit the transaction", err))
}

// ended marks what statements return when the end of the context has rolled the transaction back under them.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, sql.ErrTxDone) {
		return sink.Transient(fmt.Errorf("%w (%w)", err, ctx.Err()))
	}
	return err
}

func (t *tx) statement() *statement {
	return &statement{dialect: t.store.dialect, literals: t.gathered != nil && t.store.dialect == MySQL}
}

// exec runs a statement, now or with the others that are gathered.
func (t *tx) exec(ctx context.Context, doing string, s *statement) error {
	if t.gathered != nil {
		t.gathered.gather(s.gather(doing))
		return nil
	}
	_, err := t.open.ExecContext(ctx, s.String(), s.args()...)
	return t.store.wrap(doing, err)
}

// collect reads the rows of a query of n text columns.
func (t *tx) collect(ctx context.Context, doing string, s *statement, n int, row func(columns []string)) error {
	if t.gathered != nil {
		return errOpen
	}
	rows, err := t.open.QueryContext(ctx, s.String(), s.args()...)
	if err != nil {
		return t.store.wrap(doing, err)
	}
	return t.store.wrap(doing, scanTexts(rows, n, row))
}

func scanTexts(rows *sql.Rows, n int, row func(columns []string)) error {
	defer rows.Close()
	columns, targets := make([]string, n), make([]any, n)
	for i := range columns {
		targets[i] = &columns[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		row(columns)
	}
	return rows.Err()
}
