package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// held is a batch whose text is in the middle of its transaction: it waits for a row that the test holds.
type held struct {
	done chan error
}

// hold has the row locked, and delivers a batch that comes to it last.
func hold(t *testing.T, tr *trip, row *sqlx.Tx, changes ...change) held {
	t.Helper()
	if _, err := row.ExecContext(t.Context(), "UPDATE c SET v = v WHERE id = 'zz'"); err != nil {
		t.Fatal(err)
	}
	last := changes[len(changes)-1].sequence + 1
	return start(t, tr, append(changes, change{last, "MODIFY", "zz", "z"})...)
}

// start delivers a batch and returns when it waits for a lock, or has ended.
func start(t *testing.T, tr *trip, changes ...change) held {
	t.Helper()
	id, h := tr.session(t), held{make(chan error, 1)}
	go func() { h.done <- tr.deliver(t.Context(), changes...) }()
	for !tr.waits(t, id) && !h.ended() {
	}
	return h
}

// waits reports whether the session's transaction waits for a lock.
func (tr *trip) waits(t *testing.T, session int) bool {
	t.Helper()
	return strings.Contains(transactionOf(t, tr.direct, session), "\nLOCK WAIT ")
}

// transactionOf is what InnoDB tells about the session's transaction, "" if none is open. The view innodb_trx is no help: it
// is a copy that stays as it is while somebody asks for it ten times a second.
func transactionOf(t *testing.T, pool *sqlx.DB, session int) string {
	t.Helper()
	var kind, name, status string
	if err := pool.QueryRowContext(t.Context(), "SHOW ENGINE INNODB STATUS").Scan(&kind, &name, &status); err != nil {
		t.Fatal(err)
	}
	for _, transaction := range strings.Split(status, "\n---TRANSACTION")[1:] {
		if strings.Contains(transaction, fmt.Sprintf(" thread id %d,", session)) && !strings.Contains(transaction, ", not started") {
			return transaction
		}
	}
	return ""
}

// sessionOf is the connection's number on the server.
func sessionOf(t *testing.T, q sqlx.QueryerContext) (id int) {
	t.Helper()
	if err := sqlx.GetContext(t.Context(), q, &id, "SELECT CONNECTION_ID()"); err != nil {
		t.Fatal(err)
	}
	return id
}

// ended returns at once whether the delivery has ended.
func (h held) ended() bool { return len(h.done) > 0 }

// TestTextsTakeTurnsWhereOneDeletes, in the same order and in the same way as open transactions do: an old upsert and a
// newer delete of a row that is not there would not meet otherwise.
func TestTextsTakeTurnsWhereOneDeletes(t *testing.T) {
	t.Parallel()
	remove, upsert := change{90, "REMOVE", "k", ""}, change{50, "INSERT", "k", "old"}
	eachMySQL(t, func(t *testing.T, engine string) {
		for name, c := range map[string]struct {
			first, second change
			meet          bool
		}{
			"delete, upsert": {remove, upsert, true},
			"upsert, delete": {upsert, remove, true},
			"upsert, upsert": {upsert, change{50, "INSERT", "other", "old"}, false},
		} {
			for _, again := range []bool{false, true} { // then the rows that are locked are there
				first := newTextTrip(t, engine, sqlsink.Tombstones(""))
				second := first.beside(t)
				first.mustDeliver(t, change{1, "INSERT", "zz", "a"})
				if again {
					first.mustDeliver(t, change{2, "INSERT", "k", "a"}, change{3, "REMOVE", "k", "a"}, change{2, "INSERT", "other", "a"})
				}
				row, err := first.direct.BeginTxx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer row.Rollback()
				one := hold(t, first, row, c.first)
				two := start(t, second, c.second)
				if one.ended() || two.ended() == c.meet {
					t.Errorf("%s, again %v: ended: %v, %v", name, again, one.ended(), two.ended())
				}
				if err := row.Rollback(); err != nil {
					t.Fatal(err)
				}
				for _, h := range []held{one, two} {
					if err := <-h.done; err != nil {
						t.Errorf("%s, again %v: %v", name, again, err)
					}
				}
				if n := countOf(t, first.direct, "SELECT COUNT(*) FROM c WHERE id = 'k'"); c.meet && n != 0 {
					t.Errorf("%s, again %v: the deleted row is there", name, again)
				}
			}
		}
	})
}

// beside is another connection to the same tables.
func (tr *trip) beside(t *testing.T) *trip {
	t.Helper()
	other := *tr
	other.pool = tr.engine.Open(t)
	other.pool.SetMaxOpenConns(1)
	other.db = newDB(t, other.pool)
	other.rows = table[cell[string]](t, other.db, "c", sqlsink.Tombstones(""))
	return &other
}

// TestATextThatWaitsIsGivenUp: the end of the context, of the session and of the statement come while it waits for a row.
// What the server has told for sure is no open question.
func TestATextThatWaitsIsGivenUp(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		for name, c := range map[string]struct {
			giveUp func(tr *trip, session int, cancel func())
			want   func(error) bool
			same   bool // the connection is used again
		}{
			"the context ends": {func(_ *trip, _ int, cancel func()) { cancel() }, sink.IsUncertain, false},
			"the session ends": {func(tr *trip, id int, _ func()) { execute(t, tr.direct, fmt.Sprint("KILL ", id)) }, sink.IsUncertain, false},
			"the query ends":   {func(tr *trip, id int, _ func()) { execute(t, tr.direct, fmt.Sprint("KILL QUERY ", id)) }, sink.IsTransient, true},
		} {
			tr := newTextTrip(t, engine, sqlsink.SoftDelete("gone", ""))
			tr.mustDeliver(t, change{1, "INSERT", "zz", "1"})
			row, err := tr.direct.BeginTxx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer row.Rollback()
			id := tr.session(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if _, err := row.ExecContext(ctx, "UPDATE c SET v = 'b'"); err != nil {
				t.Fatal(err)
			}
			h := held{make(chan error, 1)}
			go func() { h.done <- tr.deliver(ctx, change{2, "MODIFY", "a", "2"}, change{3, "MODIFY", "zz", "2"}) }()
			for !tr.waits(t, id) {
				if h.ended() {
					t.Fatalf("%s: it does not wait: %v", name, <-h.done)
				}
			}
			c.giveUp(tr, id, cancel)
			if err := <-h.done; !c.want(err) {
				t.Errorf("%s: got %v", name, err)
			}
			if err := row.Rollback(); err != nil {
				t.Fatal(err)
			}
			if same := tr.session(t) == id; same != c.same {
				t.Errorf("%s: the connection is used again: %v", name, same)
			}
			tr.mustDeliver(t, change{2, "MODIFY", "a", "2"}, change{3, "MODIFY", "zz", "3"})
			tr.holds(t, cell[string]{"a", "2"}, cell[string]{"zz", "3"})
		}
	})
}
