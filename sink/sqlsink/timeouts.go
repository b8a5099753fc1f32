package sqlsink

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// NoTimeouts leaves the server's time-outs as the session has them. By default a batch whose context has a deadline, as
// Lambda's has, limits what the server does for it, so that a transaction which Lambda has given up soon ends there too and
// frees its locks:
//
//   - PostgreSQL: statement_timeout and idle_in_transaction_session_timeout, the time that is left when the transaction
//     begins, and lock_timeout, half of it, so that there is time for another try. They hold for the transaction (SET
//     LOCAL).
//     https://www.postgresql.org/docs/current/runtime-config-client.html
//   - MySQL and MariaDB: wait_timeout, innodb_lock_wait_timeout (half) and MariaDB's max_statement_time. They are variables
//     of the session and set back after the transaction. MySQL has no time-out for statements that write.
//   - SQLite: busy_timeout (half), set back likewise. Its wait for a lock does not end with the context.
//
// Times are rounded up, by an eighth or to a whole unit of the server's. A time-out that the session has already is only
// ever shortened.
//
// This takes a round trip of its own where the statements of a batch are not sent together, and another one on MySQL.
func NoTimeouts() Option {
	return option(func(s *store) { s.unlimited = true })
}

// timeout is a limit that a server has for a session.
type timeout struct {
	name  string
	unit  time.Duration // of its value
	share time.Duration // of the time left: 1 is all of it, 2 half
	zero  bool          // 0 is a limit like others, and does not stand for none
}

var timeouts = map[Dialect][]timeout{
	PostgreSQL: {
		{name: "statement_timeout", unit: time.Millisecond, share: 1},
		{name: "lock_timeout", unit: time.Millisecond, share: 2},
		{name: "idle_in_transaction_session_timeout", unit: time.Millisecond, share: 1},
	},
	MySQL: {
		{name: "wait_timeout", unit: time.Second, share: 1},
		{name: "innodb_lock_wait_timeout", unit: time.Second, share: 2},
		{name: "max_statement_time", unit: time.Second, share: 1},
	},
	SQLite: {{name: "busy_timeout", unit: time.Millisecond, share: 2, zero: true}},
}

// limits returns the statements that make the server give up what runs past ctx's deadline, to be sent together right after
// BEGIN; nil where there is nothing to limit. They have no parameters, so drivers send them as plain text and prepare
// nothing. On MySQL and SQLite they outlive the transaction, until unlimit.
func (s *store) limits(ctx context.Context) []string {
	return s.each(ctx, func(_, limit time.Duration) time.Duration { return limit })
}

// unlimit takes back what limits has set on the session, or drops the connection.
func (s *store) unlimit(ctx context.Context, conn *sqlx.Conn) {
	if s.dialect == PostgreSQL {
		return
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	for _, text := range s.ownTimeouts(ctx) {
		if _, err := conn.ExecContext(bounded, text); err != nil {
			drop(conn)
			return
		}
	}
}

// ownTimeouts returns the statements that set what limits has changed back.
func (s *store) ownTimeouts(ctx context.Context) []string {
	return s.each(ctx, func(own, _ time.Duration) time.Duration { return own })
}

// each returns the statements that set the time-outs which the session has longer than the time left allows. The longer it
// is called after limits, the more they are.
func (s *store) each(ctx context.Context, value func(own, limit time.Duration) time.Duration) (texts []string) {
	deadline, ok := ctx.Deadline()
	if !ok || s.unlimited || s.stateless {
		return nil
	}
	left, session := time.Until(deadline), s.session()
	for _, t := range timeouts[s.dialect] {
		own, known := session[t.name]
		limit := t.within(left)
		if known && (own > limit || own == 0 && !t.zero) {
			texts = append(texts, t.text(s.dialect, value(own, limit)))
		}
	}
	if s.dialect == MySQL && texts != nil { // one statement for all
		texts = []string{"SET SESSION " + strings.Join(texts, ", ")}
	}
	return texts
}

// within is the time-out when that much time is left.
func (t timeout) within(left time.Duration) time.Duration {
	return max(1, roundUp((left/t.share+t.unit-1)/t.unit)) * t.unit
}

// roundUp keeps the four leading bits, so that few texts occur: servers keep statistics by them.
func roundUp(n time.Duration) time.Duration {
	if n <= 0 {
		return 0
	}
	step := time.Duration(1) << max(0, bits.Len64(uint64(n))-4)
	return (n + step - 1) &^ (step - 1)
}

func (t timeout) text(d Dialect, value time.Duration) string {
	form := map[Dialect]string{PostgreSQL: "SET LOCAL %s = %d", MySQL: "%s = %d", SQLite: "PRAGMA %s = %d"}[d]
	return fmt.Sprintf(form, t.name, value/t.unit)
}

// session returns the time-outs that sessions begin with, nil before they are learned.
func (s *store) session() map[string]time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.learned
}

// learn reads them once, for the first batch that has a deadline: all connections of a pool begin alike.
func (s *store) learn(ctx context.Context, conn *sqlx.Conn) error {
	if _, ok := ctx.Deadline(); !ok || s.unlimited || s.stateless || s.session() != nil {
		return nil
	}
	own, err := s.sessionTimeouts(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the session's time-outs: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learned = own
	return nil
}

// sessionTimeouts asks for all time-outs of the dialect; an engine that lacks one does not return it.
func (s *store) sessionTimeouts(ctx context.Context, conn *sqlx.Conn) (map[string]time.Duration, error) {
	var names []string
	units := map[string]time.Duration{}
	for _, t := range timeouts[s.dialect] {
		names, units[t.name] = append(names, "'"+t.name+"'"), t.unit
	}
	text := map[Dialect]string{
		PostgreSQL: "SELECT name, setting FROM pg_settings WHERE name IN (" + strings.Join(names, ", ") + ")",
		MySQL:      "SHOW SESSION VARIABLES WHERE Variable_name IN (" + strings.Join(names, ", ") + ")",
		SQLite:     "SELECT 'busy_timeout', timeout FROM pragma_busy_timeout",
	}[s.dialect]
	rows, err := conn.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	own := map[string]time.Duration{}
	for rows.Next() {
		if err := scanTimeout(rows, own, units); err != nil {
			return nil, err
		}
	}
	return own, rows.Err()
}

func scanTimeout(rows *sql.Rows, own, units map[string]time.Duration) error {
	var name, value string
	if err := rows.Scan(&name, &value); err != nil {
		return err
	}
	n, err := strconv.ParseFloat(value, 64) // max_statement_time has fractions
	own[name] = time.Duration(n * float64(units[name]))
	return err
}
