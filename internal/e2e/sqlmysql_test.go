package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
)

// mysqlEngines speak MySQL's protocol.
var mysqlEngines = []string{"mariadb", "mysql"}

// eachMySQL runs fn in parallel subtests.
func eachMySQL(t *testing.T, fn func(t *testing.T, engine string)) {
	t.Helper()
	for _, engine := range mysqlEngines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			fn(t, engine)
		})
	}
}

// newTextTrip is a trip whose table is in MySQL or MariaDB. option nil is an Append target.
func newTextTrip(t *testing.T, engine string, option sqlsink.TableOption, parameters ...string) *trip {
	t.Helper()
	e := servers.For(t, engine)
	tr := &trip{engine: e, proxy: wire.New(t, e.Addr), direct: e.Open(t)}
	e = e.Via(t, tr.proxy.Addr())
	for _, p := range parameters {
		e.DSN = withParameters(e.DSN, p)
	}
	tr.pool = e.Open(t)
	tr.pool.SetMaxOpenConns(1)
	tr.db = newDB(t, tr.pool)
	execute(t, tr.direct, "CREATE TABLE c (id "+keyType(sqlsink.MySQL)+" PRIMARY KEY, v VARCHAR(20), stream_sequence CHAR(40), gone DATETIME(6))")
	createHistory(t, tr.direct, sqlsink.MySQL, "id "+keyType(sqlsink.MySQL)+", v VARCHAR(20)")
	if option == nil {
		tr.rows = history[cell[string]](t, tr.db)
	} else {
		tr.rows = table[cell[string]](t, tr.db, "c", option)
	}
	return tr
}

// content is all rows of both tables.
func (tr *trip) content(t *testing.T) (rows string) {
	t.Helper()
	var all []string
	err := tr.direct.SelectContext(t.Context(), &all, "SELECT CONCAT_WS(',', id, v, gone IS NULL, stream_sequence) AS r FROM c UNION ALL "+
		"SELECT CONCAT_WS(',', id, v, sequence) FROM history ORDER BY r")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// session is the pool's connection on the server.
func (tr *trip) session(t *testing.T) int {
	t.Helper()
	return sessionOf(t, tr.pool)
}

func TestATextIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		for name, option := range tripGuards {
			tr := newTextTrip(t, engine, option)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // so that it has time-outs to set
			defer cancel()
			sequence := 100_000
			for i, n := range []int{100, 1, 100, 6000} { // the first looks at what the server can do
				before := tr.proxy.Stats().Turns
				if err := tr.deliver(ctx, changesFrom(sequence, n)...); err != nil {
					t.Fatal(err)
				}
				if turns := tr.proxy.Stats().Turns - before; i > 0 && turns != 1 {
					t.Errorf("%s: a batch of %d took %d round trips", name, n, turns)
				}
				sequence += n
			}
			var timeout int
			if err := tr.pool.GetContext(ctx, &timeout, "SELECT @@SESSION.wait_timeout - @@GLOBAL.wait_timeout"); err != nil || timeout != 0 {
				t.Errorf("%s: the session has kept a time-out, %v", name, err)
			}
		}
	})
}

// TestTextsAndOpenTransactions leave the same rows, whatever is delivered again.
func TestTextsAndOpenTransactions(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		for name, option := range tripGuards {
			text, open := newTextTrip(t, engine, option), newTextTrip(t, engine, option, "multiStatements=false")
			all := changesFrom(1, 300)
			for _, part := range [][]change{all[:100], all, all[50:150], all[:20], all[250:], all} {
				text.mustDeliver(t, part...)
				open.mustDeliver(t, part...)
				if got, want := text.content(t), open.content(t); got != want || want == "" {
					t.Fatalf("%s: by texts\n%.2000s\nby open transactions\n%.2000s", name, got, want)
				}
			}
		}
	})
}

// TestConformanceWithoutTexts runs the suite on connections that take one statement at a time.
func TestConformanceWithoutTexts(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		for _, g := range guardCases {
			t.Run(g.name, func(t *testing.T) {
				t.Parallel()
				sinktest.Run(t, sinktest.Config[itemRow]{
					Features: sinktest.Features{Transactional: true, Guarded: g.guarded},
					New: func(t *testing.T) sinktest.Subject[itemRow] {
						e := servers.For(t, engine)
						e.DSN = withParameters(e.DSN, "multiStatements=false")
						return itemsIn(t, e.Open(t), g)
					},
				})
			})
		}
	})
}

// TestAnErrorInATextLeavesNothingBehind: no row, no open transaction, and a connection that is used again.
func TestAnErrorInATextLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		for name, option := range tripGuards {
			tr := newTextTrip(t, engine, option)
			tr.mustDeliver(t, changesFrom(1, 50)...)
			id, before := tr.session(t), tr.content(t)
			batch := append(changesFrom(100, 100), change{300, "INSERT", "long", strings.Repeat("x", 21)})
			err := tr.deliver(t.Context(), append(batch, changesFrom(400, 50)...)...)
			if !sink.IsPermanent(err) || !strings.Contains(err.Error(), "upsert into ") {
				t.Errorf("%s: got %v", name, err)
			}
			if left := transactionOf(t, tr.direct, id); left != "" {
				t.Errorf("%s: a transaction is open: %s", name, left)
			}
			if tr.content(t) != before || tr.session(t) != id {
				t.Errorf("%s: something was written, or the connection replaced", name)
			}
			tr.mustDeliver(t, changesFrom(100, 100)...)
		}
	})
}

// TestACutTextIsUncertain: it went with its COMMIT, so nobody can tell; what is delivered again mends it.
func TestACutTextIsUncertain(t *testing.T) {
	t.Parallel()
	commit := wire.Text(";\ncommit")
	eachMySQL(t, func(t *testing.T, engine string) {
		for name, fault := range map[string]wire.Fault{
			"before": wire.Before(commit), "during": wire.During(commit), "after": wire.After(commit), "late": wire.Late(commit),
			"reset": wire.After(commit).WithReset(),
		} {
			for guard, option := range tripGuards {
				tr := newTextTrip(t, engine, option)
				tr.mustDeliver(t, changesFrom(1, 40)...)
				shot := tr.proxy.CutNext(fault)
				batch := changesFrom(41, 60)
				if err := tr.deliver(t.Context(), batch...); !sink.IsUncertain(err) {
					t.Errorf("%s, %s: got %v", name, guard, err)
				}
				tr.mustDeliver(t, batch...)
				after := tr.content(t)
				shot.Await(t)
				if guard != "unguarded" && tr.content(t) != after {
					t.Errorf("%s, %s: what arrived late changed the tables", name, guard)
				}
			}
		}
	})
}

// TestATextThatIsTooLong for the driver goes statement by statement.
func TestATextThatIsTooLong(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		tr := newTextTrip(t, engine, sqlsink.SoftDelete("gone", ""), "maxAllowedPacket=200000")
		tr.mustDeliver(t, changesFrom(1, 100)...)
		before := tr.proxy.Stats().Turns
		tr.mustDeliver(t, changesFrom(1000, 5000)...)
		if turns := tr.proxy.Stats().Turns - before; turns < 4 {
			t.Errorf("it took %d round trips", turns)
		}
		tr.mustDeliver(t, change{9000, "INSERT", "last", "v"})
	})
}
