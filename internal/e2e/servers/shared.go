package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// common is a server that the tests of one binary share, started by the first that needs it.
type common struct {
	kind database
	once sync.Once
	s    *Server
	err  error
}

var commons = []*common{{kind: postgres{}}, {kind: mariadb{}}, {kind: mysqlServer{}}}

func commonOf(name string) (*common, error) {
	for _, c := range commons {
		if c.kind.name() == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("servers: unknown engine %q, want one of %q", name, Names())
}

func kindOf(name string) (database, error) {
	c, err := commonOf(name)
	if err != nil {
		return nil, err
	}
	return c.kind, nil
}

// shared starts the server under no test's context: it outlives the test that happens to come first.
func shared(name string) (*Server, error) {
	c, err := commonOf(name)
	if err != nil {
		return nil, err
	}
	c.once.Do(func() { c.s, c.err = open(context.Background(), c.kind) })
	return c.s, c.err
}

// give ends a test that cannot have its server.
func give(t testing.TB, err error) {
	t.Helper()
	var absent *MissingError
	if errors.As(err, &absent) && os.Getenv("DYNASINK_REQUIRE_SERVERS") != "1" {
		t.Skip(err)
	}
	t.Fatal(err)
}

// Main runs the tests of a package and ends the servers that they shared: call it from TestMain. It does not return.
func Main(m *testing.M) {
	code := m.Run()
	if err := stopAll(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func stopAll() error {
	var errs []error
	for _, c := range commons {
		c.once.Do(func() {}) // nobody starts one from here on
		if c.s != nil {
			errs = append(errs, c.s.Stop())
		}
	}
	return errors.Join(append(errs, sharedMoto.stop(), sharedMongo.stop(), removeBase())...)
}
