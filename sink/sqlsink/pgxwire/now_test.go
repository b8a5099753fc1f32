//go:build unix

package pgxwire

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// pair returns the ends of a TCP connection.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return client, server
}

// TestTheBeginningIsWrittenAtOnce: when there is enough to send, and without another goroutine.
func TestTheBeginningIsWrittenAtOnce(t *testing.T) {
	t.Parallel()
	to, from := pair(t)
	w := writer{to: to, broken: func() {}, buffer: []byte(part[1:])}
	if w.flush(); w.begun {
		t.Error("too little was sent")
	}
	w.buffer = append(w.buffer, part...)
	if w.flush(); !w.begun || w.chunks != nil || w.sent != len(w.buffer) {
		t.Errorf("%d of %d bytes were sent, by another goroutine: %v", w.sent, len(w.buffer), w.chunks != nil)
	}
	got := make([]byte, len(w.buffer))
	if _, err := io.ReadFull(from, got); err != nil || !bytes.Equal(got, w.buffer) {
		t.Errorf("arrived: %d bytes (%v)", len(got), err)
	}
	w.finish()
	if err := w.wait(); err != nil {
		t.Error(err)
	}
}

// TestMoreThanASocketTakes: flush does not wait for anybody to read, and the rest follows.
func TestMoreThanASocketTakes(t *testing.T) {
	t.Parallel()
	to, from := pair(t)
	w := writer{to: to, broken: func() {}, buffer: bytes.Repeat([]byte("which byte is it"), 1<<20)}
	if w.flush(); w.chunks == nil {
		t.Fatal("the socket has taken all")
	}
	w.finish()
	got := make([]byte, len(w.buffer))
	if _, err := io.ReadFull(from, got); err != nil || !bytes.Equal(got, w.buffer) {
		t.Errorf("other bytes arrived (%v)", err)
	}
	if err := w.wait(); err != nil {
		t.Error(err)
	}
}

// TestASocketThatIsClosed is found by the goroutine that writes the rest, as it would be without a beginning.
func TestASocketThatIsClosed(t *testing.T) {
	t.Parallel()
	to, _ := pair(t)
	to.Close()
	broken := 0
	w := writer{to: to, broken: func() { broken++ }, buffer: bytes.Repeat([]byte("x"), onetrip.WorthSending)}
	w.flush()
	w.finish()
	if err := w.wait(); err == nil || broken != 1 {
		t.Errorf("got %v, reported %d times", err, broken)
	}
}
