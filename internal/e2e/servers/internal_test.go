package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestURLsOfUsersAreUnderstood(t *testing.T) {
	cases := []struct {
		kind           database
		url, dsn, addr string
	}{
		{postgres{}, "postgres://u:p@h/d", "postgres://u:p@h/d", "h:5432"},
		{postgres{}, "postgresql://u:p@[::1]:9/d?sslmode=disable", "postgresql://u:p@[::1]:9/d?sslmode=disable", "[::1]:9"},
		{mysqlServer{}, "u:p@tcp(h:9)/d", "u:p@tcp(h:9)/d?multiStatements=true&parseTime=true", "h:9"},
		{mariadb{}, "mysql://u:p@h/d", "u:p@tcp(h:3306)/d?multiStatements=true&parseTime=true", "h:3306"},
	}
	for _, c := range cases {
		dsn, addr, err := c.kind.parse(c.url)
		if err != nil || dsn != c.dsn || addr != c.addr {
			t.Errorf("%s: got %q at %q, %v", c.url, dsn, addr, err)
		}
	}
}

func TestAProxysAddressReplacesTheServers(t *testing.T) {
	for want, kind := range map[string]database{
		"postgres://u:p@127.0.0.1:1/d?search_path=s": postgres{},
		"u:p@tcp(127.0.0.1:1)/s":                     mysqlServer{},
	} {
		dsn := strings.Replace(want, "127.0.0.1:1", "h:9", 1)
		if got, err := kind.via(dsn, "127.0.0.1:1"); err != nil || got != want {
			t.Errorf("%s: got %q, %v", dsn, got, err)
		}
	}
}

func TestMongoURIs(t *testing.T) {
	for uri, want := range map[string][2]string{
		"mongodb://h": {"h:27017", "mongodb://127.0.0.1:1/?directConnection=true"},
		"mongodb://u:p@h1:1,h2:2/d?replicaSet=r&tls=false":    {"h1:1", "mongodb://u:p@127.0.0.1:1/d?tls=false&directConnection=true"},
		"mongodb://[::1]:9?directConnection=false&w=majority": {"[::1]:9", "mongodb://127.0.0.1:1/?w=majority&directConnection=true"},
	} {
		addr, err1 := hostOfMongo(uri)
		via, err2 := viaMongo(uri, "127.0.0.1:1")
		if err1 != nil || err2 != nil || addr != want[0] || via != want[1] {
			t.Errorf("%s: got %s and %s, %v, %v", uri, addr, via, err1, err2)
		}
	}
}

// verdict notes how a test ended instead of ending one.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper()          {}
func (v *verdict) Skip(args ...any) { v.skipped = fmt.Sprint(args...); runtime.Goexit() }
func (v *verdict) Fatal(args ...any) {
	v.failed = fmt.Sprint(args...)
	runtime.Goexit()
}

func TestAMissingServerSkipsUnlessRequired(t *testing.T) {
	for _, required := range []string{"", "1"} {
		t.Setenv("DYNASINK_REQUIRE_SERVERS", required)
		v := new(verdict)
		done := make(chan struct{})
		go func() {
			defer close(done)
			give(v, fmt.Errorf("open: %w", missing("mysql", "mysql-server-core")))
		}()
		<-done
		said := v.skipped + v.failed
		if (v.failed != "") != (required == "1") || !strings.Contains(said, ".ci/parts mysql") {
			t.Errorf("required %q: skipped %q, failed %q", required, v.skipped, v.failed)
		}
	}
}

func TestFoldersOfDeadProcessesAreSwept(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	long := time.Now().Add(-time.Hour)
	made := func(name string, age time.Time) string {
		dir := filepath.Join(os.TempDir(), folderPattern+name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, age, age); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	dead, alive, young := made("dead", long), made("alive", long), made("young", time.Now())
	lock, err := lockFolder(alive)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	sweep()
	if exists(dead) || !exists(alive) || !exists(young) {
		t.Errorf("there are: dead %v, alive %v, young %v", exists(dead), exists(alive), exists(young))
	}
}

// broken is a server that ends as soon as it is started.
type broken struct{ postgres }

func (broken) find() (string, error)                         { return "/bin/sh", nil }
func (broken) owner() (*syscall.Credential, error)           { return nil, nil }
func (broken) prepare(context.Context, string, string) error { return nil }
func (broken) check(context.Context, string, string) error   { return errors.New("refused") }
func (broken) command(bin, dir string, port int) *exec.Cmd {
	return exec.Command(bin, "-c", "echo no room; exit 1")
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := launch(t.Context(), broken{})
	if !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
}
