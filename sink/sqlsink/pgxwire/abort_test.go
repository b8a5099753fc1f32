package pgxwire

import (
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// TestAnErrorAfterTheFirstStatements: the server has begun, and there is no COMMIT.
func TestAnErrorAfterTheFirstStatements(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	reached := make(chan struct{})
	s.when("a"+part, signal(reached))
	for range 2 { // the second time names must not be those that the first has given up
		err := sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
			add(long("a"))
			<-reached
			add(onetrip.Statement{Text: "b"})
			return errWrite
		})
		if !errors.Is(err, errWrite) {
			t.Errorf("got %v", err)
		}
		got := s.heard()
		if strings.Contains(got, "COMMIT") || !strings.HasSuffix(got, "; sync; query ROLLBACK") {
			t.Errorf("the client sent\n%s", short(got))
		}
		s.when("a"+part, nil)
	}
	usable(t, conn, s)
}

// TestNamesAfterAnError: what a batch was to prepare is not known to be there, so it is prepared again by another name.
func TestNamesAfterAnError(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	if err := send(t.Context(), conn, batchOf("known")); err != nil {
		t.Fatal(err)
	}
	_ = sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
		add(onetrip.Statement{Text: "known"})
		add(long("a"))
		return errWrite
	})
	s.heard()
	err := sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
		add(onetrip.Statement{Text: "known"})
		add(long("a"))
		return nil
	})
	want := begun + "known; parse " + named("a"+part, 1) + "; a; parse ; COMMIT; sync"
	if got := short(s.heard()); err != nil || got != want {
		t.Errorf("the client sent\n%s\nwant\n%s\n(%v)", got, want, err)
	}
}

// TestAnErrorBeforeTheFirstStatements: the server hears nothing.
func TestAnErrorBeforeTheFirstStatements(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	for name, write := range map[string]func(add func(onetrip.Statement)) error{
		"at once":    func(func(onetrip.Statement)) error { return errWrite },
		"after some": func(add func(onetrip.Statement)) error { add(onetrip.Statement{Text: "a"}); return errWrite },
	} {
		if err := sendWith(t.Context(), conn, write); !errors.Is(err, errWrite) {
			t.Errorf("%s: got %v", name, err)
		}
		if got := s.heard(); got != "" {
			t.Errorf("%s: the client sent\n%s", name, got)
		}
	}
	if err := sendWith(t.Context(), conn, func(func(onetrip.Statement)) error { return nil }); err != nil || s.heard() != "" {
		t.Errorf("of nothing something was sent (%v)", err)
	}
	usable(t, conn, s)
}

// TestAnErrorOfBothSides: the one of write counts, and the connection is none the worse.
func TestAnErrorOfBothSides(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"23505", "26000", "42P05"} {
		conn, s := connect(t)
		s.when("a"+part, func(s *server) { s.refuse(code) })
		err := sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
			add(long("a"))
			add(long("b"))
			return errWrite
		})
		if !errors.Is(err, errWrite) || failedAt(err) != unknown {
			t.Errorf("%s: got %v", code, err)
		}
		if got := s.heard(); strings.Count(got, "BEGIN") != 1 || strings.Contains(got, "COMMIT") || !strings.HasSuffix(got, "query ROLLBACK") {
			t.Errorf("%s: the client sent\n%s", code, short(got))
		}
		usable(t, conn, s)
	}
}

// TestTheServerFailsWhileStatementsAreMade: the failure is that statement's, and what comes after it is skipped.
func TestTheServerFailsWhileStatementsAreMade(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	reached := make(chan struct{})
	s.when("b"+part, func(s *server) { s.refuse("23505"); close(reached) })
	err := sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
		add(onetrip.Statement{Text: "a"})
		add(long("b"))
		<-reached
		add(long("c"))
		add(onetrip.Statement{Text: "COPY", Copy: []byte("rows")})
		return nil
	})
	if failedAt(err) != 1 {
		t.Errorf("got %v", err)
	}
	want := "; parse ; data rows; parse ; sync; query ROLLBACK"
	if got := short(s.heard()); !strings.HasSuffix(got, want) || strings.Contains(got, "COMMIT") {
		t.Errorf("the client sent\n%s\nwant at the end\n%s", got, want)
	}
	s.when("b"+part, nil)
	usable(t, conn, s)
}

// TestTheServerGoesWhileStatementsAreMade: whatever write says, the connection is closed.
func TestTheServerGoesWhileStatementsAreMade(t *testing.T) {
	t.Parallel()
	for _, wrote := range []error{nil, errWrite} {
		conn, s := connect(t)
		gone := make(chan struct{})
		s.when("a"+part, func(s *server) { s.conn.Close(); close(gone) })
		err := sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
			add(long("a"))
			<-gone
			add(long("b"))
			return wrote
		})
		if failedAt(err) != unknown || !conn.conn.IsClosed() {
			t.Errorf("got %v, closed %v", err, conn.conn.IsClosed())
		}
		if wrote != nil && !errors.Is(err, wrote) {
			t.Errorf("got %v, want %v: there was no COMMIT that may have happened", err, wrote)
		}
	}
}

// TestAPanicWhileStatementsAreMade: it goes on to the caller, nothing is committed, and nobody can use the connection again.
func TestAPanicWhileStatementsAreMade(t *testing.T) {
	t.Parallel()
	for _, stuck := range []bool{false, true} { // whether the server reads what was sent
		conn, s := connect(t)
		reached, goOn := make(chan struct{}), make(chan struct{})
		s.when("a"+part, func(s *server) {
			close(reached)
			if stuck {
				<-goOn
			}
		})
		var last *flight
		recovered := func() (recovered any) {
			defer func() { recovered = recover() }()
			last = newFlight(conn.conn.PgConn(), sessionOf(conn.conn), batchOf())
			return last.fly(t.Context(), func(add func(onetrip.Statement)) error {
				add(long("a"))
				<-reached
				add(long("b"))
				panic(errWrite)
			})
		}()
		if err, _ := recovered.(error); !errors.Is(err, errWrite) {
			t.Errorf("recovered %v", recovered)
		}
		select {
		case <-last.writer.done:
		default:
			t.Error("the messages are still being written")
		}
		close(goOn)
		if got := s.heard(); strings.Contains(got, "COMMIT") || strings.Contains(got, "sync") {
			t.Errorf("the client sent\n%s", short(got))
		}
	}
}

// TestAPanicBeforeTheFirstStatements leaves names behind that the server never heard of; a later batch copes with that.
func TestAPanicBeforeTheFirstStatements(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	func() {
		defer func() { _ = recover() }()
		_ = sendWith(t.Context(), conn, func(add func(onetrip.Statement)) error {
			add(onetrip.Statement{Text: "a"})
			panic(errWrite)
		})
	}()
	if got := s.heard(); strings.Contains(got, "BEGIN") {
		t.Errorf("the client sent\n%s", got)
	}
	if conn.conn.IsClosed() {
		return
	}
	if err := send(t.Context(), conn, batchOf("a")); err != nil {
		t.Errorf("the next batch: %v", err)
	}
}
