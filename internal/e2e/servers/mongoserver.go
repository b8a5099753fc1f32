package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// MongoServer is a running server that speaks MongoDB's protocol: FerretDB, a process that translates it for another one,
// PostgreSQL with the DocumentDB extension. Its methods may be called from several goroutines.
type MongoServer struct {
	uri, addr string
	storage   *instance // PostgreSQL; nil for a server of the user's own
	front     *instance // FerretDB
}

func launchMongo(ctx context.Context) (*MongoServer, error) {
	storage, err := launch(ctx, documentdb{})
	if err != nil {
		return nil, err
	}
	s := &MongoServer{storage: storage}
	if err := s.launchFront(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	s.addr = s.front.addr()
	s.uri = "mongodb://" + s.addr + "/?directConnection=true"
	return s, nil
}

func (s *MongoServer) launchFront(ctx context.Context) (err error) {
	if err := createExtension(ctx, s.storage.addr()); err != nil {
		return err
	}
	s.front, err = launch(ctx, ferretdb{storage: s.storage.addr()})
	return err
}

func createExtension(ctx context.Context, addr string) error {
	kind := documentdb{}
	db, err := sql.Open(kind.driver(), kind.dsn(addr))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "create extension documentdb cascade"); err != nil {
		return fmt.Errorf("servers: %s: %w", kind.name(), err)
	}
	return nil
}

// URI names the server.
func (s *MongoServer) URI() string { return s.uri }

// Addr is the host and port that the server listens on. It stays the same over a restart.
func (s *MongoServer) Addr() string { return s.addr }

// External reports whether the server is one of the user's own, which cannot be killed.
func (s *MongoServer) External() bool { return s.storage == nil }

// Kill9 kills both processes in an instant, and returns when they are gone. What the server had acknowledged is there again after
// [MongoServer.Restart].
func (s *MongoServer) Kill9() error {
	if s.External() {
		return ErrExternal
	}
	return errors.Join(s.front.kill9(), s.storage.kill9())
}

// Restart starts the server again at the same address over the same data, killing it first if it still runs. It
// returns when the server answers; ctx limits how long that may take.
func (s *MongoServer) Restart(ctx context.Context) error {
	if err := s.Kill9(); err != nil {
		return err
	}
	if err := s.storage.restart(ctx); err != nil {
		return err
	}
	return s.front.restart(ctx)
}

// Stop ends the server and removes its data. A server of the user's own stays as it is. It may be called twice.
func (s *MongoServer) Stop() error {
	if s.External() {
		return nil
	}
	var err error
	if s.front != nil {
		err = s.front.stop()
	}
	return errors.Join(err, s.storage.stop())
}

// A user's URI is not parsed by net/url, which does not take several hosts; no error shows it, for it may hold a password.
var errMongoURI = errors.New("servers: want a URI like mongodb://user:password@host:27017/?replicaSet=name")

// cutMongo splits a URI around its list of hosts.
func cutMongo(uri string) (before, hosts, after string, err error) {
	rest, ok := strings.CutPrefix(uri, "mongodb://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@') + 1
	if !ok || at == end {
		return "", "", "", errMongoURI
	}
	return "mongodb://" + rest[:at], rest[at:end], rest[end:], nil
}

func hostOfMongo(uri string) (string, error) {
	_, hosts, _, err := cutMongo(uri)
	first, _, _ := strings.Cut(hosts, ",")
	return withPort(first, "27017"), err
}

// viaMongo leads to addr alone, and not to where the server says that the members of its replica set are.
func viaMongo(uri, addr string) (string, error) {
	before, _, after, err := cutMongo(uri)
	path, query, _ := strings.Cut(after, "?")
	if path == "" {
		path = "/"
	}
	var kept []string
	for _, o := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		if name, _, _ := strings.Cut(strings.ToLower(o), "="); name != "directconnection" && name != "replicaset" {
			kept = append(kept, o)
		}
	}
	return before + addr + path + "?" + strings.Join(append(kept, "directConnection=true"), "&"), err
}
