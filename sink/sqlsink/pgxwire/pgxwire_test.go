package pgxwire

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/jackc/pgx/v5/pgconn"
)

const begun = "parse ; BEGIN; parse ; SET x; "

// named is the name of a statement: its text and nothing else decides it, but for how often names were given up.
func named(text string, series int) string {
	digest := sha256.Sum256([]byte(text))
	return fmt.Sprintf("dynasink_%x_%d", digest[:12], series)
}

// TestNamesOfOthers: behind a pooler another client may have prepared the same.
func TestNamesOfOthers(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	s.when("a", func(s *server) { s.refuse("42P05"); s.when("a", nil) })
	for range 2 {
		if err := send(t.Context(), conn, batchOf("a")); err != nil {
			t.Fatal(err)
		}
		want := begun + "parse ; a; parse ; COMMIT; sync"
		if got := s.heard(); !strings.HasSuffix(got, want) {
			t.Errorf("the client sent\n%s\nwant at the end\n%s", got, want)
		}
	}
}

func TestABatchIsOneFlight(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	batch := batchOf("a", "b", "a")
	batch.Statements[1].Copy = []byte("rows")
	for _, want := range []string{
		begun + "parse " + named("a", 0) + "; a; parse ; b; data rows; a; parse ; COMMIT; sync",
		begun + "a; parse ; b; data rows; a; parse ; COMMIT; sync", // nothing is prepared twice
	} {
		if err := send(t.Context(), conn, batch); err != nil {
			t.Fatal(err)
		}
		if got := s.heard(); got != want {
			t.Errorf("the client sent\n%s\nwant\n%s", got, want)
		}
	}
	batch.NoPrepared = true
	if err := send(t.Context(), conn, batch); err != nil {
		t.Fatal(err)
	}
	if got, want := s.heard(), begun+"parse ; a; parse ; b; data rows; parse ; a; parse ; COMMIT; sync"; got != want {
		t.Errorf("without names the client sent\n%s\nwant\n%s", got, want)
	}
}

// TestAProofGoesWithAStatementThatIsNew to the connection: the server has refused to run others if it no longer holds.
func TestAProofGoesWithAStatementThatIsNew(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	proved := func() *onetrip.Batch {
		b := batchOf("a", "b")
		b.Statements[0].Check = &onetrip.Statement{Doing: "prove", Text: "proof"}
		return b
	}
	first := begun + "parse " + named("a", 0) + "; a; parse " + named("proof", 0) + "; proof; parse " + named("b", 0) + "; b; parse ; COMMIT; sync"
	later := begun + "a; b; parse ; COMMIT; sync"
	for _, want := range []string{first, later, later} {
		if err := send(t.Context(), conn, proved()); err != nil {
			t.Fatal(err)
		}
		if got := s.heard(); got != want {
			t.Errorf("the client sent\n%s\nwant\n%s", got, want)
		}
	}
	s.when("a", func(s *server) { s.refuse("0A000"); s.when("a", nil) }) // as when a column's type has changed
	s.when("proof", func(s *server) { s.refuse("22012") })
	b := proved()
	if err := send(t.Context(), conn, b); failedAt(err) != 1 || b.Statements[1].Doing != "prove" {
		t.Errorf("got %v of %v", err, b.Statements)
	}
	s.heard()
	s.when("proof", nil)
	b = proved()
	b.NoPrepared = true
	if err := send(t.Context(), conn, b); err != nil || !strings.Contains(s.heard(), "; proof; ") {
		t.Errorf("without names it goes without, %v", err)
	}
}

func TestAConnectionKeepsSoManyNames(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	var texts []string
	for n := range maxNames + 2 {
		texts = append(texts, fmt.Sprint("statement ", n))
	}
	for range 2 {
		s.heard()
		if err := send(t.Context(), conn, batchOf(texts...)); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(s.heard(), "parse "); n != len([]string{"BEGIN", "SET", "COMMIT"})+2 {
		t.Errorf("%d statements were parsed again", n)
	}
}

// outcome is what a sender's error says, and whether the connection is of further use.
type outcome struct {
	failed    int  // the number of the statement, when nothing is committed
	committed bool // it is
	closed    bool
}

const (
	unknown = -100
	commit  = 2 // the place after the statements a and b
)

func TestWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	refused := func(s *server) { s.refuse("23505") }
	cases := map[string]struct {
		at      string
		happens func(*server)
		want    outcome
	}{
		"an error of a statement":  {"b", refused, outcome{failed: 1}},
		"an error at BEGIN":        {"BEGIN", refused, outcome{failed: -2}},
		"an error after BEGIN":     {"SET x", refused, outcome{failed: -1}},
		"an error at COMMIT":       {"COMMIT", refused, outcome{failed: commit}},
		"shut down before COMMIT":  {"a", (*server).shutDown, outcome{failed: unknown, closed: true}},
		"shut down at COMMIT":      {"COMMIT", (*server).shutDown, outcome{failed: unknown, closed: true}},
		"shut down after COMMIT":   {"COMMIT", func(s *server) { s.complete("COMMIT"); s.shutDown() }, outcome{committed: true, closed: true}},
		"an error after COMMIT":    {"COMMIT", func(s *server) { s.complete("COMMIT"); s.refuse("57014") }, outcome{committed: true}},
		"cut at COMMIT":            {"COMMIT", func(s *server) { s.conn.Close() }, outcome{failed: unknown, closed: true}},
		"cut after an error":       {"a", func(s *server) { s.refuse("23505"); _ = s.wire.Flush(); s.conn.Close() }, outcome{failed: 0, closed: true}},
		"COMMIT rolls back":        {"COMMIT", func(s *server) { s.complete("ROLLBACK") }, outcome{failed: unknown, closed: true}},
		"no answer to COMMIT":      {"COMMIT", func(*server) {}, outcome{failed: unknown, closed: true}},
		"garbage":                  {"a", func(s *server) { _, _ = s.conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")); s.conn.Close() }, outcome{failed: unknown, closed: true}},
		"a notice on the way":      {"a", func(s *server) { s.wire.Send(notice); s.complete("INSERT 0 1") }, outcome{committed: true}},
		"rows that nobody asked":   {"a", func(s *server) { s.wire.Send(row); s.complete("SELECT 1") }, outcome{committed: true}},
		"an error, no ROLLBACK":    {"a", func(s *server) { s.refuse("23505"); s.when("ROLLBACK", (*server).shutDown) }, outcome{failed: 0, closed: true}},
		"an error, ROLLBACK fails": {"a", func(s *server) { s.refuse("23505"); s.when("ROLLBACK", refused) }, outcome{failed: 0, closed: true}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, s := connect(t)
			s.when(c.at, c.happens)
			err := send(t.Context(), conn, batchOf("a", "b"))
			if got := (outcome{failedAt(err), err == nil, conn.conn.IsClosed()}); got != c.want {
				t.Errorf("got %+v (%v), want %+v", got, err, c.want)
			}
			if c.want.closed {
				return
			}
			s.when(c.at, nil)
			if err := send(t.Context(), conn, batchOf("a", "b")); err != nil {
				t.Errorf("the next batch: %v", err)
			}
		})
	}
}

// failedAt is the statement that a failure names; 0 for no error.
func failedAt(err error) int {
	var failure *onetrip.Failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failure):
		return failure.Statement
	}
	return unknown
}

// TestStatementsAreNotTheServersForEver: the second flight goes with new statements, once.
func TestStatementsAreNotTheServersForEver(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	send := func() error { return send(t.Context(), conn, batchOf("a", "b")) }
	if err := send(); err != nil {
		t.Fatal(err)
	}
	s.heard()
	s.when("BEGIN", func(s *server) { clear(s.names); s.complete("BEGIN"); s.when("BEGIN", nil) }) // as DEALLOCATE ALL does
	if err := send(); err != nil {
		t.Fatal(err)
	}
	again := "sync; query ROLLBACK; " + begun + "parse " + named("a", 1) + "; a; parse " + named("b", 1) + "; b; parse ; COMMIT; sync"
	if got := s.heard(); !strings.HasSuffix(got, again) {
		t.Errorf("the client sent\n%s\nwant at the end\n%s", got, again)
	}
	s.when("b", func(s *server) { s.refuse("0A000") }) // a table was changed, or b can never be done
	if err := send(); failedAt(err) != 1 {
		t.Errorf("got %v", err)
	}
	if n := strings.Count(s.heard(), "BEGIN"); n != 2 {
		t.Errorf("%d tries, want 2", n)
	}
	if err := send(); failedAt(err) != 1 {
		t.Errorf("got %v", err)
	}
	if n := strings.Count(s.heard(), "BEGIN"); n != 1 {
		t.Errorf("%d tries of what was not prepared before, want 1", n)
	}
}

func TestTheEndOfTheContextClosesTheConnection(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.when("a", func(*server) { cancel() })
	s.when("COMMIT", func(s *server) { s.conn.Close() })
	if err := send(ctx, conn, batchOf("a")); failedAt(err) != unknown || !conn.conn.IsClosed() {
		t.Errorf("got %v, closed %v", err, conn.conn.IsClosed())
	}
}

// TestTheEndOfTheContextEndsWriting: the server reads nothing.
func TestTheEndOfTheContextEndsWriting(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	stuck := make(chan struct{})
	s.when("a", func(*server) { cancel(); <-stuck })
	batch := batchOf("a", strings.Repeat("b", 1<<20))
	err := send(ctx, conn, batch)
	close(stuck)
	if failedAt(err) != unknown || !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "send the batch") || !conn.conn.IsClosed() {
		t.Errorf("got %v, closed %v", err, conn.conn.IsClosed())
	}
}

func TestConnectionsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	if err := send(t.Context(), "of another driver", batchOf("a")); !errors.Is(err, onetrip.ErrForeign) {
		t.Errorf("got %v", err)
	}
	conn, s := connect(t)
	if _, err := conn.conn.PgConn().Exec(t.Context(), "BEGIN").ReadAll(); err != nil {
		t.Fatal(err)
	}
	s.heard()
	if err := send(t.Context(), conn, batchOf("a")); failedAt(err) != -1 || s.heard() != "" {
		t.Errorf("in a transaction: %v", err)
	}
}

// TestErrorsKeepTheServersCode: sqlsink classifies by it.
func TestErrorsKeepTheServersCode(t *testing.T) {
	t.Parallel()
	conn, s := connect(t)
	s.when("a", func(s *server) { s.refuse("40001") })
	var e *pgconn.PgError
	if err := send(t.Context(), conn, batchOf("a")); !errors.As(err, &e) || e.Code != "40001" {
		t.Errorf("got %v", err)
	}
}
