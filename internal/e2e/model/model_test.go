package model

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
	"github.com/jmoiron/sqlx"
)

var (
	seed      = flag.Uint64("seed", 0, "run the one history of this seed")
	histories = flag.Int("histories", 25, "histories per engine")
	budget    = flag.Duration("budget", 0, "run histories of new seeds for this long, per engine, instead of a number of them")
	length    = flag.Int("records", 40, "records of a history")
	calm      = flag.Bool("calm", false, "leave the wire and the servers alone")
)

func TestMain(m *testing.M) {
	onetrip.WorthSending = 1 // each statement goes off by itself, for the faults to come between them
	servers.Main(m)
}

// TestModel is the proof: after any schedule of deliveries and faults the tables equal the history.
func TestModel(t *testing.T) {
	worlds := map[string]func(t *testing.T) *world{"mongodb": newMongoWorld}
	for _, name := range servers.Names() {
		worlds[name] = func(t *testing.T) *world { return newSQLWorld(t, name) }
	}
	for name, newWorld := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for i, s := range w.seeds() {
				if t.Failed() || w.over(i) {
					break
				}
				w.history(t, s)
			}
			t.Logf("%s: %v, mismatches %d", name, w.stats.Counts(), w.mismatches)
			fmt.Printf("model %s: %v, mismatches %d\n", name, w.stats.Counts(), w.mismatches)
		})
	}
}

// world is one engine with what the function keeps in it.
type world struct {
	name       string
	store      Store
	faults     Faults
	stats      *Stats
	started    time.Time
	mismatches int
}

func newWorld(name string, s Store) *world {
	return &world{name: name, store: s, faults: noFaults{}, stats: &Stats{}, started: time.Now()}
}

// faulty has faults hit a server behind a proxy.
func (w *world) faulty(t *testing.T, proxy *wire.Proxy, server killable, requests ...string) {
	kills := 3
	if *budget > 0 {
		kills = 1 << 20 // a soak has the time
	}
	w.faults = &wireFaults{proxy: proxy, server: server, requests: requests, kills: kills, stats: w.stats, failed: func(err error) { t.Error(err) }}
}

func newSQLWorld(t *testing.T, name string) *world {
	e := servers.Own(t, name)
	s := &sqlStore{direct: e.Open(t)}
	w := newWorld(name, s)
	through := e
	if e.Server != nil && !*calm {
		s.direct.SetMaxIdleConns(0) // a killed server leaves idle connections dead
		proxy := wire.New(t, e.Addr)
		through = e.Via(t, proxy.Addr())
		w.faulty(t, proxy, e.Server, "commit")
	}
	s.ways = waysTo(t, through)
	if err := createTables(t.Context(), s.direct); err != nil {
		t.Fatal(err)
	}
	return w
}

// waysTo are the drivers, and the ways of a batch through them, that the function takes by turns.
func waysTo(t *testing.T, e servers.Engine) []Way {
	pool := func(e servers.Engine, driver string) *sqlx.DB {
		p := e.OpenWith(t, driver)
		p.SetMaxOpenConns(4)
		return p
	}
	first := pool(e, e.Driver)
	switch e.Name {
	case "postgres":
		return []Way{
			{first, []sqlsink.Option{pgxwire.Pipeline(pgxwire.CopyFrom(1))}},
			{first, []sqlsink.Option{pgxwire.Pipeline(pgxwire.CopyFrom(0))}},
			{first, nil},
			{pool(e, "postgres"), nil},
		}
	case "mariadb", "mysql":
		single := e
		single.DSN = strings.Replace(e.DSN, "multiStatements=true", "multiStatements=false", 1)
		return []Way{{first, nil}, {pool(single, e.Driver), nil}}
	}
	return []Way{{first, nil}}
}

// seeds yields the numbers to make histories of.
func (w *world) seeds() func(yield func(int, uint64) bool) {
	return func(yield func(int, uint64) bool) {
		first := uint64(1)
		switch {
		case *seed != 0:
			yield(0, *seed)
			return
		case *budget > 0:
			first = rand.Uint64N(1 << 40)
		}
		for i := 0; yield(i, first+uint64(i)); i++ {
		}
	}
}

func (w *world) over(i int) bool {
	if *budget > 0 {
		return time.Since(w.started) > *budget
	}
	return i >= *histories
}

// history runs the history of one seed and compares the tables with it.
func (w *world) history(t *testing.T, seed uint64) {
	t.Helper()
	again := fmt.Sprintf("run it again: go test -C internal/e2e ./model -run 'TestModel/%s$' -seed=%d -records=%d", w.name, seed, *length)
	rng := rand.New(rand.NewPCG(seed, 0))
	if err := w.store.Empty(t.Context()); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	h := NewHistory(rng, *length)
	h.limit(w.store.Scope(rng))
	f, err := NewFunction(w.store, h.scope, handler.OnFailure(handler.Halt(rng.IntN(2))), handler.WithLogger(quiet))
	if err != nil {
		t.Fatal(err)
	}
	w.stats.add(func(c *Counts) { c.Histories++ })
	s := &Schedule{History: h, Function: f, Rand: rng, Faults: w.faults, Stats: w.stats}
	redrive := func(ctx context.Context) error { return redriveLetters(ctx, w.store, f.entry(rng)) }
	for _, deliver := range []func(context.Context) error{s.Run, redrive, s.ReplayAll} {
		if err := deliver(t.Context()); err != nil {
			t.Errorf("seed %d: %v; %s", seed, err, again)
			return
		}
		got, err := w.store.Read(t.Context(), h)
		if err != nil {
			t.Fatalf("seed %d: %v; %s", seed, err, again)
		}
		if d := w.store.Keeps(h.Want).differences(got); d != "" {
			w.mismatches++
			t.Errorf("seed %d: the tables are not what the history says; %s\n%s", seed, again, d)
			return
		}
	}
}
