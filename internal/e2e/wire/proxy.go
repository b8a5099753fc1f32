package wire

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// Proxy passes connections on to one server. Its methods may be called from several goroutines, at any time.
type Proxy struct {
	target   string
	listener net.Listener
	closing  chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	up, down time.Duration
	refusing bool
	program  func(connection int) []Fault
	shots    []*Shot
	links    map[*link]bool
	stats    Stats
}

// Stats is what a proxy has seen.
type Stats struct {
	Connections int   // accepted
	Refused     int   // of these: closed at once
	Cuts        int   // faults that hit, and connections ended by CutAll
	Turns       int   // requests: how often a client spoke after the server had
	BytesUp     int64 // from clients
	BytesDown   int64 // from the server
}

// New starts a proxy to the server at addr and ends it with the test.
func New(t testing.TB, addr string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("wire: %v", err)
	}
	p := &Proxy{target: addr, listener: listener, closing: make(chan struct{}), links: map[*link]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is the host and port to connect to instead of the server's.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// SetDelay makes each direction take that much longer: a round trip takes up + down. It does not limit the throughput.
func (p *Proxy) SetDelay(up, down time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up, p.down = up, down
}

// CutNext gives the fault to whichever connection first meets its trigger. Several may wait; each hits once.
func (p *Proxy) CutNext(f Fault) *Shot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := newShot(f, count{p.stats.Turns, p.stats.BytesUp})
	p.shots = append(p.shots, s)
	return s
}

// Clear withdraws the faults that have not hit yet.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shots = nil
}

// Program has fn choose the faults of each connection to come; connections are numbered from 1. The faults wait for
// that connection alone. Nil ends it.
func (p *Proxy) Program(fn func(connection int) []Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.program = fn
}

// Refuse closes new connections at once, or no longer.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = refuse
}

// CutAll ends all open connections at once, on both sides, wherever they are.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		p.stats.Cuts++
		l.sever()
	}
}

// Stats is what has passed so far.
func (p *Proxy) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

func (p *Proxy) close() {
	close(p.closing)
	p.listener.Close()
	p.mu.Lock()
	for l := range p.links {
		l.sever()
	}
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	faults, ok := p.admit()
	if !ok {
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return // the server is down: the client sees its connection end
	}
	defer server.Close()
	l := newLink(p, client.(*net.TCPConn), server.(*net.TCPConn), faults)
	if p.enter(l) {
		defer p.leave(l)
		l.run()
	}
}

// admit returns the faults that are meant for the next connection, unless it is refused.
func (p *Proxy) admit() ([]Fault, bool) {
	p.mu.Lock()
	p.stats.Connections++
	number, program, refusing := p.stats.Connections, p.program, p.refusing
	if refusing {
		p.stats.Refused++
	}
	p.mu.Unlock()
	if refusing || program == nil {
		return nil, !refusing
	}
	return program(number), true // without the lock: it may call the proxy
}

// enter makes the link known, unless the proxy is closing.
func (p *Proxy) enter(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closing:
		return false
	default:
		p.links[l] = true
		return true
	}
}

func (p *Proxy) leave(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

func (p *Proxy) delayUp() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.up
}

func (p *Proxy) delayDown() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}

// aim finds the shot, of the link's own or of all, that hits returns true for, and takes it out.
func (p *Proxy) aim(l *link, hits func(s *Shot, now count) bool) *Shot {
	total := count{p.stats.Turns, p.stats.BytesUp}
	if s := take(&l.shots, func(s *Shot) bool { return hits(s, l.said) }); s != nil {
		p.stats.Cuts++
		return s
	}
	s := take(&p.shots, func(s *Shot) bool { return hits(s, total) })
	if s != nil {
		p.stats.Cuts++
	}
	return s
}

func take(waiting *[]*Shot, hits func(*Shot) bool) *Shot {
	i := slices.IndexFunc(*waiting, hits)
	if i < 0 {
		return nil
	}
	s := (*waiting)[i]
	*waiting = slices.Delete(*waiting, i, i+1)
	return s
}
