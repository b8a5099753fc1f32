//go:build unix

package pgxwire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// pair returns the ends of a TCP connection that takes little which nobody reads.
func pair(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialed, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close() })
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	client, server = dialed.(*net.TCPConn), accepted.(*net.TCPConn)
	if err := errors.Join(client.SetWriteBuffer(64<<10), server.SetReadBuffer(64<<10)); err != nil {
		t.Fatal(err)
	}
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

// scrambled is a connection that changes what is written to it.
type scrambled struct{ *net.TCPConn }

func (s scrambled) Write(data []byte) (int, error) { return s.TCPConn.Write(bytes.ToUpper(data)) }

// TestAConnectionWithASocketWithin does what it does to all that is written.
func TestAConnectionWithASocketWithin(t *testing.T) {
	t.Parallel()
	to, from := pair(t)
	w := writer{to: scrambled{to}, broken: func() {}, buffer: bytes.Repeat([]byte("x"), onetrip.WorthSending)}
	w.flush()
	w.finish()
	got := make([]byte, onetrip.WorthSending)
	if _, err := io.ReadFull(from, got); err != nil || !bytes.Equal(got, bytes.ToUpper(w.buffer)) {
		t.Errorf("other bytes arrived (%v)", err)
	}
	if err := w.wait(); err != nil {
		t.Error(err)
	}
}
