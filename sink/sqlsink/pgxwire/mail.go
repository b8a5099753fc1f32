package pgxwire

import (
	"errors"
	"io"
	"os"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// mail is the messages of one flight, which go off while more of them are made. Whoever makes them never waits for the
// server: it may itself be waiting for somebody to read.
type mail struct {
	out    []byte // the messages; those before sent are on their way
	sent   int
	to     io.Writer
	broken func() // called when writing fails

	letters chan []byte   // nil as long as nothing has been sent
	rest    []byte        // what goes off last
	ended   chan struct{} // closed when all is written, or writing has failed
	err     error         // to be read when ended is closed
}

// mostLetters is how many parts may wait to be written; what is too many goes with a later one.
const mostLetters = 256

// room makes room for n bytes. What is on its way stays where it is.
func (m *mail) room(n int) {
	if cap(m.out)-len(m.out) >= n {
		return
	}
	waiting := m.out[m.sent:]
	const atLeast = 64 << 10
	m.out, m.sent = append(make([]byte, 0, max(atLeast, 2*(len(waiting)+n))), waiting...), 0
}

// post sends what there is, if that is worth it.
func (m *mail) post() {
	if len(m.out)-m.sent < onetrip.WorthSending {
		return
	}
	m.open()
	select {
	case m.letters <- m.out[m.sent:]:
		m.sent = len(m.out)
	default:
	}
}

// posted reports whether anything has been sent.
func (m *mail) posted() bool { return m.letters != nil }

func (m *mail) open() {
	if m.letters == nil {
		m.letters, m.ended = make(chan []byte, mostLetters), make(chan struct{})
		go m.deliver()
	}
}

func (m *mail) deliver() {
	defer close(m.ended)
	for letter := range m.letters {
		m.write(letter)
	}
	m.write(m.rest)
}

func (m *mail) write(letter []byte) {
	if m.err != nil {
		return
	}
	if _, m.err = m.to.Write(letter); m.err != nil && !errors.Is(m.err, os.ErrDeadlineExceeded) { // else somebody has hung up
		m.broken()
	}
}

// last sends the rest, and does not wait for it.
func (m *mail) last() {
	m.open()
	m.rest = m.out[m.sent:]
	close(m.letters)
}

// close returns when all is written, or cannot be.
func (m *mail) close() error {
	<-m.ended
	return m.err
}
