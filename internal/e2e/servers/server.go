package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/proc"
)

// ErrExternal is returned where a server of the user's own would have to be killed or restarted.
var ErrExternal = errors.New("servers: this server was named by an environment variable and is not ours to stop")

var (
	errEnded   = errors.New("the process ended")
	errStopped = errors.New("servers: the server was stopped and its data removed")
)

// patience is how long a server may take to be ready, on a machine that does much else.
const patience = 2 * time.Minute

// Server is a running database server. Its methods may be called from several goroutines.
type Server struct {
	kind database
	dsn  string
	addr string

	// The rest is empty for a server of the user's own.
	bin  string
	dir  string
	port int

	mu    sync.Mutex
	admin *sql.DB       // nil until the first database is made
	proc  *proc.Process // nil once stopped
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
	return create(ctx, kind)
}

func create(ctx context.Context, kind database) (*Server, error) {
	bin, err := kind.find()
	if err != nil {
		return nil, err
	}
	who, err := kind.owner()
	if err != nil {
		return nil, err
	}
	dir, err := newFolder(kind.name(), who)
	if err != nil {
		return nil, err
	}
	s := &Server{kind: kind, bin: bin, dir: dir}
	if err := s.prepareAndRun(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) prepareAndRun(ctx context.Context) error {
	if err := s.kind.prepare(ctx, s.bin, s.dir); err != nil {
		return fmt.Errorf("servers: prepare %s: %w", s.kind.name(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run(ctx, s.place)
}

// freePort returns a port below those that the system gives to outgoing connections, so that none of these can take
// it while a server is down between Kill9 and Restart.
func freePort() int {
	for {
		port := 15000 + rand.IntN(17000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			l.Close()
			return port
		}
	}
}

// run starts the process until it answers. It tries again when the process ends: another one may have taken the port
// in between, or the remains of a killed predecessor still hold the data. place, if any, picks an address each time.
func (s *Server) run(ctx context.Context, place func()) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var last error
	for ctx.Err() == nil {
		if place != nil {
			place()
		}
		if last = s.attempt(ctx); last == nil {
			return nil
		}
		pause(ctx)
	}
	return fmt.Errorf("servers: %s did not become ready: %w\n%s", s.kind.name(), last, s.log())
}

func (s *Server) place() {
	s.port = freePort()
	s.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
	s.dsn = s.kind.dsn(s.addr)
}

// attempt starts the process and returns nil when it answers, an error when it ended or ctx did.
func (s *Server) attempt(ctx context.Context) error {
	who, err := s.kind.owner()
	if err != nil {
		return err
	}
	p, err := begin(s.kind.command(s.bin, s.dir, s.port), proc.Options{As: who, End: s.kind.endSignal()}, logFile(s.dir))
	if err != nil {
		return err
	}
	s.proc = p
	for {
		err := s.kind.check(ctx, s.addr, s.dir)
		switch {
		case !p.Running():
			return errors.Join(errEnded, err)
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(err, p.End(s.kind.endSignal()))
		}
		pause(ctx)
	}
}

// pause waits a little between two looks at a server that is starting.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Millisecond):
	}
}

func (s *Server) log() []byte {
	text, err := os.ReadFile(logFile(s.dir))
	if err != nil {
		return []byte(err.Error())
	}
	return proc.Tail(text)
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
func (s *Server) External() bool { return s.dir == "" }

// Kill9 kills the server and its children in an instant, and returns when it is gone. What it had committed is there
// again after [Server.Restart]; what it had not is rolled back.
func (s *Server) Kill9() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.External() {
		return ErrExternal
	}
	if s.proc == nil {
		return nil
	}
	return s.proc.Kill9()
}

// Restart starts the server again at the same address over the same data, killing it first if it still runs. It
// returns when the server answers; ctx limits how long that may take.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Kill9(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return errStopped
	}
	return s.run(ctx, nil) // at the old address: it is read without the lock
}

// Stop ends the server and removes its data. A server of the user's own stays as it is. It may be called twice.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.admin != nil {
		err = s.admin.Close()
		s.admin = nil
	}
	if s.External() {
		return err
	}
	if s.proc != nil {
		err = errors.Join(err, s.proc.End(s.kind.endSignal()))
		s.proc = nil
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
