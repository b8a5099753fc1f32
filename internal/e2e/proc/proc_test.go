package proc_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/proc"
)

func TestRunShowsWhatAFailingCommandSaid(t *testing.T) {
	err := proc.Run(exec.Command("sh", "-c", "echo no such thing >&2; exit 3"), proc.Options{})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("got %v", err)
	}
	if err := proc.Run(exec.Command("true"), proc.Options{}); err != nil {
		t.Error(err)
	}
	if err := proc.Run(exec.Command("/no/such/command"), proc.Options{}); err == nil {
		t.Error("a command that does not exist ran")
	}
}

func TestKill9TakesTheChildrenToo(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a process's children without more ado")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("sh", "-c", "setsid sleep 600 & echo started; wait")
	cmd.Stdout = w
	p, err := proc.Start(cmd, proc.Options{})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(r)
	if _, err := said.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := p.Kill9(); err != nil {
		t.Fatal(err)
	}
	if p.Running() || p.Wait().Success() {
		t.Errorf("it ended with %s", p.Wait())
	}
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(said); err != nil { // the pipe ends with the last process that can write to it
		t.Errorf("a child lives on: %v", err)
	}
	if err := p.End(syscall.SIGTERM); err != nil {
		t.Errorf("a second end: %v", err)
	}
}

func TestTail(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 10_000)
	if got := proc.Tail(append(long, "the end"...)); len(got) >= len(long) || !bytes.HasSuffix(got, []byte("the end")) {
		t.Errorf("got %d bytes", len(got))
	}
	if got := proc.Tail([]byte("short")); string(got) != "short" {
		t.Errorf("got %q", got)
	}
}
