package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
)

// ErrExternal is returned where a server of the user's own would have to be killed or restarted.
var ErrExternal = errors.New("servers: this server was named by an environment variable and is not ours to stop")

// Server is a running database server. Its methods may be called from several goroutines.
type Server struct {
	kind database
	dsn  string
	addr string
	own  *instance // nil for a server of the user's own

	mu    sync.Mutex
	admin *sql.DB // nil until the first database is made
}

// Postgres starts a PostgreSQL server; ctx limits how long that may take. The caller stops it.
func Postgres(ctx context.Context) (*Server, error) { return open(ctx, postgres{}) }

// MariaDB starts a MariaDB server; ctx limits how long that may take. The caller stops it.
func MariaDB(ctx context.Context) (*Server, error) { return open(ctx, mariadb{}) }

// MySQL starts a MySQL server; ctx limits how long that may take. The caller stops it.
func MySQL(ctx context.Context) (*Server, error) { return open(ctx, mysqlServer{}) }

// open uses the server that the environment names, else starts one.
func open(ctx context.Context, kind database) (*Server, error) {
	if url := os.Getenv(variable(kind.name())); url != "" {
		dsn, addr, err := kind.parse(url)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", variable(kind.name()), err)
		}
		return &Server{kind: kind, dsn: dsn, addr: addr}, nil
	}
	own, err := launch(ctx, kind)
	if err != nil {
		return nil, err
	}
	return &Server{kind: kind, dsn: kind.dsn(own.addr()), addr: own.addr(), own: own}, nil
}

// Name is "postgres", "mariadb" or "mysql".
func (s *Server) Name() string { return s.kind.name() }

// Driver is the name of the database/sql driver for DSN: "pgx" or "mysql".
func (s *Server) Driver() string { return s.kind.driver() }

// Addr is the host and port that the server listens on. It stays the same over a restart.
func (s *Server) Addr() string { return s.addr }

// DSN names the server's default database: a URL for pgx and lib/pq, the driver's own form for go-sql-driver.
func (s *Server) DSN() string { return s.dsn }

// External reports whether the server is one of the user's own, which cannot be killed.
func (s *Server) External() bool { return s.own == nil }

// Kill9 kills the server and its children in an instant, and returns when it is gone. What it had committed is there
// again after [Server.Restart]; what it had not is rolled back.
func (s *Server) Kill9() error {
	if s.External() {
		return ErrExternal
	}
	return s.own.kill9()
}

// Restart starts the server again at the same address over the same data, killing it first if it still runs. It
// returns when the server answers; ctx limits how long that may take.
func (s *Server) Restart(ctx context.Context) error {
	if s.External() {
		return ErrExternal
	}
	return s.own.restart(ctx)
}

// Stop ends the server and removes its data. A server of the user's own stays as it is. It may be called twice.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admin != nil {
		_ = s.admin.Close() // it complains of connections that a killed server has left dead
		s.admin = nil
	}
	if s.External() {
		return nil
	}
	return s.own.stop()
}
