package wire_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/wire"
)

func TestWhatTheServerHasSeenAtEachMoment(t *testing.T) {
	for name, test := range map[string]struct {
		fault wire.Fault
		acted bool // the server has carried out the commit
	}{
		"before text":   {wire.Before(wire.Text("Commit")), false},
		"during text":   {wire.During(wire.Text("commit")), false},
		"after text":    {wire.After(wire.Text("commit")), true},
		"before turn":   {wire.Before(wire.Turn(3)), false},
		"during turn":   {wire.During(wire.Turn(3)), false},
		"after turn":    {wire.After(wire.Turn(3)), true},
		"before byte":   {wire.Before(wire.Byte(19)), false}, // begin, insert and six bytes of COMMIT
		"after byte":    {wire.After(wire.Byte(19)), true},
		"before answer": {wire.Before(wire.Answer("DONE commit")), true},
		"after answer":  {wire.After(wire.Answer("done commit")), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newLedger(t)
			p := wire.New(t, s.addr())
			shot := p.CutNext(test.fault)
			c := dial(t, p)
			c.ask("begin")
			c.ask("insert")
			c.send("COMMIT\n")
			if err := c.cut(); !errors.Is(err, io.EOF) {
				t.Errorf("the end was not orderly: %v", err)
			}
			if n := s.sessions(); n != 0 {
				t.Errorf("the client knew of the cut before the server: %d sessions", n)
			}
			if s.has("COMMIT") != test.acted || !s.has("insert") {
				t.Errorf("the server has %q", s.lines)
			}
			<-shot.Fired()
			<-shot.Done()
			dial(t, p).ask("COMMIT") // it hits once
			if got := p.Stats(); got.Cuts != 1 || got.Connections != 2 || got.Turns != 4 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestATextThatComesInPieces(t *testing.T) {
	s := newLedger(t)
	p := wire.New(t, s.addr())
	c := dial(t, p)
	c.ask("begin")
	p.CutNext(wire.Before(wire.Text("x\ncommit")))
	c.send("x\n")
	if got, err := c.in.ReadString('\n'); err != nil || got != "done x\n" { // so it went on its own
		t.Fatalf("got %q, %v", got, err)
	}
	c.send("commit\n")
	c.cut()
	if s.has("commit") {
		t.Error("the server got it")
	}
}

func TestALateRequestReachesTheServerWhenReleased(t *testing.T) {
	s := newLedger(t)
	p := wire.New(t, s.addr())
	shot := p.CutNext(wire.Late(wire.Text("commit")))
	c := dial(t, p)
	c.ask("begin")
	c.send("commit\n")
	c.cut()
	<-shot.Fired()
	dial(t, p).ask("retry")
	if s.has("commit") {
		t.Fatal("it was not held back")
	}
	shot.Release()
	<-shot.Done()
	if !s.has("commit") {
		t.Fatal("it never came")
	}
}

func TestAStalledConnectionEndsWhenTheClientGivesUp(t *testing.T) {
	s := newLedger(t)
	p := wire.New(t, s.addr())
	shot := p.CutNext(wire.Stall(wire.Text("commit")))
	c := dial(t, p)
	c.ask("begin")
	c.send("commit\n")
	<-shot.Fired()
	if err := c.conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.in.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("something came: %v", err)
	}
	if s.sessions() != 1 {
		t.Error("the server's side has ended")
	}
	c.conn.Close()
	<-shot.Done()
	if s.sessions() != 0 || s.has("commit") {
		t.Errorf("%d sessions, %q", s.sessions(), s.lines)
	}
}

func TestAResetIsAReset(t *testing.T) {
	p := wire.New(t, newLedger(t).addr())
	p.CutNext(wire.Before(wire.Text("commit")).WithReset())
	c := dial(t, p)
	c.ask("begin")
	c.send("commit\n")
	if err := c.cut(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}

func TestEachConnectionHasItsProgram(t *testing.T) {
	p := wire.New(t, newLedger(t).addr())
	p.Program(func(connection int) []wire.Fault {
		if connection%2 == 1 {
			return []wire.Fault{wire.Before(wire.Turn(connection))}
		}
		return nil
	})
	for connection := 1; connection <= 4; connection++ {
		c := dial(t, p)
		for range connection - 1 {
			c.ask("line")
		}
		if connection%2 == 0 {
			c.ask("last")
			continue
		}
		c.send("last\n")
		c.cut()
	}
}

func TestRefuseCutAllAndClear(t *testing.T) {
	p := wire.New(t, newLedger(t).addr())
	first, second := dial(t, p), dial(t, p)
	first.ask("a")
	second.ask("b")
	p.Refuse(true)
	dial(t, p).cut()
	p.Refuse(false)
	p.CutAll()
	first.cut()
	second.cut()
	shot := p.CutNext(wire.Before(wire.Turn(1)))
	p.Clear()
	dial(t, p).ask("c")
	if got := p.Stats(); shot.Hit() || got.Refused != 1 || got.Cuts != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestAServerThatIsDownEndsTheConnection(t *testing.T) {
	s := newLedger(t)
	s.listener.Close()
	dial(t, wire.New(t, s.addr())).cut()
}

func TestTheDelayIsPerDirectionAndDoesNotAddUp(t *testing.T) {
	const up, down, lines = 20 * time.Millisecond, 30 * time.Millisecond, 50
	p := wire.New(t, newLedger(t).addr())
	p.SetDelay(up, down)
	c := dial(t, p)
	start := time.Now()
	for range lines {
		c.send("x\n")
	}
	for range lines {
		if _, err := c.in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took < up+down || took > lines*(up+down)/2 {
		t.Errorf("%d lines at once took %v", lines, took)
	}
}

// An end that sends without reading must not block the other one: drivers send whole batches before they read.
func TestMuchPassesBothWays(t *testing.T) {
	s := newLedger(t)
	p := wire.New(t, s.addr())
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	line := strings.Repeat("x", 1023) + "\n"
	const lines = 8 << 10
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, strings.Repeat(line, lines))
		sent <- errors.Join(err, conn.(*net.TCPConn).CloseWrite())
	}()
	if err := <-sent; err != nil { // nothing has been read so far
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if want := lines * len("done "+line); err == nil && len(got) != want {
		t.Fatalf("got %d bytes, want %d", len(got), want)
	}
}
