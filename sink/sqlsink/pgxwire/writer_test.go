package pgxwire

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// TestChunksGoInOrder: also when nobody takes it for a while, and whatever room it needs.
func TestChunksGoInOrder(t *testing.T) {
	t.Parallel()
	to, from := net.Pipe()
	w := writer{to: to, broken: func() {}}
	var want []byte
	for i := range 3 * mostChunks {
		piece := []byte(strings.Repeat(string(rune('a'+i%26)), 50*(i%97)+1))
		w.grow(len(piece))
		w.buffer = append(w.buffer, piece...)
		want = append(want, piece...)
		w.flush()
	}
	w.finish()
	got := make([]byte, 0, len(want))
	for buffer := make([]byte, 1<<16); len(got) < len(want); {
		n, err := from.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buffer[:n]...)
	}
	if err := w.wait(); err != nil || string(got) != string(want) {
		t.Errorf("%d bytes arrived, want %d, or other ones (%v)", len(got), len(want), err)
	}
}

// TestAWriterThatCannotWrite: the first error counts, and nobody waits.
func TestAWriterThatCannotWrite(t *testing.T) {
	t.Parallel()
	to, from := net.Pipe()
	from.Close()
	broken := 0
	w := writer{to: to, broken: func() { broken++; _ = to.SetDeadline(time.Unix(1, 0)) }}
	for range 2 * mostChunks {
		w.grow(onetrip.WorthSending)
		w.buffer = append(w.buffer, part...)
		w.flush()
	}
	w.finish()
	if err := w.wait(); err == nil || broken != 1 {
		t.Errorf("got %v, reported %d times", err, broken)
	}
}
