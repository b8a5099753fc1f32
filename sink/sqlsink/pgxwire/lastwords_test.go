package pgxwire

import (
	"net"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

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
	failed, report := make(chan struct{}), f.mail.broken
	f.mail.broken = func() { report(); close(failed) }
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
