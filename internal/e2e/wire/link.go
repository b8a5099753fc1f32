package wire

import (
	"net"
	"sync"
	"time"
)

// settle is how long a client has to be silent to have said all it has to say for now.
const settle = 5 * time.Millisecond

// link is one connection. All its state belongs to the goroutine of run, but for the sever function.
type link struct {
	proxy          *Proxy
	client, server *net.TCPConn
	stop           chan struct{}
	sever          func()
	fromClient     <-chan []byte
	fromServer     <-chan []byte

	shots            []*Shot // for this connection alone
	said             count   // by this client
	upTail, downTail []byte  // the last that was sent
	answered         bool    // the server spoke last
}

func newLink(p *Proxy, client, server *net.TCPConn, faults []Fault) *link {
	l := &link{proxy: p, client: client, server: server, stop: make(chan struct{}), answered: true}
	l.sever = sync.OnceFunc(func() {
		close(l.stop)
		client.Close()
		server.Close()
	})
	for _, f := range faults {
		l.shots = append(l.shots, newShot(f, count{}))
	}
	l.fromClient = pump(client, p.delayUp, l.stop)
	l.fromServer = pump(server, p.delayDown, l.stop)
	return l
}

// run passes bytes on until one side ends, or a fault takes over.
func (l *link) run() {
	defer l.sever()
	for {
		select {
		case b, ok := <-l.fromClient:
			if !ok { // it may still listen
				_ = l.server.CloseWrite()
				l.fromClient = nil
				continue
			}
			if s, at, size := l.request(b); s != nil {
				l.strike(s, b, at, size)
				return
			}
			if _, err := l.server.Write(b); err != nil {
				return
			}
		case b, ok := <-l.fromServer:
			if !ok {
				return
			}
			if s := l.answer(b); s != nil {
				l.strikeAnswer(s)
				return
			}
			if _, err := l.client.Write(b); err != nil {
				l.endServer()
				return
			}
		case <-l.stop:
			return
		}
	}
}

// request counts what the client sends and finds the shot that it triggers, if any, and where.
func (l *link) request(b []byte) (shot *Shot, at, size int) {
	p := l.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	l.note(b)
	shot = p.aim(l, func(s *Shot, now count) (ok bool) {
		at, size, ok = s.meets(l.upTail, b, now)
		return ok
	})
	l.upTail = extend(l.upTail, b)
	return shot, at, size
}

// note counts what the client sends, for the link and for all.
func (l *link) note(b []byte) {
	stats := &l.proxy.stats
	if l.answered {
		l.said.turns++
		stats.Turns++
	}
	l.answered = false
	l.said.bytes += int64(len(b))
	stats.BytesUp += int64(len(b))
}

// answer is request for what the server sends.
func (l *link) answer(b []byte) *Shot {
	p := l.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	l.answered = true
	p.stats.BytesDown += int64(len(b))
	shot := p.aim(l, func(s *Shot, _ count) bool { return s.meetsAnswer(l.downTail, b) })
	l.downTail = extend(l.downTail, b)
	return shot
}

// endServer tells the server that nothing more comes, and waits until it has dealt with what came and ends its side.
func (l *link) endServer() {
	_ = l.server.CloseWrite() // it may have gone already
	for range l.fromServer {
	}
}

// endClient cuts the client off.
func (l *link) endClient(s *Shot) {
	if s.fault.reset {
		_ = l.client.SetLinger(0) // makes Close send a reset
	}
	l.client.Close()
	close(s.fired)
}
