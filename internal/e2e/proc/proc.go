// Package proc starts the processes that tests need so that none outlives the test process, however that one ends.
package proc

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

// Options say how a process is started.
type Options struct {
	As  *syscall.Credential // the user it runs as; nil: the one who runs the tests
	End syscall.Signal      // what it is sent when the test process dies; zero: SIGKILL
}

// Process is a started process.
type Process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// Start starts cmd in a process group of its own, so that an interrupt typed at the terminal reaches the test process
// alone, which then takes this one with it. It sets the command's SysProcAttr.
func Start(cmd *exec.Cmd, o Options) (*Process, error) {
	if o.End == 0 {
		o.End = syscall.SIGKILL
	}
	cmd.SysProcAttr = attributes(o)
	if err := startOnLastingThread(cmd); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait() // the result is in its ProcessState
	}()
	return p, nil
}

// Run starts cmd and waits for its end. The error shows the last lines of what it printed.
func Run(cmd *exec.Cmd, o Options) error {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := Start(cmd, o)
	if err != nil {
		return err
	}
	if state := p.Wait(); !state.Success() {
		return fmt.Errorf("%s: %s\n%s", cmd.Path, state, Tail(out.Bytes()))
	}
	return nil
}

// Exited is closed once the process is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Running reports whether the process is still there.
func (p *Process) Running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// Wait waits for the end of the process.
func (p *Process) Wait() *os.ProcessState {
	<-p.exited
	return p.cmd.ProcessState
}

// Signal sends a signal; a process that is gone is no error.
func (p *Process) Signal(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Freeze suspends the process and returns when all of it stands still.
func (p *Process) Freeze() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return waitForStop(p.cmd.Process.Pid)
}

// Thaw lets a frozen process go on.
func (p *Process) Thaw() error { return p.Signal(syscall.SIGCONT) }

// End sends the signal and waits until the process is gone.
func (p *Process) End(signal syscall.Signal) error {
	if err := p.Signal(signal); err != nil {
		return err
	}
	<-p.exited
	return nil
}

// Kill9 kills the process and all that it started, as the kernel does when memory runs out.
func (p *Process) Kill9() error {
	offspring := descendants(p.cmd.Process.Pid)
	err := p.End(syscall.SIGKILL) // first, so that it can neither notice nor replace the death of the others
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

func startOnLastingThread(cmd *exec.Cmd) error {
	s := start{cmd: cmd, done: make(chan error, 1)}
	starts() <- s
	return <-s.done
}

// Tail returns the end of a log, enough to tell what went wrong.
func Tail(log []byte) []byte {
	const enough = 3000
	return log[max(0, len(log)-enough):]
}
