package wire

import "time"

// strike carries out a fault that what the client sends, b, has triggered: from b[at] on, for size bytes.
func (l *link) strike(s *Shot, b []byte, at, size int) {
	defer close(s.done)
	switch s.fault.moment {
	case before:
		l.cut(s, b[:at])
	case during:
		l.cut(s, b[:at+min(size/2, len(b)-at)])
	case after:
		l.swallow(b)
		l.cut(s, nil)
	case late:
		l.hold(s, b, at)
	case stall:
		l.keepStill(s)
	}
}

// strikeAnswer carries out a fault that the server's answer has triggered. The client does not get that answer.
func (l *link) strikeAnswer(s *Shot) {
	defer close(s.done)
	switch s.fault.moment {
	case late:
		l.endClient(s)
		l.await(s)
		l.endServer()
	case stall:
		l.keepStill(s)
	default:
		l.cut(s, nil)
	}
}

// cut passes on the last bytes and ends both sides, the server's first.
func (l *link) cut(s *Shot, last []byte) {
	_, _ = l.server.Write(last) // it may have gone already
	l.endServer()
	l.endClient(s)
}

// swallow passes requests on, and no answers, until the server has begun to answer and the client has no more to say.
// It goes by the beginning because only the protocol tells where an answer ends; what the server has received by then
// it carries out to the end.
func (l *link) swallow(b []byte) {
	var quiet <-chan time.Time
	answering := false
	_, _ = l.server.Write(b)
	for {
		select {
		case more, ok := <-l.fromClient:
			if !ok {
				return
			}
			_, _ = l.server.Write(more)
		case _, ok := <-l.fromServer:
			if !ok {
				return
			}
			answering = true
		case <-quiet:
			return
		}
		if answering {
			quiet = time.After(settle)
		}
	}
}

// hold cuts the client off when it has said all, and passes that on when the test says so.
func (l *link) hold(s *Shot, b []byte, at int) {
	_, _ = l.server.Write(b[:at])
	held := append([]byte(nil), b[at:]...)
	for quiet := false; !quiet; {
		select {
		case more, ok := <-l.fromClient:
			held, quiet = append(held, more...), !ok
		case <-time.After(settle):
			quiet = true
		}
	}
	l.endClient(s)
	l.await(s)
	_, _ = l.server.Write(held)
	l.endServer()
}

// await returns when the test lets the shot go on, or ends.
func (l *link) await(s *Shot) {
	select {
	case <-s.free:
	case <-l.stop:
	}
}

// keepStill lets nothing pass until the client gives up, which the server then hears of.
func (l *link) keepStill(s *Shot) {
	close(s.fired)
	for range l.fromClient {
	}
	l.endServer()
}
