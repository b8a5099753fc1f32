package runtimeapi

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/proc"
)

// Function is one sandbox: a running bootstrap and the Runtime API that it talks to. Its methods may be called from
// several goroutines; invocations wait for their turn.
type Function struct {
	config  config
	process *proc.Process
	log     string // the file that it writes to: what it printed before an answer is there when the answer is

	waiting chan *invocation // not yet taken by the function
	closing chan struct{}
	ready   chan struct{} // closed when the function first asks for work, or says that it cannot start

	mu         sync.Mutex
	started    bool
	initErr    *Error
	extensions int
	running    map[string]*invocation
}

// Start starts bootstrap and ends it with the test.
func Start(t testing.TB, bootstrap string, options ...Option) *Function {
	t.Helper()
	f := &Function{
		config:  config{name: "function", timeout: 30 * time.Second, grace: 10 * time.Second},
		log:     filepath.Join(t.TempDir(), "log"),
		waiting: make(chan *invocation),
		closing: make(chan struct{}),
		ready:   make(chan struct{}),
		running: map[string]*invocation{},
	}
	for _, o := range options {
		o(&f.config)
	}
	api := httptest.NewServer(f.routes())
	t.Cleanup(api.Close)
	t.Cleanup(func() { close(f.closing) }) // lets go of whoever still asks for work
	if err := f.launch(bootstrap, api.Listener.Addr().String()); err != nil {
		t.Fatalf("runtimeapi: start %s: %v", bootstrap, err)
	}
	t.Cleanup(func() { _ = f.process.Kill9() })
	return f
}

func (f *Function) launch(bootstrap, addr string) error {
	out, err := os.OpenFile(f.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(bootstrap)
	cmd.Dir = filepath.Dir(bootstrap)
	cmd.Env = f.config.environment(bootstrap, addr)
	cmd.Stdout, cmd.Stderr = out, out
	f.process, err = proc.Start(cmd, proc.Options{})
	return err
}

// Ready waits until the function asks for its first event. It returns an *Error when the function reported that it
// cannot start, or ended.
func (f *Function) Ready(ctx context.Context) error {
	select {
	case <-f.ready:
	case <-f.process.Exited():
	case <-ctx.Done():
		return ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.initErr != nil:
		return f.initErr
	case !f.started:
		return f.exitError("")
	}
	return nil
}

// Logs is all that the function has printed so far.
func (f *Function) Logs() string {
	text, err := os.ReadFile(f.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Freeze stops the function in its tracks, as Lambda does between invocations. It lasts until [Function.Thaw].
func (f *Function) Freeze() error { return f.process.Freeze() }

// Thaw lets a frozen function go on.
func (f *Function) Thaw() error { return f.process.Thaw() }

// Exit is how a function ended.
type Exit struct {
	Code   int  // its exit status; -1 when a signal ended it
	Killed bool // whether it had to be killed: it got no SIGTERM, or outlived its grace
}

// Shutdown ends the sandbox as Lambda does: SIGTERM for a function that registered an extension (aws-lambda-go does so
// with lambda.WithEnableSIGTERM), SIGKILL when the grace is over, at once for other functions.
func (f *Function) Shutdown(ctx context.Context) (Exit, error) {
	f.mu.Lock()
	warned := f.extensions > 0
	f.mu.Unlock()
	if warned {
		if err := f.process.Signal(syscall.SIGTERM); err != nil {
			return Exit{}, err
		}
		if err := f.waitForExit(ctx); err != nil {
			return Exit{}, err
		}
	}
	killed := f.process.Running()
	err := f.process.Kill9()
	return Exit{Code: f.process.Wait().ExitCode(), Killed: killed}, err
}

// waitForExit returns when the process is gone or its grace over.
func (f *Function) waitForExit(ctx context.Context) error {
	grace, cancel := context.WithTimeout(ctx, f.config.grace)
	defer cancel()
	select {
	case <-f.process.Exited():
	case <-grace.Done():
	}
	return ctx.Err()
}

var errDead = errors.New("runtimeapi: the function has ended")
