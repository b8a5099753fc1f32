package servers

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// environment is all that a server gets of the environment: a PGDATA or MYSQL_HOME of the user's must not lead it astray.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}

// process is a running server.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed once it is gone
}

// begin starts cmd as who in a process group of its own, so that an interrupt typed at the terminal reaches the test
// process alone, which then takes the server with it. What the server says goes to the file log.
func begin(cmd *exec.Cmd, who *syscall.Credential, end syscall.Signal, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = environment()
	cmd.SysProcAttr = attributes(who, end)
	if err := startHere(cmd); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait() // why it ended is in its log
	}()
	return p, nil
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// end sends the signal and waits until the process is gone.
func (p *process) end(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.exited
	return nil
}

// kill9 kills the process and all that it started, as the kernel does when memory runs out.
func (p *process) kill9() error {
	offspring := descendants(p.cmd.Process.Pid)
	err := p.end(syscall.SIGKILL) // first, so that it can neither notice nor replace the death of the others
	for _, pid := range offspring {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have gone by itself
	}
	return err
}

type start struct {
	cmd  *exec.Cmd
	done chan error
}

// starts leads to a goroutine that keeps one operating system thread for ever. The kernel ties "end when the parent
// dies" to the thread that started the process, and Go ends threads when it likes.
var starts = sync.OnceValue(func() chan<- start {
	c := make(chan start)
	go func() {
		runtime.LockOSThread()
		for s := range c {
			s.done <- s.cmd.Start()
		}
	}()
	return c
})

func startHere(cmd *exec.Cmd) error {
	s := start{cmd: cmd, done: make(chan error, 1)}
	starts() <- s
	return <-s.done
}

// runTool runs a command that prepares a server, to its end.
func runTool(cmd *exec.Cmd, who *syscall.Credential) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = environment()
	cmd.SysProcAttr = attributes(who, syscall.SIGKILL)
	err := startHere(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Path, err, tail(out.Bytes()))
	}
	return nil
}

// tail returns the last lines of a log, enough to tell what went wrong.
func tail(log []byte) []byte {
	const enough = 3000
	if len(log) > enough {
		log = log[len(log)-enough:]
	}
	return log
}
