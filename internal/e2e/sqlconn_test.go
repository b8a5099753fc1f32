package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
)

// wired is a table that is written through a proxy, as a Lambda function does it.
type wired struct {
	proxy  *wire.Proxy
	direct *sqlx.DB
	pool   *sqlx.DB
	cells  *sqlsink.Table[cell[int]]
	last   int
}

func newWired(t *testing.T, engine, driver string, opts ...sqlsink.Option) *wired {
	t.Helper()
	e := servers.For(t, engine)
	w := &wired{proxy: wire.New(t, e.Addr), direct: e.Open(t)}
	w.pool = sqlsink.Pool(openQuiet(t, e.Via(t, w.proxy.Addr()), driver))
	if driver == "pgx" {
		opts = append(opts, pgxwire.Pipeline())
	}
	db, err := sqlsink.New(w.pool, opts...)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, w.direct, "CREATE TABLE c (id "+keyType(db.Dialect())+" PRIMARY KEY, v INT)")
	w.cells = table[cell[int]](t, db, "c", sqlsink.Unguarded())
	return w
}

// openQuiet leaves checking idle connections to the sink.
func openQuiet(t *testing.T, e servers.Engine, driver string) *sqlx.DB {
	t.Helper()
	if driver != "pgx" {
		return e.OpenWith(t, driver)
	}
	config, err := pgx.ParseConfig(e.DSN)
	if err != nil {
		t.Fatal(err)
	}
	never := func(context.Context, stdlib.ShouldPingParams) bool { return false }
	pool := sqlx.NewDb(stdlib.OpenDB(*config, stdlib.OptionShouldPing(never)), driver)
	t.Cleanup(func() { pool.Close() })
	return pool
}

// batch writes one row, once.
func (w *wired) batch(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	w.last++
	err := sinktest.Stage(ctx, func(_ context.Context, b *sink.Batch) error {
		w.cells.Upsert(b, cell[int]{"a", w.last})
		return nil
	})
	var got int
	if err == nil {
		err = w.direct.GetContext(t.Context(), &got, "SELECT v FROM c")
	}
	if err != nil || got != w.last {
		t.Errorf("batch %d: the row says %d, error %v", w.last, got, err)
	}
}

// turns is how many round trips a batch takes.
func (w *wired) turns(t *testing.T) int {
	t.Helper()
	before := w.proxy.Stats().Turns
	w.batch(t)
	return w.proxy.Stats().Turns - before
}

// eachWire runs fn in parallel subtests for every driver with a wire.
func eachWire(t *testing.T, fn func(t *testing.T, engine, driver string)) {
	t.Helper()
	for _, d := range drivers {
		if d.engine == "sqlite" {
			continue
		}
		t.Run(d.engine+"/"+d.driver, func(t *testing.T) {
			t.Parallel()
			fn(t, d.engine, d.driver)
		})
	}
}

// TestDeadConnectionsAtThaw: while the function is frozen its connections die, and the next batch is written all the same,
// by one attempt.
func TestDeadConnectionsAtThaw(t *testing.T) {
	t.Parallel()
	next := wire.Turn(1) // what the client says first after the thaw
	for name, kill := range map[string]func(*wire.Proxy){
		"closed": func(p *wire.Proxy) { p.CutAll() },
		"reset":  func(p *wire.Proxy) { p.CutNext(wire.Before(next).WithReset()) },
		"ended":  func(p *wire.Proxy) { p.CutNext(wire.Before(next)) },
		"silent": func(p *wire.Proxy) { p.CutNext(wire.Stall(next)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachWire(t, func(t *testing.T, engine, driver string) {
				w := newWired(t, engine, driver, sqlsink.CheckIdle(0))
				w.batch(t)
				opened := w.proxy.Stats().Connections
				kill(w.proxy)
				w.batch(t)
				if stats := w.proxy.Stats(); stats.Cuts != 1 || stats.Connections == opened {
					t.Errorf("%+v: the connection was not replaced", stats)
				}
				w.batch(t)
			})
		})
	}
}

// TestDriverThatChecksForEver: pgx asks for an answer itself, within the time that the sink allows it.
func TestDriverThatChecksForEver(t *testing.T) {
	t.Parallel()
	e := servers.For(t, "postgres")
	proxy := wire.New(t, e.Addr)
	pool := e.Via(t, proxy.Addr()).Open(t)
	db, err := sqlsink.New(pool)
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	shot := proxy.CutNext(wire.Stall(wire.Turn(1)))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err = sinktest.Stage(ctx, func(_ context.Context, b *sink.Batch) error {
		db.AtLeastOnce(b, run("SELECT 1"))
		return nil
	})
	if err != nil || !shot.Hit() {
		t.Errorf("error %v", err)
	}
}

// TestUncheckedConnectionIsFoundTooLate is what the check is for. go-sql-driver leaves it to database/sql to repeat BEGIN.
func TestUncheckedConnectionIsFoundTooLate(t *testing.T) {
	t.Parallel()
	for _, driver := range []string{"pgx", "postgres"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			w := newWired(t, "postgres", driver, sqlsink.CheckIdle(-1))
			w.batch(t)
			w.proxy.CutNext(wire.Before(wire.Turn(1)).WithReset())
			err := staging(t, func(b *sink.Batch) { w.cells.Upsert(b, cell[int]{"a", 2}) })
			if err == nil || driver == "pgx" && !sink.IsUncertain(err) {
				t.Errorf("over a dead connection: %v", err)
			}
		})
	}
}

// TestBatchThatFollowsIsNotDelayed: the check costs one round trip, and none where the connection has just been used.
func TestBatchThatFollowsIsNotDelayed(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, engine, driver string) {
		turns := map[string]int{}
		for name, o := range map[string]sqlsink.Option{
			"never": sqlsink.CheckIdle(-1), "after a minute": sqlsink.CheckIdle(time.Minute), "always": sqlsink.CheckIdle(0),
		} {
			w := newWired(t, engine, driver, o)
			w.batch(t)
			w.batch(t) // by now statements are prepared, and the session's time-outs known
			turns[name] = w.turns(t)
		}
		if turns["after a minute"] != turns["never"] || turns["always"] != turns["never"]+1 || driver == "pgx" && turns["never"] != 1 {
			t.Errorf("round trips of a batch: %v", turns)
		}
	})
}
