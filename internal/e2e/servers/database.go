package servers

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// NewDatabase makes an empty database (on PostgreSQL: a schema) for one test and returns its DSN. On a server of the
// user's own it is dropped when the test ends; ours are thrown away whole.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("dynasink_%016x", rand.Uint64())
	dsn, err := s.kind.within(s.dsn, name)
	if err == nil {
		err = s.execute(s.kind.creation(name))
	}
	if err != nil {
		t.Fatalf("servers: new database on %s: %v", s.Name(), err)
	}
	if s.External() {
		t.Cleanup(func() {
			if err := s.execute(s.kind.removal(name)); err != nil {
				t.Errorf("servers: drop %s on %s: %v", name, s.Name(), err)
			}
		})
	}
	return dsn
}

// execute runs one statement in the default database. The pool it uses is kept, so that a new database costs one round
// trip.
func (s *Server) execute(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pool, err := s.administration()
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, statement)
	return err
}

func (s *Server) administration() (*sql.DB, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admin != nil {
		return s.admin, nil
	}
	pool, err := sql.Open(s.Driver(), s.dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(4)
	s.admin = pool
	return pool, nil
}
