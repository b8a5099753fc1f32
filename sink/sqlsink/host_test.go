package sqlsink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

// host is a server whose connections live and die as a test wants.
type host struct {
	fake
	mu    sync.Mutex
	conns []*hostConn
}

func (h *host) Connect(context.Context) (driver.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &hostConn{fakeConn: fakeConn{&h.fake}, closed: make(chan struct{})}
	h.conns = append(h.conns, c)
	return c, h.note("CONNECT")
}

type health int

const (
	healthy health = iota
	cut            // refuses to work
	silent         // never answers, and the driver gives up with the context
	deaf           // never answers, and the driver waits until the connection is closed
)

type hostConn struct {
	fakeConn
	health health
	pings  int
	once   sync.Once
	closed chan struct{}
}

func (c *hostConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *hostConn) Ping(ctx context.Context) error {
	c.pings++
	switch c.health {
	case silent:
		<-ctx.Done()
		return ctx.Err()
	case deaf:
		<-c.closed
		return sql.ErrConnDone
	case cut:
		return driver.ErrBadConn
	}
	return nil
}

func (h *host) open(t *testing.T, d Dialect, opts ...Option) *DB {
	t.Helper()
	pool := Pool(sqlx.NewDb(sql.OpenDB(h), "host"))
	pool.SetConnMaxLifetime(0) // or age replaces what a test wants checked
	t.Cleanup(func() { pool.Close() })
	db, err := New(pool, append([]Option{WithDialect(d)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (h *host) pings() (n []int) {
	for _, c := range h.conns {
		n = append(n, c.pings)
	}
	return n
}

// pass lets time pass, which takes none in a bubble of synctest.
func pass(d time.Duration) { <-time.After(d) }

func run(t *testing.T, db *DB) {
	t.Helper()
	if err := stage(t, func(b *sink.Batch) { db.AtLeastOnce(b, nothing) }); err != nil {
		t.Error(err)
	}
}
