package pgxwire

import (
	"context"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// TestAServerThatIsReadyTooEarly and reads no further: the end of the context ends the wait for it.
func TestAServerThatIsReadyTooEarly(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	s.when("a"+part, func(s *server) { s.refuse("23505"); s.end(); cancel(); <-stuck })
	err := sendWith(ctx, conn, func(add func(onetrip.Statement)) error {
		add(long("a"))
		add(long("b"))
		return nil
	})
	if err == nil || !conn.conn.IsClosed() {
		t.Errorf("got %v, closed %v", err, conn.conn.IsClosed())
	}
}
