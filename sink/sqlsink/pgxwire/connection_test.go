package pgxwire

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/jackc/pgx/v5"
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

// TestLastWordsOfAServerThatHasGone: the error that it gave before is the failure, even if more statements were on their way to
// it. A network keeps what was said until somebody reads it, as a pipe does not.
func TestLastWordsOfAServerThatHasGone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		end, err := listener.Accept()
		if err != nil {
			return
		}
		s := &server{
			conn: end, wire: pgproto3.NewBackend(end, end), names: map[string]string{}, status: 'I', at: map[string]func(*server){},
		}
		s.when("a"+part, func(s *server) { s.refuse("40001"); _ = s.wire.Flush(); s.conn.Close() })
		s.serve()
	}()
	conn, err := pgx.Connect(t.Context(), "postgres://user@"+listener.Addr().String()+"/database?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer closeNow(conn.PgConn())
	f := newFlight(conn.PgConn(), sessionOf(conn), batchOf())
	failed, report := make(chan struct{}), f.writer.broken
	f.writer.broken = func() { report(); close(failed) }
	err = f.fly(t.Context(), func(add func(onetrip.Statement)) error {
		add(long("a"))
		for {
			select {
			case <-failed:
				return nil
			default:
				add(long("b"))
			}
		}
	})
	if err == nil || failedAt(err) != 0 || f.landed {
		t.Errorf("got %v", err)
	}
}

// TestAServerThatIsReadyTooEarly and reads no further: the end of the context ends the wait for it.
func TestAServerThatIsReadyTooEarly(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	s.when("a"+part, func(s *server) { s.refuse("23505"); s.end(); cancel(); <-stuck })
	err := sendWith(ctx, conn, func(add func(onetrip.Statement)) error {
		add(long("a"))
		add(long("b"))
		return nil
	})
	if err == nil || !conn.conn.IsClosed() {
		t.Errorf("got %v, closed %v", err, conn.conn.IsClosed())
	}
}
