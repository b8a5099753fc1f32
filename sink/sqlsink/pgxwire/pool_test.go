package pgxwire

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// TestAPanicClosesTheConnection: a pool that does not look at the network connection, as pgxpool, must not have it back.
func TestAPanicClosesTheConnection(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	reached := make(chan struct{})
	s.when("a"+part, func(*server) { close(reached) })
	func() {
		defer func() {
			if p, _ := recover().(error); !errors.Is(p, errWrite) {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
			add(long("a"))
			<-reached
			panic(errWrite)
		})
	}()
	if !conn.conn.IsClosed() {
		t.Errorf("the connection is open, with a transaction and answers on it, and calls itself idle (%c)", conn.conn.PgConn().TxStatus())
	}
}

// TestAPanicLeavesNothingInAPoolOfPgx: pgxpool keeps a connection that calls itself idle.
func TestAPanicLeavesNothingInAPoolOfPgx(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig("postgres://user@server/database?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 1
	reached := make(chan struct{})
	config.ConnConfig.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"server"}, nil }
	config.ConnConfig.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		client, end := net.Pipe()
		t.Cleanup(func() { end.Close() })
		s := &server{
			conn: end, wire: pgproto3.NewBackend(end, end), names: map[string]string{}, status: 'I', at: map[string]func(*server){},
		}
		s.when("a"+part, func(*server) { close(reached) })
		go s.serve()
		return client, nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	conn, err := stdlib.OpenDBFromPool(pool).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = conn.Raw(func(driverConn any) error {
			return sender{}.Send(t.Context(), driverConn, batchOf(), func(add func(onetrip.Statement)) error {
				add(long("a"))
				<-reached
				panic(errWrite)
			})
		})
	}()
	conn.Close()
	next, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer next.Release()
	if _, err := next.Conn().PgConn().Exec(t.Context(), "SELECT").ReadAll(); err != nil {
		t.Errorf("the pool's next user: %v", err)
	}
}
