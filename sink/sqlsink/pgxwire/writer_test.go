package pgxwire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/onetrip"
)

func unwatched() func() bool { return func() bool { return true } }

// TestChunksGoInOrder: also when nobody takes it for a while, and whatever room it needs.
func TestChunksGoInOrder(t *testing.T) {
	t.Parallel()
	to, from := pair(t)
	w := writer{to: to, broken: func() {}, watch: unwatched}
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
	w := writer{to: to, broken: func() { broken++; _ = to.SetDeadline(time.Unix(1, 0)) }, watch: unwatched}
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

// TestTheBeginningIsWrittenAtOnce: as much as a socket has room for, when there is enough to send.
func TestTheBeginningIsWrittenAtOnce(t *testing.T) {
	t.Parallel()
	to, from := pair(t)
	w := writer{to: to, broken: func() {}, watch: unwatched}
	w.buffer = append(w.buffer, part[1:]...)
	if w.flush(); w.begun {
		t.Error("too little was sent")
	}
	w.buffer = append(w.buffer, part...)
	if w.flush(); !w.begun || w.chunks != nil || w.sent != len(w.buffer) {
		t.Errorf("%d of %d bytes were sent, by another goroutine: %v", w.sent, len(w.buffer), w.chunks != nil)
	}
	got := make([]byte, len(w.buffer))
	if _, err := io.ReadFull(from, got); err != nil || string(got) != string(w.buffer) {
		t.Errorf("arrived: %d bytes (%v)", len(got), err)
	}
	w.finish()
	if err := w.wait(); err != nil {
		t.Error(err)
	}
}

// TestTheBeginningOfALargeStatement: what the socket may have no room for is left to another goroutine.
func TestTheBeginningOfALargeStatement(t *testing.T) {
	t.Parallel()
	to, from := net.Pipe()
	w := writer{to: to, broken: func() {}, watch: unwatched, buffer: []byte(strings.Repeat("x", 1<<20))}
	read := make(chan int)
	go func() { // no more than is written at once
		n, _ := io.ReadFull(from, make([]byte, 16<<10))
		read <- n
	}()
	w.flush()
	if n := <-read; n != 16<<10 || w.chunks == nil {
		t.Errorf("%d bytes were read", n)
	}
	from.Close()
	w.finish()
	if err := w.wait(); err == nil {
		t.Error("nobody read the rest")
	}
}

// TestTheBeginningThatNobodyTakes: its writer waits no longer than the flight may.
func TestTheBeginningThatNobodyTakes(t *testing.T) {
	t.Parallel()
	to, _ := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	w := writer{to: to, broken: func() { t.Error("nobody has hung up") }, watch: func() func() bool {
		stop := context.AfterFunc(ctx, func() { _ = to.SetDeadline(time.Unix(1, 0)) })
		cancel()
		return stop
	}, buffer: []byte(part)}
	w.flush()
	w.finish()
	if err := w.wait(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
