package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// trip is a table in PostgreSQL that is written through a proxy, over one connection.
type trip struct {
	engine servers.Engine
	proxy  *wire.Proxy
	direct *sqlx.DB
	pool   *sqlx.DB
	db     *sqlsink.DB
	rows   sink.Target[cell[string]]
}

func newTrip(t *testing.T, option sqlsink.TableOption) *trip {
	t.Helper()
	e := servers.For(t, "postgres")
	tr := &trip{engine: e, proxy: wire.New(t, e.Addr), direct: e.Open(t)}
	tr.pool = openQuiet(t, e.Via(t, tr.proxy.Addr()), "pgx")
	tr.pool.SetMaxOpenConns(1)
	tr.db = newDB(t, tr.pool)
	execute(t, tr.direct, "CREATE TABLE c (id TEXT PRIMARY KEY, v VARCHAR(20), stream_sequence CHAR(40), gone TIMESTAMPTZ)")
	createHistory(t, tr.direct, sqlsink.PostgreSQL, "id TEXT, v TEXT")
	if option == nil {
		tr.rows = history[cell[string]](t, tr.db)
	} else {
		tr.rows = table[cell[string]](t, tr.db, "c", option)
	}
	return tr
}

// change is one record: an INSERT or MODIFY of the row to a value, or its REMOVE.
type change struct {
	sequence    int
	name, id, v string
}

// deliver commits changes as one batch.
func (tr *trip) deliver(ctx context.Context, changes ...change) error {
	u := sink.NewUnit()
	for _, c := range changes {
		b := u.Begin(sink.Origin{Source: "arn", EventID: fmt.Sprint(c.sequence), EventName: c.name, Sequence: fmt.Sprint(c.sequence)})
		if c.name == "REMOVE" {
			tr.rows.Delete(b, cell[string]{c.id, c.v})
		} else {
			tr.rows.Upsert(b, cell[string]{c.id, c.v})
		}
		if err := b.End(nil); err != nil {
			return err
		}
	}
	return u.Commit(ctx, nil)
}

func (tr *trip) mustDeliver(t *testing.T, changes ...change) {
	t.Helper()
	if err := tr.deliver(t.Context(), changes...); err != nil {
		t.Fatal(err)
	}
}

// holds compares the live rows of the table.
func (tr *trip) holds(t *testing.T, want ...cell[string]) {
	t.Helper()
	var got []cell[string]
	if err := tr.direct.SelectContext(t.Context(), &got, "SELECT id, v FROM c WHERE gone IS NULL ORDER BY id"); err != nil || !slices.Equal(got, want) {
		t.Errorf("the table holds %.500s, want %.500s, %v", fmt.Sprint(got), fmt.Sprint(want), err)
	}
}

// changesFrom is a batch of n changes: of three rows two are new, one of them is changed again, and every tenth change is a REMOVE.
func changesFrom(from, n int) (changes []change) {
	for i := from; i < from+n; i++ {
		c := change{sequence: i, name: "INSERT", id: fmt.Sprint("row-", i), v: "new"}
		switch {
		case i%10 == 9:
			c.name, c.id = "REMOVE", fmt.Sprint("row-", i-5)
		case i%3 == 2:
			c.name, c.id, c.v = "MODIFY", fmt.Sprint("row-", i-1), "changed"
		}
		changes = append(changes, c)
	}
	return changes
}

// tripGuards are the ways to guard the table of a trip; nil is an Append target.
var tripGuards = map[string]sqlsink.TableOption{
	"tombstones": sqlsink.Tombstones(""), "soft delete": sqlsink.SoftDelete("gone", ""), "unguarded": sqlsink.Unguarded(), "append": nil,
}

func TestABatchIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	for name, option := range tripGuards {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrip(t, option)
			tr.mustDeliver(t, changesFrom(100_000, 100)...) // looks at the tables' columns
			// What the server says while the client is still talking arrives only when that has ended.
			tr.proxy.SetDelay(100*time.Millisecond, 100*time.Millisecond)
			sequence := 200_000
			for _, n := range []int{1, 100, 5000} {
				before := tr.proxy.Stats().Turns
				tr.mustDeliver(t, changesFrom(sequence, n)...)
				if turns := tr.proxy.Stats().Turns - before; turns != 1 {
					t.Errorf("a batch of %d took %d round trips", n, turns)
				}
				sequence += n
			}
		})
	}
}

// TestReplaysOfWhatWasCopied: the rows are there already, so COPY fails, and the batch goes without.
func TestReplaysOfWhatWasCopied(t *testing.T) {
	t.Parallel()
	for name, option := range tripGuards {
		if name == "unguarded" {
			continue // a replay goes through older states
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrip(t, option)
			all := changesFrom(1, 600)
			tr.mustDeliver(t, all[:300]...)
			tr.mustDeliver(t, all...)
			want := tr.state(t)
			for _, part := range [][]change{all, all[299:], all[10:350], all[100:101], all} {
				tr.mustDeliver(t, part...)
				if got := tr.state(t); got != want {
					t.Fatalf("after a replay of %d changes from %d on the tables differ", len(part), part[0].sequence)
				}
			}
		})
	}
}

// state is a digest of both tables.
func (tr *trip) state(t *testing.T) (digest string) {
	t.Helper()
	const query = "SELECT concat((SELECT md5(string_agg(concat_ws(',', id, v, gone IS NULL, stream_sequence), ';' ORDER BY id)) FROM c), (SELECT COUNT(*) FROM history))"
	if err := tr.direct.GetContext(t.Context(), &digest, query); err != nil {
		t.Fatal(err)
	}
	return digest
}

// backend is the process that serves the pool's connection.
func (tr *trip) backend(t *testing.T) (pid int) {
	t.Helper()
	if err := tr.pool.GetContext(t.Context(), &pid, "SELECT pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
	return pid
}

// TestStatementsThatTheServerForgot: what a connection has prepared may be gone.
func TestStatementsThatTheServerForgot(t *testing.T) {
	t.Parallel()
	tr := newTrip(t, sqlsink.SoftDelete("gone", ""))
	tr.mustDeliver(t, change{1, "INSERT", "a", "1"})
	execute(t, tr.pool, "DEALLOCATE ALL")
	tr.mustDeliver(t, change{2, "MODIFY", "a", "2"})
	execute(t, tr.pool, "DISCARD ALL")
	execute(t, tr.pool, "SET search_path = "+tr.schema(t))
	tr.mustDeliver(t, change{3, "MODIFY", "a", "3"})
	tr.holds(t, cell[string]{"a", "3"})
}

func TestTablesThatChange(t *testing.T) {
	t.Parallel()
	tr := newTrip(t, sqlsink.SoftDelete("gone", ""))
	tr.mustDeliver(t, change{1, "INSERT", "a", "1"})
	execute(t, tr.direct, "ALTER TABLE c ADD COLUMN another INT DEFAULT 7")
	tr.mustDeliver(t, change{4, "MODIFY", "a", "4"})
	tr.holds(t, cell[string]{"a", "4"})
	execute(t, tr.direct, "ALTER TABLE c ALTER COLUMN v TYPE INT USING v::int")
	if err := tr.deliver(t.Context(), change{5, "MODIFY", "a", "5"}); err == nil {
		t.Error("a text went into a column of numbers") // the next try knows
	} else if sink.IsPermanent(err) || sink.IsUncertain(err) {
		t.Errorf("a changed column: %v", err)
	}
	tr.mustDeliver(t, change{5, "MODIFY", "a", "5"})
	var got int
	if err := tr.pool.GetContext(t.Context(), &got, "SELECT v FROM c"); err != nil || got != 5 {
		t.Errorf("the table holds %d, %v", got, err)
	}
}

// TestCopyIntoAChangedTable: COPY would store the bytes of a number as those of another type.
func TestCopyIntoAChangedTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to string }{{"BIGINT", "NUMERIC(12, 2)"}, {"BIGINT", "DOUBLE PRECISION"}, {"INTEGER", "BIGINT"}, {"INTEGER", "REAL"}} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			t.Parallel()
			pool := servers.For(t, "postgres").Open(t)
			pool.SetMaxOpenConns(1) // which has prepared what its users take the columns for
			execute(t, pool, "CREATE TABLE numbers (id TEXT PRIMARY KEY, v "+c.from+", stream_sequence CHAR(40))")
			before, after := table[cell[int]](t, newDB(t, pool), "numbers"), table[cell[int]](t, newDB(t, pool), "numbers")
			insert := func(numbers *sqlsink.Table[cell[int]], from int) {
				u := sink.NewUnit()
				for n := from; n < from+50; n++ {
					b := u.Begin(sink.Origin{Source: "arn", EventID: "event", EventName: "INSERT", Sequence: sequenceOf(n)})
					numbers.Upsert(b, cell[int]{fmt.Sprint(n), n})
					b.End(nil)
				}
				if err := u.Commit(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			insert(before, 0)
			execute(t, pool, "ALTER TABLE numbers ALTER COLUMN v TYPE "+c.to)
			insert(after, 50) // knows nothing else
			insert(before, 100)
			insert(before, 150)
			var right int
			if err := pool.GetContext(t.Context(), &right, "SELECT count(*) FROM numbers WHERE v = CAST(id AS INT)"); err != nil || right != 200 {
				t.Errorf("%d of 200 rows are right, %v", right, err)
			}
		})
	}
}

// TestCopyWithoutAUniqueIndex: COPY asks for none, and would store a redelivery twice.
func TestCopyWithoutAUniqueIndex(t *testing.T) {
	t.Parallel()
	tr := newTrip(t, sqlsink.SoftDelete("gone", ""))
	execute(t, tr.direct, "ALTER TABLE c DROP CONSTRAINT c_pkey")
	if err := tr.deliver(t.Context(), changesFrom(1, 200)...); err == nil {
		t.Error("rows went into a table whose key is not unique")
	}
}

func (tr *trip) schema(t *testing.T) (name string) {
	t.Helper()
	if err := tr.direct.GetContext(t.Context(), &name, "SELECT current_schema()"); err != nil {
		t.Fatal(err)
	}
	return name
}
