package servers

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

const sqlite = "sqlite"

// Engine is one kind of database, with an empty database in it that is one test's own.
type Engine struct {
	Name   string  // "sqlite", "postgres", "mariadb" or "mysql"
	Driver string  // the database/sql driver for DSN: "sqlite", "pgx" or "mysql"
	DSN    string  // names the test's database
	Addr   string  // the server's host and port, for a proxy; empty for SQLite
	Server *Server // nil for SQLite
}

// Names lists the engines in the order in which [Each] takes them.
func Names() []string { return []string{sqlite, "postgres", "mariadb", "mysql"} }

// Each runs fn as a subtest per engine, named after it.
func Each(t *testing.T, fn func(t *testing.T, e Engine)) {
	t.Helper()
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) { fn(t, For(t, name)) })
	}
}

// For returns a fresh database of the engine called name, on the server that the tests of this binary share. It skips
// the test where the server is not installed, or fails it where DYNASINK_REQUIRE_SERVERS=1.
func For(t testing.TB, name string) Engine {
	t.Helper()
	if name == sqlite {
		return file(t)
	}
	s, err := shared(name)
	if err != nil {
		give(t, err)
	}
	return s.engine(t)
}

// Own is [For] with a server that no other test uses, for tests that kill it. A server of the user's own cannot be
// killed: there the test is skipped. SQLite, which is no server, is returned as it is.
func Own(t testing.TB, name string) Engine {
	t.Helper()
	if name == sqlite {
		return file(t)
	}
	s, err := openNamed(t.Context(), name)
	if err != nil {
		give(t, err)
	}
	if s.External() {
		t.Skipf("servers: %s is set, and this test kills its server", variable(name))
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("servers: stop %s: %v", name, err)
		}
	})
	return s.engine(t)
}

// file is a SQLite database in a file that goes with the test. The parameters are spelled for both drivers, modernc's
// "sqlite" and mattn's "sqlite3"; each passes over the other's.
func file(t testing.TB) Engine {
	t.Helper()
	dsn := "file:" + filepath.Join(t.TempDir(), "test.db") +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)" +
		"&_busy_timeout=10000&_journal_mode=WAL&_synchronous=NORMAL"
	return Engine{Name: sqlite, Driver: sqlite, DSN: dsn}
}

func (s *Server) engine(t testing.TB) Engine {
	t.Helper()
	return Engine{Name: s.Name(), Driver: s.Driver(), DSN: s.NewDatabase(t), Addr: s.addr, Server: s}
}

// Open returns a pool on the test's database, closed when the test ends.
func (e Engine) Open(t testing.TB) *sqlx.DB {
	t.Helper()
	return e.OpenWith(t, e.Driver)
}

// OpenWith is [Engine.Open] with another driver that takes the same DSN: "postgres" (lib/pq) for PostgreSQL, "sqlite3"
// (mattn), which the test has to import, for SQLite.
func (e Engine) OpenWith(t testing.TB, driver string) *sqlx.DB {
	t.Helper()
	db, err := sqlx.Open(driver, e.DSN)
	if err != nil {
		t.Fatalf("servers: open %s with %s: %v", e.Name, driver, err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Via is the same database reached at addr, the address of a proxy in front of the server.
func (e Engine) Via(t testing.TB, addr string) Engine {
	t.Helper()
	if e.Server == nil {
		t.Fatalf("servers: %s has no wire to put a proxy on", e.Name)
	}
	dsn, err := e.Server.kind.via(e.DSN, addr)
	if err != nil {
		t.Fatalf("servers: %v", err)
	}
	e.DSN, e.Addr = dsn, addr
	return e
}

// openNamed starts the server called name, or takes the one the environment names.
func openNamed(ctx context.Context, name string) (*Server, error) {
	kind, err := kindOf(name)
	if err != nil {
		return nil, err
	}
	return open(ctx, kind)
}
