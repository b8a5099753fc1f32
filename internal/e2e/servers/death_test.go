package servers_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

// A query that would last for minutes fails as soon as the server goes, and so tells when that is.
var endless = map[string]string{
	"postgres": "select pg_sleep(600)", "mariadb": "select sleep(600)", "mysql": "select sleep(600)",
}

func TestServersDieWithTheTestProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process when its parent dies")
	}
	for _, name := range servers.Names()[1:] {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := servers.For(t, name) // for its driver, and to skip where there is no server
			if e.Server.External() {
				t.Skip("a server of the user's own outlives the tests")
			}
			child, dsn := startChild(t, name)
			e.DSN = dsn
			db := e.Open(t)
			if err := db.Ping(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			answer := make(chan error, 1)
			go func() { _, err := db.ExecContext(ctx, endless[name]); answer <- err }()
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := <-answer; err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("the server lived on: %v", err)
			}
		})
	}
}

// startChild runs this test binary again, to start one server and wait.
func startChild(t *testing.T, name string) (*exec.Cmd, string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), startOnly+"="+name)
	if _, err := child.StdinPipe(); err != nil { // closed by the system when this process dies: then the child ends too
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the child said %q: %v", line, err)
	}
	dsn, folder, _ := strings.Cut(strings.TrimSpace(line), " ")
	t.Cleanup(func() { _ = os.RemoveAll(folder) }) // a later test process would, after a minute
	return child, dsn
}
