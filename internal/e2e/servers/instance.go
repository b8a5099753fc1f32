package servers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/proc"
)

var (
	errEnded   = errors.New("the process ended")
	errStopped = errors.New("servers: the server was stopped and its data removed")
)

const (
	// patience is how long a server may take to be ready, on a machine that does much else.
	patience = 2 * time.Minute
	// tries is how often a process may end instead. The pauses between them add up to some five seconds.
	tries = 30
	// blink is the time between two looks at a server that is starting.
	blink = 10 * time.Millisecond
)

// instance is a program that runs, or ran, in a folder and on a port of its own.
type instance struct {
	kind program
	bin  string
	dir  string
	port int // never changes once it has answered: it is read without the lock

	mu   sync.Mutex
	proc *proc.Process // nil once stopped
}

// launch prepares the program and starts it.
func launch(ctx context.Context, kind program) (*instance, error) {
	bin, err := kind.find()
	if err != nil {
		return nil, err
	}
	who, err := kind.owner()
	if err != nil {
		return nil, err
	}
	dir, err := newFolder(kind.name(), who)
	if err != nil {
		return nil, err
	}
	i := &instance{kind: kind, bin: bin, dir: dir}
	if err := i.prepareAndRun(ctx); err != nil {
		return nil, errors.Join(err, i.stop())
	}
	return i, nil
}

func (i *instance) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(i.port)) }

func (i *instance) prepareAndRun(ctx context.Context) error {
	if err := i.kind.prepare(ctx, i.bin, i.dir); err != nil {
		return fmt.Errorf("servers: prepare %s: %w", i.kind.name(), err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.run(ctx, func() { i.port = freePort() })
}

// freePort returns a port below those that the system gives to outgoing connections, so that none of these can take
// it while a server is down between a kill and its restart.
func freePort() int {
	for {
		port := 15000 + rand.IntN(17000)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			l.Close()
			return port
		}
	}
}

// run starts the process until it answers. It tries again when the process ends: another one may have taken the port
// in between, or the remains of a killed predecessor still hold the data. place, if any, picks an address each time.
func (i *instance) run(ctx context.Context, place func()) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var last error
	for n := 0; n < tries && ctx.Err() == nil; n++ {
		pause(ctx, time.Duration(n)*blink)
		if place != nil {
			place()
		}
		if last = i.attempt(ctx); last == nil {
			return nil
		}
	}
	return fmt.Errorf("servers: %s did not become ready: %w\n%s", i.kind.name(), errors.Join(ctx.Err(), last), i.log())
}

// attempt starts the process and returns nil when it answers, an error when it ended or ctx did.
func (i *instance) attempt(ctx context.Context) error {
	who, err := i.kind.owner()
	if err != nil {
		return err
	}
	end := i.kind.endSignal()
	i.proc, err = begin(i.kind.command(i.bin, i.dir, i.port), proc.Options{As: who, End: end}, logFile(i.dir))
	if err != nil {
		return err
	}
	for {
		err := i.kind.check(ctx, i.addr(), i.dir)
		switch {
		case !i.proc.Running():
			return errors.Join(errEnded, err)
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(err, i.proc.End(end))
		}
		pause(ctx, blink)
	}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (i *instance) log() []byte {
	text, err := os.ReadFile(logFile(i.dir))
	if err != nil {
		return []byte(err.Error())
	}
	return proc.Tail(text)
}

func (i *instance) kill9() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.proc == nil {
		return nil
	}
	return i.proc.Kill9()
}

func (i *instance) restart(ctx context.Context) error {
	if err := i.kill9(); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.proc == nil {
		return errStopped
	}
	return i.run(ctx, nil)
}

func (i *instance) stop() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	var err error
	if i.proc != nil {
		err = i.proc.End(i.kind.endSignal())
		i.proc = nil
	}
	return errors.Join(err, os.RemoveAll(i.dir))
}
