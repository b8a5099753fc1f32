package pgxwire

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// TestMailGoesInOrder: also when nobody takes it for a while, and whatever room it needs.
func TestMailGoesInOrder(t *testing.T) {
	t.Parallel()
	to, from := net.Pipe()
	m := mail{to: to, broken: func() {}}
	var want []byte
	for i := range 3 * mostLetters {
		piece := []byte(strings.Repeat(string(rune('a'+i%26)), 50*(i%97)+1))
		m.room(len(piece))
		m.out = append(m.out, piece...)
		want = append(want, piece...)
		m.post()
	}
	m.last()
	got := make([]byte, 0, len(want))
	for buffer := make([]byte, 1<<16); len(got) < len(want); {
		n, err := from.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buffer[:n]...)
	}
	if err := m.close(); err != nil || string(got) != string(want) {
		t.Errorf("%d bytes arrived, want %d, or other ones (%v)", len(got), len(want), err)
	}
}

// TestMailThatCannotBeDelivered: the first error counts, and nobody waits.
func TestMailThatCannotBeDelivered(t *testing.T) {
	t.Parallel()
	to, from := net.Pipe()
	from.Close()
	broken := 0
	m := mail{to: to, broken: func() { broken++; _ = to.SetDeadline(time.Unix(1, 0)) }}
	for range 2 * mostLetters {
		m.room(onetrip.WorthSending)
		m.out = append(m.out, part...)
		m.post()
	}
	m.last()
	if err := m.close(); err == nil || broken != 1 {
		t.Errorf("got %v, reported %d times", err, broken)
	}
}
