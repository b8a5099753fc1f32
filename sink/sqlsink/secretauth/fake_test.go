package secretauth_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/dynasink/dynasink/sink/sqlsink/secretauth"
)

// store is Secrets Manager with one secret.
type store struct {
	mu     sync.Mutex
	stages map[string]string // the version that has the stage
	texts  map[string]string // by version
	err    error
	reads  []string // stages that were asked for
}

func (s *store) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, *in.VersionStage)
	version, ok := s.stages[*in.VersionStage]
	if s.err != nil || *in.SecretId != "shop" {
		return nil, s.err
	}
	if !ok {
		return nil, &types.ResourceNotFoundException{}
	}
	text := s.texts[version]
	return &secretsmanager.GetSecretValueOutput{SecretString: &text, VersionId: &version}, nil
}

// put makes text the version of a stage.
func (s *store) put(stage, user, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stages == nil {
		s.stages, s.texts = map[string]string{}, map[string]string{}
	}
	version := fmt.Sprint("version ", len(s.texts)+1)
	s.stages[stage] = version
	s.texts[version] = fmt.Sprintf(`{"username": %q, "password": %q}`, user, password)
}

func (s *store) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.reads = nil }()
	return s.reads
}

// database knows one password per user.
type database struct {
	mu        sync.Mutex
	passwords map[string]string
	err       error // instead of refusing
	refused   int
}

type stated string

func (e stated) Error() string    { return "password authentication failed (SQLSTATE " + string(e) + ")" }
func (e stated) SQLState() string { return string(e) }

// MySQLError looks like go-sql-driver's.
type MySQLError struct {
	Number   uint16
	SQLState [5]byte
}

func (e *MySQLError) Error() string { return "Access denied" }

func (d *database) open(l secretauth.Login) (driver.Connector, error) {
	return session{d: d, login: l}, nil
}

func (d *database) change(user, password string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passwords = map[string]string{user: password}
}

// session is a connector, a connection and a driver.
type session struct {
	driver.Conn
	d     *database
	login secretauth.Login
}

func (s session) Close() error                     { return nil }
func (s session) Driver() driver.Driver            { return s }
func (s session) Open(string) (driver.Conn, error) { return s, nil }
func (s session) Connect(context.Context) (driver.Conn, error) {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if s.d.passwords[s.login.Username] == s.login.Password && s.d.err == nil {
		return s, nil
	}
	s.d.refused++
	if s.d.err != nil {
		return nil, s.d.err
	}
	return nil, fmt.Errorf("failed to connect: %w", stated("28P01"))
}

func newPool(t *testing.T, s *store, d *database) *sql.DB {
	t.Helper()
	secret, err := secretauth.New(s, "shop")
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(secret.Connector(d.open))
	pool.SetMaxIdleConns(0) // each use is a new connection
	t.Cleanup(func() { pool.Close() })
	return pool
}

// connect opens a connection, and fails the test unless Secrets Manager was asked for these stages on the way.
func connect(t *testing.T, s *store, pool *sql.DB, stages ...string) error {
	t.Helper()
	conn, err := pool.Conn(t.Context())
	if err == nil {
		conn.Close()
	}
	if got := s.asked(); !slices.Equal(got, stages) {
		t.Errorf("asked for %q, want %q; error %v", got, stages, err)
	}
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

const (
	current = "AWSCURRENT"
	pending = "AWSPENDING"
)
