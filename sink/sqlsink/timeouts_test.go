package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dynasink/dynasink/sink"
)

// session answers the question for a session's own time-outs.
func session(values ...string) [][]driver.Value {
	var rows [][]driver.Value
	for _, v := range values {
		name, value, _ := strings.Cut(v, "=")
		rows = append(rows, []driver.Value{name, value})
	}
	return rows
}

var (
	postgresDefaults = session("statement_timeout=0", "lock_timeout=0", "idle_in_transaction_session_timeout=0")
	mysqlDefaults    = session("wait_timeout=28800", "innodb_lock_wait_timeout=50")
	mariadbDefaults  = session("wait_timeout=28800", "innodb_lock_wait_timeout=50", "max_statement_time=0.000000")
)

// limited runs a batch that has that much time, and returns what was executed.
func limited(t *testing.T, left time.Duration, d Dialect, own [][]driver.Value, opts ...Option) (log []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{rows: map[string][][]driver.Value{"isolation": {{"transaction_isolation", "READ-COMMITTED"}}}, query: func(string) [][]driver.Value { return own }}
		db := f.open(t, d, opts...)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if left != 0 {
			ctx, cancel = context.WithTimeout(ctx, left)
			defer cancel()
		}
		if err := db.store.InTx(ctx, func(context.Context, *tx) error { return nil }); err != nil {
			t.Error(err)
		}
		log = strings.Split(f.statements(), "\n")
	})
	return slices.DeleteFunc(log, func(text string) bool { return strings.HasPrefix(text, "BEGIN") || strings.Contains(text, "isolation") })
}

const (
	askPostgres = "SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')"
	askMySQL    = "SHOW SESSION VARIABLES WHERE Variable_name IN ('wait_timeout', 'innodb_lock_wait_timeout', 'max_statement_time')"
	askSQLite   = "SELECT 'busy_timeout', timeout FROM pragma_busy_timeout"
)

func TestTimeoutsFollowFromTheDeadline(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		left time.Duration
		d    Dialect
		own  [][]driver.Value
		want []string
	}{
		"PostgreSQL": {28 * time.Second, PostgreSQL, postgresDefaults, []string{
			askPostgres, "SET LOCAL statement_timeout = 28672; SET LOCAL lock_timeout = 14336; SET LOCAL idle_in_transaction_session_timeout = 28672", "COMMIT",
		}},
		"PostgreSQL, stricter": {28 * time.Second, PostgreSQL,
			session("statement_timeout=5000", "lock_timeout=15000", "idle_in_transaction_session_timeout=28672"), []string{
				askPostgres, "SET LOCAL lock_timeout = 14336", "COMMIT",
			}},
		"PostgreSQL, no time": {time.Nanosecond, PostgreSQL, postgresDefaults, []string{
			askPostgres, "SET LOCAL statement_timeout = 1; SET LOCAL lock_timeout = 1; SET LOCAL idle_in_transaction_session_timeout = 1", "COMMIT",
		}},
		"MySQL": {28 * time.Second, MySQL, mysqlDefaults, []string{
			askMySQL, "SET SESSION wait_timeout = 28, innodb_lock_wait_timeout = 14", "COMMIT",
			"SET SESSION wait_timeout = 28800, innodb_lock_wait_timeout = 50",
		}},
		"MariaDB": {1500 * time.Millisecond, MySQL, mariadbDefaults, []string{
			askMySQL, "SET SESSION wait_timeout = 2, innodb_lock_wait_timeout = 1, max_statement_time = 2", "COMMIT",
			"SET SESSION wait_timeout = 28800, innodb_lock_wait_timeout = 50, max_statement_time = 0",
		}},
		"MySQL, stricter":  {time.Minute, MySQL, session("wait_timeout=10", "innodb_lock_wait_timeout=5"), []string{askMySQL, "COMMIT"}},
		"SQLite":           {2 * time.Second, SQLite, session("busy_timeout=5000"), []string{askSQLite, "PRAGMA busy_timeout = 1024", "COMMIT", "PRAGMA busy_timeout = 5000"}},
		"SQLite, stricter": {time.Minute, SQLite, session("busy_timeout=5000"), []string{askSQLite, "COMMIT"}},
		"SQLite, none":     {time.Minute, SQLite, session("busy_timeout=0"), []string{askSQLite, "COMMIT"}},
		"no deadline":      {0, PostgreSQL, postgresDefaults, []string{"COMMIT"}},
	} {
		if got := limited(t, c.left, c.d, c.own); !slices.Equal(got, c.want) {
			t.Errorf("%s: executed\n%s", name, strings.Join(got, "\n"))
		}
	}
}

func TestTimeoutsTurnedOff(t *testing.T) {
	t.Parallel()
	for _, o := range []Option{NoTimeouts(), NoSessionState()} {
		for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
			if got := limited(t, time.Minute, d, mysqlDefaults, o); !slices.Equal(got, []string{"COMMIT"}) {
				t.Errorf("%v: executed\n%s", d, strings.Join(got, "\n"))
			}
		}
	}
}

// TestTimeoutsAreLearnedOnce, and taken back after a failure too.
func TestTimeoutsAreLearnedOnce(t *testing.T) {
	t.Parallel()
	f := &fake{rows: map[string][][]driver.Value{"SHOW": mysqlDefaults}}
	db := f.open(t, MySQL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, want := range []error{nil, errPlain} {
		err := db.store.InTx(ctx, func(_ context.Context, tx *tx) error {
			if tx.gathered != nil {
				return errOpen
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Errorf("error %v", err)
		}
	}
	log := f.statements()
	if strings.Count(log, "SHOW") != 1 || !strings.HasSuffix(log, "ROLLBACK\nSET SESSION wait_timeout = 28800, innodb_lock_wait_timeout = 50") {
		t.Errorf("executed\n%s", log)
	}
}

func TestFailuresAroundTimeouts(t *testing.T) {
	t.Parallel()
	for part, c := range map[string]struct {
		want func(error) bool
		open int // connections, that are in a known state
	}{
		"SHOW":                            {sink.IsTransient, 0}, // the batch has not begun
		"SET SESSION wait_timeout = 6":    {sink.IsTransient, 1}, // nor written
		"SET SESSION wait_timeout = 2880": {func(err error) bool { return err == nil }, 0},
	} {
		h := &host{fake: fake{rows: map[string][][]driver.Value{"SHOW": mysqlDefaults}, fail: map[string]error{part: driver.ErrBadConn}}}
		db := h.open(t, MySQL)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := db.store.InTx(ctx, func(context.Context, *tx) error { return nil })
		if open := db.store.db.Stats().OpenConnections; !c.want(err) || open != c.open {
			t.Errorf("%s: error %v, %d connections", part, err, open)
		}
	}
}

func TestRoundUp(t *testing.T) {
	t.Parallel()
	texts := map[time.Duration]bool{}
	for n := range time.Duration(900_000) { // the milliseconds of Lambda's longest time-out
		up := roundUp(n)
		if up < n || up > n+n/8 {
			t.Fatalf("%d became %d", n, up)
		}
		texts[up] = true
	}
	if len(texts) > 150 {
		t.Errorf("%d different time-outs", len(texts))
	}
}
