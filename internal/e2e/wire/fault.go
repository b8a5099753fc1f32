package wire

import (
	"bytes"
	"sync"
	"testing"
	"time"
)

// memory is how much of what has passed is kept, to find a text that comes in pieces.
const memory = 256

// Trigger is what sets off a fault. Turns and bytes are counted from when the fault is given to the proxy, over all
// connections; a connection's login counts too.
type Trigger struct {
	text   []byte // lower case
	answer bool   // look for text in what the server sends
	at     count  // else: a number of turns or of bytes
}

// Text triggers when the client sends text, of up to 256 bytes, in whatever case.
func Text(text string) Trigger { return Trigger{text: bytes.ToLower([]byte(text))} }

// Answer triggers when the server sends text, in whatever case. By then the server has acted, so all moments but [Late]
// and [Stall] come to the same: the client does not get what holds the text.
func Answer(text string) Trigger {
	t := Text(text)
	t.answer = true
	return t
}

// Turn triggers at the n-th time that the client speaks, counted from 1.
func Turn(n int) Trigger { return Trigger{at: count{turns: n}} }

// Byte triggers at the n-th byte that the client sends, counted from 1.
func Byte(n int64) Trigger { return Trigger{at: count{bytes: n}} }

// count is how much clients have said.
type count struct {
	turns int
	bytes int64
}

type moment int

const (
	before moment = iota
	during
	after
	late
	stall
)

// Fault is what happens to a connection, once.
type Fault struct {
	trigger Trigger
	moment  moment
	reset   bool
}

// Before cuts the connection so that the server gets nothing from the trigger on.
func Before(t Trigger) Fault { return Fault{trigger: t, moment: before} }

// During cuts the connection in the middle of the text, or of the request.
func During(t Trigger) Fault { return Fault{trigger: t, moment: during} }

// After lets the request pass, waits until the server has carried it out, and cuts the connection with the answer.
func After(t Trigger) Fault { return Fault{trigger: t, moment: after} }

// Late cuts the client off at once and hands the request to the server when [Shot.Release] is called: a commit that
// arrives when its sender has long been given up.
func Late(t Trigger) Fault { return Fault{trigger: t, moment: late} }

// Stall lets nothing pass any more, in either direction, until the client gives up.
func Stall(t Trigger) Fault { return Fault{trigger: t, moment: stall} }

// WithReset cuts the client off with a reset instead of an orderly end: the drivers report these differently.
func (f Fault) WithReset() Fault {
	f.reset = true
	return f
}

// Shot is a fault on its way.
type Shot struct {
	fault   Fault
	since   count // where counting begins
	fired   chan struct{}
	done    chan struct{}
	release func()
	free    chan struct{}
}

func newShot(f Fault, since count) *Shot {
	s := &Shot{
		fault: f, since: since,
		fired: make(chan struct{}), done: make(chan struct{}), free: make(chan struct{}),
	}
	s.release = sync.OnceFunc(func() { close(s.free) })
	return s
}

// Fired is closed when the client has been cut off; for [Stall] when nothing passes any more.
func (s *Shot) Fired() <-chan struct{} { return s.fired }

// Done is closed when the server has ended its side too.
func (s *Shot) Done() <-chan struct{} { return s.done }

// Hit reports whether it has fired.
func (s *Shot) Hit() bool {
	select {
	case <-s.fired:
		return true
	default:
		return false
	}
}

// Await releases the request that is held back, if one is, and returns when the server has ended its side. A fault that does
// not hit fails the test.
func (s *Shot) Await(t testing.TB) {
	t.Helper()
	s.Release()
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		t.Fatalf("wire: the server has not ended its side (the fault has hit: %v)", s.Hit())
	}
}

// Release lets the server have the request that [Late] holds back.
func (s *Shot) Release() { s.release() }

// meets looks at what the client sends, b, which follows tail and makes the total now. It returns where in b the trigger
// is and how long it is.
func (s *Shot) meets(tail, b []byte, now count) (at, size int, ok bool) {
	switch t := s.fault.trigger; {
	case t.answer:
		return 0, 0, false
	case t.at.turns > 0:
		return 0, len(b), now.turns >= s.since.turns+t.at.turns
	case t.at.bytes > 0:
		over := now.bytes - (s.since.bytes + t.at.bytes)
		return max(0, len(b)-1-int(over)), 1, over >= 0
	default:
		return find(tail, b, t.text)
	}
}

// meetsAnswer is meets for what the server sends.
func (s *Shot) meetsAnswer(tail, b []byte) bool {
	t := s.fault.trigger
	if !t.answer {
		return false
	}
	_, _, ok := find(tail, b, t.text)
	return ok
}

// find looks for text that ends in b and may begin in tail, which went before.
func find(tail, b, text []byte) (at, size int, ok bool) {
	keep := min(len(tail), max(0, len(text)-1))
	all := bytes.ToLower(append(bytes.Clone(tail[len(tail)-keep:]), b...))
	i := bytes.Index(all, text)
	if i < 0 {
		return 0, 0, false
	}
	return max(0, i-keep), len(text), true
}

// extend returns the end of tail and b.
func extend(tail, b []byte) []byte {
	b = b[max(0, len(b)-memory):]
	tail = tail[max(0, len(tail)+len(b)-memory):]
	return append(bytes.Clone(tail), b...)
}
