package pgxwire

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// part is longer than what is worth sending at once, so that a statement with it goes off while write runs.
var part = strings.Repeat("-", onetrip.WorthSending)

// long makes a statement that goes off at once.
func long(text string) onetrip.Statement { return onetrip.Statement{Doing: "do", Text: text + part} }

// signal returns what happens at a statement that succeeds and tells so.
func signal(reached chan<- struct{}) func(*server) {
	return func(s *server) { s.complete("INSERT 0 1"); close(reached) }
}

// sendWith sends what write adds after a BEGIN.
func sendWith(ctx context.Context, conn driverConn, write func(add func(onetrip.Statement)) error) error {
	return sender{}.Send(ctx, conn, batchOf(), write)
}

// usable fails the test unless a whole batch can be sent over the connection.
func usable(t *testing.T, conn driverConn, s *server) {
	t.Helper()
	if conn.conn.IsClosed() {
		t.Error("the connection is closed")
		return
	}
	s.heard()
	if err := send(t.Context(), conn, batchOf("a", "b")); err != nil {
		t.Errorf("the next batch: %v", err)
	}
	if got := s.heard(); !strings.HasPrefix(got, begun) || !strings.HasSuffix(got, "parse ; COMMIT; sync") {
		t.Errorf("the next batch was sent as\n%s", short(got))
	}
}

// short leaves out what makes statements long.
func short(log string) string { return strings.ReplaceAll(log, part, "") }

var errWrite = errors.New("a row cannot be written")

// TestTheContextEndsWhileStatementsAreMade: there is no time left to say ROLLBACK, so the connection is closed.
func TestTheContextEndsWhileStatementsAreMade(t *testing.T) {
	t.Parallel()
	for name, wrote := range map[string]error{"and write tells": context.Canceled, "and write goes on": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, s := connect(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			reached, over := make(chan struct{}), make(chan struct{})
			s.when("a"+part, func(*server) { close(reached); <-over }) // it reads no further
			err := sendWith(ctx, conn, func(add func(onetrip.Statement)) error {
				add(long("a"))
				<-reached
				cancel()
				add(long("b"))
				return wrote
			})
			close(over)
			if failedAt(err) != unknown || !errors.Is(err, context.Canceled) || !conn.conn.IsClosed() {
				t.Errorf("got %v, closed %v", err, conn.conn.IsClosed())
			}
			if got := s.heard(); strings.Contains(got, "COMMIT") {
				t.Errorf("the client sent\n%s", short(got))
			}
		})
	}
}

// TestTheContextEndsBeforeAnythingWasSent: write has told, and the connection is as it was.
func TestTheContextEndsBeforeAnythingWasSent(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := sendWith(ctx, conn, func(add func(onetrip.Statement)) error {
		add(onetrip.Statement{Text: "a"})
		cancel()
		return ctx.Err()
	})
	if got := s.heard(); !errors.Is(err, context.Canceled) || got != "" {
		t.Errorf("got %v, and the client sent\n%s", err, got)
	}
	usable(t, conn, s)
}

// TestWhatIsHeldGoesAtTheEnd: the server hears nothing before write has returned.
func TestWhatIsHeldGoesAtTheEnd(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	for _, wrote := range []error{errWrite, nil} {
		batch := batchOf()
		batch.Whole = true
		returned := false
		early := make(chan bool, 1)
		s.when("BEGIN", func(s *server) { early <- !returned; s.complete("BEGIN") })
		err := sender{}.Send(t.Context(), conn, batch, func(add func(onetrip.Statement)) error {
			for range 10 {
				add(long("a"))
			}
			returned = true
			return wrote
		})
		if !errors.Is(err, wrote) {
			t.Errorf("got %v, want %v", err, wrote)
		}
		select {
		case tooEarly := <-early:
			if tooEarly || wrote != nil {
				t.Errorf("BEGIN was sent before write had returned %v", wrote)
			}
		default:
			if wrote == nil {
				t.Error("nothing was sent")
			}
		}
	}
	s.when("BEGIN", nil)
	usable(t, conn, s)
}

// TestALargeBatchArrivesUnchanged: it is larger than all buffers on the way, and the server reads nothing of it but its
// beginning until all of it has been made.
func TestALargeBatchArrivesUnchanged(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	const many = 2 * mostChunks
	var texts []string
	made := make(chan struct{})
	for i := range many {
		text := fmt.Sprint(i, " ") + strings.Repeat(string(rune('a'+i%26)), onetrip.WorthSending+i)
		texts = append(texts, text)
	}
	rows := strings.Repeat("0123456789", copyPiece/4) // goes in several pieces
	s.when(texts[0], func(s *server) { <-made; s.complete("INSERT 0 1") })
	for range 2 { // the second batch has what the first has left, names and buffers
		err := sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
			for i, text := range texts {
				add(onetrip.Statement{Text: text})
				if i == many/2 {
					add(onetrip.Statement{Text: "COPY", Copy: []byte(rows)})
				}
			}
			if made != nil {
				close(made)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s.when(texts[0], nil)
		made = nil
		got, copied := received(s)
		want := append(slices.Concat([]string{"BEGIN", "SET x"}, texts[:many/2+1], []string{"COPY"}), texts[many/2+1:]...)
		if want = append(want, "COMMIT"); !slices.Equal(got, want) {
			t.Errorf("%d statements arrived, want %d, or other ones", len(got), len(want))
		}
		if copied != rows {
			t.Errorf("%d bytes of COPY arrived, want %d, or other ones", len(copied), len(rows))
		}
	}
	if most := 1 << 20; cap(sessionOf(conn.conn).buffer) > most {
		t.Errorf("%d bytes are kept for the next batch", cap(sessionOf(conn.conn).buffer))
	}
}

// received returns the statements that the server has run, and what it was given to copy.
func received(s *server) (statements []string, copied string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.log = nil }()
	var data strings.Builder
	for _, line := range s.log {
		if rows, ok := strings.CutPrefix(line, "data "); ok {
			data.WriteString(rows)
		} else if !strings.HasPrefix(line, "parse ") && line != "sync" {
			statements = append(statements, line)
		}
	}
	return statements, data.String()
}

// TestAServerThatTalksWhileNobodyReads: it stops reading until somebody listens, and write is not held up by that.
func TestAServerThatTalksWhileNobodyReads(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	talks := make(chan struct{})
	s.when("a"+part, func(s *server) {
		close(talks)
		for range 100 {
			s.wire.Send(notice)
			_ = s.wire.Flush() // the pipe takes nothing that is not read
		}
		s.complete("INSERT 0 1")
	})
	err := sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
		add(long("a"))
		<-talks
		for range 2 * mostChunks {
			add(long("b"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.heard(); strings.Count(got, "b"+part) != 2*mostChunks || !strings.HasSuffix(got, "COMMIT; sync") {
		t.Errorf("%d statements arrived", strings.Count(got, "b"+part))
	}
}

// TestAnOutdatedFlightIsRepeatedWhole: with what was sent while write ran, which is not called again.
func TestAnOutdatedFlightIsRepeatedWhole(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	calls := 0
	write := func(add func(onetrip.Statement)) error {
		calls++
		add(long("a"))
		add(onetrip.Statement{Text: "COPY", Copy: []byte("rows")})
		add(onetrip.Statement{Text: "b", Params: []onetrip.Param{{Data: []byte("1")}}})
		add(long("c"))
		return nil
	}
	if err := sendWith(t.Context(), conn, write); err != nil {
		t.Fatal(err)
	}
	s.heard()
	s.when("BEGIN", func(s *server) { clear(s.names); s.complete("BEGIN"); s.when("BEGIN", nil) }) // as DEALLOCATE ALL does
	batch := batchOf()
	if err := (sender{}).Send(t.Context(), conn, batch, write); err != nil {
		t.Fatal(err)
	}
	again := "sync; query ROLLBACK; " + begun + "parse " + named("a"+part, 1) + "; a; parse ; COPY; data rows; parse " +
		named("b", 1) + "; b; parse " + named("c"+part, 1) + "; c; parse ; COMMIT; sync"
	got := short(s.heard())
	if !strings.HasSuffix(got, again) || strings.Count(got, "COMMIT") != 1 {
		t.Errorf("the client sent\n%s\nwant at the end\n%s", got, again)
	}
	if calls != 2 || len(batch.Statements) != 4 {
		t.Errorf("%d calls of write for two batches; the last holds %d statements", calls, len(batch.Statements))
	}
}
