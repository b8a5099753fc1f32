package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
)

const (
	poolSize     = 2                // a batch, and beside it a dead letter of its own
	poolLifetime = 30 * time.Minute // after a failover the name leads to another server
)

// Pool sizes db for a Lambda function, which runs one batch at a time, and returns it:
//
//	db, err := sqlsink.New(sqlsink.Pool(pool))
//
// It opens at most two connections, one for the batch and one for a dead letter beside it, keeps both while the function is
// idle, and replaces each after half an hour, since a connection survives the move of its host name to another server. No
// time-out ends idle ones: nothing runs while Lambda has frozen the process, and what thaws with it is checked ([CheckIdle]).
//
// [New] itself leaves the pool as it is, because it may serve more than batches. Any setting can be changed afterwards. A
// [Function] that takes a connection from the pool instead of using its transaction needs one more. What opening a
// connection may take is the data source name's to say (connect_timeout, and timeout for MySQL). A SQLite database in memory
// ends with its connection, so it is not for Pool.
func Pool(db *sqlx.DB) *sqlx.DB {
	db.SetMaxOpenConns(poolSize)
	db.SetMaxIdleConns(poolSize)
	db.SetConnMaxLifetime(poolLifetime)
	db.SetConnMaxIdleTime(0)
	return db
}

// CheckIdle sets how long a pooled connection may have been idle before a batch uses it unchecked: one second unless it is
// said otherwise, 0 checks always, a negative duration never.
//
// Lambda freezes the process between invocations. What thaws may be a connection that the server has closed, or one that a
// NAT gateway has forgotten and that never answers. Found at COMMIT, such a connection leaves open whether the batch was
// written. So it is asked for an answer first, which costs one round trip, and replaced when there is none within half a
// second or a twentieth of the time left, whichever is less. Time is the wall clock's, for the monotonic one may stand
// still while the process is frozen. SQLite has no connection to lose.
//
// pgx's database/sql driver checks a connection that has been idle for a second too, by the monotonic clock. To pay for one
// check only, open the pool with stdlib.OptionShouldPing and a function that returns false. Connections of a pgxpool
// (stdlib.OpenDBFromPool) are that pool's to check.
func CheckIdle(after time.Duration) Option {
	return option(func(s *store) { s.idle = after; s.idleSet = true })
}

// connections is what a store knows of its pool. The zero value has the defaults.
type connections struct {
	unlimited  bool        // NoTimeouts
	levelKnown atomic.Bool // the sessions' isolation level is the right one
	idle       time.Duration
	idleSet    bool

	mu      sync.Mutex
	used    map[uintptr]time.Time    // when a batch last used a connection, by identity
	learned map[string]time.Duration // the time-outs that sessions begin with; nil at first
}

// acquire returns a connection that the server has answered on within the time of [CheckIdle]. The statements of a whole
// batch may travel with their COMMIT, so this is the last moment at which a dead connection is harmless. The caller gives
// it back with release.
func (s *store) acquire(ctx context.Context) (*sqlx.Conn, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	s.note(conn)
	err = s.isolated(ctx, conn)
	if err == nil {
		err = s.learn(ctx, conn)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// connect tries as many connections as the pool has idle, then waits for one or opens it. One that another batch hands over
// just then has been in use until now.
func (s *store) connect(ctx context.Context) (*sqlx.Conn, error) {
	if s.dialect != SQLite && s.idle >= 0 {
		for range s.db.Stats().Idle {
			if conn := s.reuse(ctx); conn != nil {
				return conn, nil
			}
		}
	}
	return s.db.Connx(ctx)
}

// reuse returns a pooled connection, or drops it and returns nil if it is dead.
func (s *store) reuse(ctx context.Context) *sqlx.Conn {
	patience := patience(ctx)
	ctx, cancel := context.WithTimeout(ctx, patience/2)
	defer cancel()
	conn, err := s.db.Connx(ctx) // where pgx and go-sql-driver look at the connection themselves
	if err != nil {
		return nil
	}
	err = conn.Raw(func(dc any) error {
		if s.rested(dc) {
			return ping(ctx, dc, patience)
		}
		return nil
	})
	if err != nil {
		conn.Close() // Raw has dropped the driver's connection
		return nil
	}
	return conn
}

// patience is how long to wait for one connection that may be dead.
func patience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Second
	}
	return min(time.Second, time.Until(deadline)/10)
}

// ping returns driver.ErrBadConn, which makes database/sql drop the connection, if the server does not answer. A driver that
// goes on reading when ctx has ended, as lib/pq does, has the connection closed under it at the end of patience.
func ping(ctx context.Context, dc any, patience time.Duration) error {
	pinger, ok := dc.(driver.Pinger)
	if !ok {
		return nil
	}
	if closer, ok := dc.(io.Closer); ok {
		defer time.AfterFunc(patience, func() { closer.Close() }).Stop()
	}
	if pinger.Ping(ctx) != nil {
		return driver.ErrBadConn
	}
	return nil
}

// release gives conn back after a batch that ended with err.
func (s *store) release(conn *sqlx.Conn, err error) {
	if demoted(err) {
		drop(conn)
	}
	s.note(conn)
	conn.Close()
}

// drop has database/sql close the driver's connection.
func drop(conn *sqlx.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}

// demoted reports the error of a writer that has become a reader: a failover that did not end its connections. A new one
// goes where the name leads now.
func demoted(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.SQLState == "25006" || slices.Contains([]int{1290, 1792, 1836}, e.Number))
}

// rested reports whether the driver's connection has to be checked: no batch has used it lately, or the clock was set back.
func (s *store) rested(dc any) bool {
	limit := time.Second
	if s.idleSet {
		limit = s.idle
	}
	s.mu.Lock()
	last, known := s.used[identity(dc)]
	s.mu.Unlock()
	idle := wallClock().Sub(last)
	return !known || idle < 0 || idle >= limit
}

// note remembers that conn is in use now.
func (s *store) note(conn *sqlx.Conn) {
	const many = 1000 // most of which have been closed
	_ = conn.Raw(func(dc any) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.used == nil || len(s.used) >= many {
			s.used = map[uintptr]time.Time{}
		}
		s.used[identity(dc)] = wallClock()
		return nil
	})
}

// identity is the address of the driver's connection; it keeps none of them in memory. A later connection at the same
// address is younger than the note of the earlier one. Wrappers that are no pointers share one identity.
func identity(dc any) uintptr {
	if v := reflect.ValueOf(dc); v.Kind() == reflect.Pointer {
		return v.Pointer()
	}
	return 0
}

// wallClock strips the monotonic reading, which may have stood still.
func wallClock() time.Time { return time.Now().Round(0) }
