package wire_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/wire"
)

// ledger is a server that answers each line with "done LINE" and remembers what it was told, as a database would.
type ledger struct {
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	lines []string
	open  int
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &ledger{listener: listener}
	s.running.Go(s.accept)
	t.Cleanup(func() {
		listener.Close()
		s.running.Wait()
	})
	return s
}

func (s *ledger) addr() string { return s.listener.Addr().String() }

func (s *ledger) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.count(1)
		s.running.Go(func() {
			s.serve(conn)
			s.count(-1) // before the connection ends, as a database ends its session first
			conn.Close()
		})
	}
}

func (s *ledger) count(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += change
}

func (s *ledger) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return // half a line is none
		}
		s.mu.Lock()
		s.lines = append(s.lines, strings.TrimSpace(line))
		s.mu.Unlock()
		if _, err := io.WriteString(conn, "done "+line); err != nil {
			return
		}
	}
}

func (s *ledger) has(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.lines, line)
}

func (s *ledger) sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// client speaks to a ledger.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dial(t *testing.T, p *wire.Proxy) *client {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.t.Fatal(err)
	}
}

// ask sends a line and wants the answer.
func (c *client) ask(line string) {
	c.t.Helper()
	c.send(line + "\n")
	if got, err := c.in.ReadString('\n'); err != nil || got != "done "+line+"\n" {
		c.t.Fatalf("%s: got %q, %v", line, got, err)
	}
}

// cut wants the connection to end without another byte, and returns how it did.
func (c *client) cut() error {
	c.t.Helper()
	got, err := c.in.ReadString('\n')
	if got != "" || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("got %q, %v instead of a cut", got, err)
	}
	return err
}
