package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
)

// TestAnErrorLeavesNothingBehind: no row, no open transaction, and a connection that is used again.
func TestAnErrorLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, option := range tripGuards {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrip(t, option)
			tr.mustDeliver(t, changesFrom(1, 50)...)
			pid, before := tr.backend(t), tr.state(t)
			execute(t, tr.direct, "ALTER TABLE history ADD CHECK (length(v) <= 20)")
			batch := append(changesFrom(100, 100), change{300, "INSERT", "long", strings.Repeat("x", 21)})
			batch = append(batch, changesFrom(400, 50)...)
			if err := tr.deliver(t.Context(), batch...); !sink.IsPermanent(err) {
				t.Fatalf("got %v", err)
			}
			var state string
			if err := tr.direct.GetContext(t.Context(), &state, "SELECT state FROM pg_stat_activity WHERE pid = $1", pid); err != nil || state != "idle" {
				t.Errorf("the connection is %q, %v", state, err)
			}
			if tr.state(t) != before || tr.backend(t) != pid {
				t.Error("something was written, or the connection replaced")
			}
			tr.mustDeliver(t, changesFrom(100, 100)...)
		})
	}
}

// TestAnErrorAtCommit: a deferred constraint says no when everything has been written.
func TestAnErrorAtCommit(t *testing.T) {
	t.Parallel()
	tr := newTrip(t, sqlsink.Unguarded())
	execute(t, tr.direct, "ALTER TABLE c ADD CONSTRAINT one UNIQUE (v) DEFERRABLE INITIALLY DEFERRED")
	err := tr.deliver(t.Context(), change{1, "INSERT", "a", "same"}, change{2, "INSERT", "b", "same"})
	if !sink.IsPermanent(err) || sink.IsUncertain(err) {
		t.Errorf("got %v", err)
	}
	tr.holds(t)
	tr.mustDeliver(t, change{1, "INSERT", "a", "same"})
}

// TestACutBatchIsUncertain: it went with its COMMIT, so nobody can tell; what is delivered again mends it.
func TestACutBatchIsUncertain(t *testing.T) {
	t.Parallel()
	commit := wire.Text("commit")
	for name, fault := range map[string]wire.Fault{
		"before": wire.Before(commit), "during": wire.During(commit), "after": wire.After(commit), "late": wire.Late(commit),
		"answer": wire.Before(wire.Answer("COMMIT")), "first byte": wire.Before(wire.Byte(1)), "reset": wire.After(commit).WithReset(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for guard, option := range tripGuards {
				tr := newTrip(t, option)
				tr.mustDeliver(t, changesFrom(1, 40)...)
				shot := tr.proxy.CutNext(fault)
				batch := changesFrom(41, 1000) // so many go off in parts
				if err := tr.deliver(t.Context(), batch...); !sink.IsUncertain(err) {
					t.Errorf("%s: got %v", guard, err)
				}
				tr.mustDeliver(t, batch...)
				after := tr.state(t)
				shot.Await(t)
				if guard != "unguarded" && tr.state(t) != after {
					t.Errorf("%s: what arrived late changed the tables", guard)
				}
			}
		})
	}
}

// TestABatchThatWaitsIsGivenUp: the end of the context, and of the server's process, come while it waits for a row. Its
// connection is not used again, and what it may still do is harmless.
func TestABatchThatWaitsIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, giveUp := range map[string]func(t *testing.T, tr *trip, pid int, cancel func()){
		"the context ends": func(_ *testing.T, _ *trip, _ int, cancel func()) { cancel() },
		"the server ends it": func(t *testing.T, tr *trip, pid int, _ func()) {
			execute(t, tr.direct, fmt.Sprintf("SELECT pg_terminate_backend(%d)", pid))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrip(t, sqlsink.SoftDelete("gone", ""))
			tr.mustDeliver(t, change{1, "INSERT", "a", "1"})
			pid := tr.backend(t)
			holder, err := tr.direct.BeginTxx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer holder.Rollback()
			if _, err := holder.ExecContext(t.Context(), "UPDATE c SET v = v"); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			h := held{make(chan error, 1)}
			go func() { h.done <- tr.deliver(ctx, change{2, "MODIFY", "a", "2"}) }()
			tr.waitsForLock(t, pid, h)
			giveUp(t, tr, pid, cancel)
			if err := <-h.done; !sink.IsUncertain(err) {
				t.Errorf("got %v", err)
			}
			if err := holder.Commit(); err != nil {
				t.Fatal(err)
			}
			if tr.backend(t) == pid {
				t.Error("the connection is used again")
			}
			tr.mustDeliver(t, change{3, "MODIFY", "a", "3"}, change{2, "MODIFY", "a", "2"})
			tr.holds(t, cell[string]{"a", "3"})
		})
	}
}

// waitsForLock returns when the server's process waits for another.
func (tr *trip) waitsForLock(t *testing.T, pid int, h held) {
	t.Helper()
	for waiting := false; !waiting; {
		if h.ended() {
			t.Fatalf("it does not wait: %v", <-h.done)
		}
		err := tr.direct.GetContext(t.Context(), &waiting, "SELECT cardinality(pg_blocking_pids($1)) > 0", pid)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRowLevelSecurity has no COPY: such batches go without.
func TestRowLevelSecurity(t *testing.T) {
	t.Parallel()
	tr := newTrip(t, sqlsink.Tombstones(""))
	role := "role_of_" + tr.schema(t)
	for _, statement := range []string{
		"CREATE ROLE " + role + " LOGIN PASSWORD 'secret'", "GRANT USAGE ON SCHEMA " + tr.schema(t) + " TO " + role,
		"GRANT ALL ON ALL TABLES IN SCHEMA " + tr.schema(t) + " TO " + role,
		"ALTER TABLE c ENABLE ROW LEVEL SECURITY", "CREATE POLICY all_rows ON c USING (true)",
	} {
		execute(t, tr.direct, statement)
	}
	t.Cleanup(func() {
		_, err1 := tr.direct.Exec("DROP OWNED BY " + role)
		_, err2 := tr.direct.Exec("DROP ROLE " + role)
		if err := errors.Join(err1, err2); err != nil {
			t.Error(err)
		}
	})
	dsn, err := url.Parse(tr.engine.DSN)
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.UserPassword(role, "secret")
	restricted := tr.engine
	restricted.DSN = dsn.String()
	pool := restricted.Open(t)
	defer pool.Close() // before the role goes
	db, err := sqlsink.New(pool, pgxwire.Pipeline())
	if err != nil {
		t.Fatal(err)
	}
	tr.rows = table[cell[string]](t, db, "c")
	for range 2 {
		tr.mustDeliver(t, changesFrom(1, 200)...)
	}
}

// TestAServerThatTalks: the notices of triggers come while the client is still sending.
func TestAServerThatTalks(t *testing.T) {
	t.Parallel()
	tr := newTrip(t, sqlsink.SoftDelete("gone", ""))
	execute(t, tr.direct, "ALTER TABLE c ALTER COLUMN v TYPE TEXT")
	execute(t, tr.direct, "CREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', repeat('x', 10000); RETURN NEW; END$$")
	execute(t, tr.direct, "CREATE TRIGGER talks BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION talk()")
	db, err := sqlsink.New(tr.direct, pgxwire.Pipeline()) // the proxy would take everything in
	if err != nil {
		t.Fatal(err)
	}
	tr.rows = table[cell[string]](t, db, "c", sqlsink.SoftDelete("gone", ""))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var changes []change
	for i := range 2000 {
		changes = append(changes, change{i, "REMOVE", fmt.Sprint("gone-", i), ""}, change{i, "MODIFY", fmt.Sprint("row-", i), strings.Repeat("y", 10_000)})
	}
	if err := tr.deliver(ctx, changes...); err != nil {
		t.Error(err)
	}
}
