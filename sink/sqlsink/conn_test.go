package sqlsink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

func TestPool(t *testing.T) {
	t.Parallel()
	h := &host{}
	pool := sqlx.NewDb(sql.OpenDB(h), "host")
	defer pool.Close()
	if Pool(pool) != pool || pool.Stats().MaxOpenConnections != 2 {
		t.Error("the pool is not the one that was given, or not of two")
	}
	db, err := New(pool, WithDialect(MySQL))
	if err != nil {
		t.Fatal(err)
	}
	both(t, db)
	if idle := pool.Stats().Idle; idle != 2 {
		t.Errorf("it keeps %d connections", idle)
	}
}

func TestRestedConnectionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts  []Option
		rest  time.Duration
		pings int
	}{
		"at once":                {nil, 0, 0},
		"within a second":        {nil, time.Second - 1, 0},
		"after a second":         {nil, time.Second, 1},
		"after a night":          {nil, 9 * time.Hour, 1},
		"always":                 {[]Option{CheckIdle(0)}, 0, 1},
		"after a minute, sooner": {[]Option{CheckIdle(time.Minute)}, 59 * time.Second, 0},
		"after a minute":         {[]Option{CheckIdle(time.Minute)}, time.Minute, 1},
		"never":                  {[]Option{CheckIdle(-1)}, 9 * time.Hour, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := &host{}
			db := h.open(t, MySQL, c.opts...)
			run(t, db)
			pass(c.rest)
			run(t, db)
			if got := h.pings(); !slices.Equal(got, []int{c.pings}) {
				t.Errorf("%s: pings %v", name, got)
			}
		})
	}
}

// TestTimeOfABatchIsNoRest: a connection in use is not idle, however long the batch takes.
func TestTimeOfABatchIsNoRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &host{}
		db := h.open(t, PostgreSQL)
		for range 2 {
			err := stage(t, func(b *sink.Batch) {
				db.AtLeastOnce(b, func(context.Context, *sqlx.Tx) error { pass(time.Minute); return nil })
			})
			if err != nil {
				t.Error(err)
			}
		}
		if got := h.pings(); !slices.Equal(got, []int{0}) {
			t.Errorf("pings %v", got)
		}
	})
}

func TestClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	h := &host{}
	db := h.open(t, PostgreSQL)
	run(t, db)
	for id := range db.store.used {
		db.store.used[id] = time.Now().Add(time.Hour)
	}
	run(t, db)
	if got := h.pings(); !slices.Equal(got, []int{1}) {
		t.Errorf("pings %v", got)
	}
}

// TestConnectionOfAnotherUse: what the program itself did with the pool may be long ago.
func TestConnectionOfAnotherUse(t *testing.T) {
	t.Parallel()
	h := &host{}
	db := h.open(t, PostgreSQL)
	if err := db.Preflight(t.Context()); err != nil {
		t.Fatal(err)
	}
	run(t, db)
	if got := h.pings(); !slices.Equal(got, []int{2}) { // the first is Preflight's own
		t.Errorf("pings %v", got)
	}
}

// TestDeadConnectionsAreReplaced: the batch runs once, on a new connection, soon enough.
func TestDeadConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		health  health
		timeout time.Duration // of the invocation
		most    time.Duration
	}{
		"cut":                 {cut, time.Minute, 0},
		"silent":              {silent, time.Minute, time.Second},
		"silent, little time": {silent, 2 * time.Second, 200 * time.Millisecond},
		"deaf driver":         {deaf, time.Minute, 2 * time.Second},
		"deaf, little time":   {deaf, 2 * time.Second, 400 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := &host{}
			db := h.open(t, PostgreSQL)
			both(t, db)
			for _, conn := range h.conns {
				conn.health = c.health
			}
			pass(time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
			defer cancel()
			begun := time.Now()
			h.statements()
			err := db.store.InTx(ctx, func(context.Context, *tx) error { return nil })
			if took := time.Since(begun); err != nil || took > c.most || len(h.conns) != 3 {
				t.Errorf("%s: error %v after %v, %d connections", name, err, took, len(h.conns))
			}
			if log := h.statements(); strings.Count(log, "BEGIN") != 1 {
				t.Errorf("%s: executed\n%s", name, log)
			}
		})
	}
}

// both opens the two connections of the pool.
func both(t *testing.T, db *DB) {
	t.Helper()
	for range 2 {
		conn, err := db.store.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer db.store.release(conn, nil) // when it has both
	}
}

func TestCheckEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &host{}
		db := h.open(t, MySQL)
		run(t, db)
		h.conns[0].health = silent
		pass(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := db.store.InTx(ctx, func(context.Context, *tx) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// TestNoRecordIsToBlame for what fails before the first of them is written, so none is looked for or set aside.
func TestNoRecordIsToBlame(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"CONNECT", "BEGIN", "pg_settings", "SET LOCAL"} {
		for _, refusal := range []error{pgError("28P01"), pgError("3D000"), pgError("22023"), errPlain} {
			h := &host{fake: fake{rows: map[string][][]driver.Value{"pg_settings": postgresDefaults}, fail: map[string]error{moment: refusal}}}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := h.open(t, PostgreSQL).store.InTx(ctx, func(context.Context, *tx) error { return nil })
			if !errors.Is(err, refusal) || !sink.IsTransient(err) || sink.IsPermanent(err) {
				t.Errorf("%s: error %v", moment, err)
			}
		}
	}
}

func TestWriterThatHasBecomeAReader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect Dialect
		err     error
		conns   int
	}{
		{PostgreSQL, pgError("25006"), 2},
		{PostgreSQL, pgError("40001"), 1},
		{MySQL, &MySQLError{Number: 1290}, 2},
		{MySQL, &MySQLError{Number: 1213}, 1},
	} {
		h := &host{}
		db := h.open(t, c.dialect)
		err := stage(t, func(b *sink.Batch) {
			db.AtLeastOnce(b, func(context.Context, *sqlx.Tx) error { return c.err })
		})
		if !errors.Is(err, c.err) {
			t.Errorf("error %v", err)
		}
		if run(t, db); len(h.conns) != c.conns {
			t.Errorf("%v: %d connections, want %d", c.err, len(h.conns), c.conns)
		}
	}
}

// TestIdentities are forgotten rather than kept for ever.
func TestIdentities(t *testing.T) {
	t.Parallel()
	h := &host{}
	db := h.open(t, PostgreSQL)
	db.store.used = map[uintptr]time.Time{}
	for i := range uintptr(1000) {
		db.store.used[i] = time.Time{}
	}
	if run(t, db); len(db.store.used) != 1 {
		t.Errorf("%d connections are remembered", len(db.store.used))
	}
	if a, b := identity(new(hostConn)), identity(fakeConn{}); a == 0 || b != 0 {
		t.Errorf("identities %v and %v", a, b)
	}
}
