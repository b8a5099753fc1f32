package pgxwire

import (
	"errors"
	"io"
	"os"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// writer sends the messages of one flight while more of them are made. Whoever makes them never waits for the server: it may
// itself be waiting for somebody to read.
type writer struct {
	buffer []byte // the messages; those before sent are on their way
	sent   int
	to     io.Writer
	broken func() // called when writing fails

	begun  bool          // something has been sent
	chunks chan []byte   // nil as long as nobody else writes
	rest   []byte        // what is sent last
	done   chan struct{} // closed when all is written, or writing has failed
	err    error         // to be read when done is closed
}

// mostChunks is how many chunks may wait to be written; what is too many goes with a later one.
const mostChunks = 256

// grow makes room for n bytes. What is on its way stays where it is.
func (w *writer) grow(n int) {
	if cap(w.buffer)-len(w.buffer) >= n {
		return
	}
	waiting := w.buffer[w.sent:]
	const atLeast = 64 << 10
	w.buffer, w.sent = append(make([]byte, 0, max(atLeast, 2*(len(waiting)+n))), waiting...), 0
}

// flush sends what there is, if it is worth it.
func (w *writer) flush() {
	if len(w.buffer)-w.sent < onetrip.WorthSending {
		return
	}
	if !w.begun {
		w.sent = writeNow(w.to, w.buffer) // who else writes has to wake a processor first, while the server waits for work
		w.begun = w.sent > 0
	}
	if w.sent == len(w.buffer) {
		return
	}
	w.start()
	select {
	case w.chunks <- w.buffer[w.sent:]:
		w.sent = len(w.buffer)
	default:
	}
}

func (w *writer) start() {
	w.begun = true
	if w.chunks == nil {
		w.chunks, w.done = make(chan []byte, mostChunks), make(chan struct{})
		go w.run()
	}
}

func (w *writer) run() {
	defer close(w.done)
	for chunk := range w.chunks {
		w.write(chunk)
	}
	w.write(w.rest)
}

func (w *writer) write(chunk []byte) {
	if w.err != nil {
		return
	}
	if _, w.err = w.to.Write(chunk); w.err != nil && !errors.Is(w.err, os.ErrDeadlineExceeded) { // else somebody has hung up
		w.broken()
	}
}

// finish sends the rest, and does not wait for it.
func (w *writer) finish() {
	w.start()
	w.rest = w.buffer[w.sent:]
	close(w.chunks)
}

// wait returns when all is written, or cannot be.
func (w *writer) wait() error {
	<-w.done
	return w.err
}
