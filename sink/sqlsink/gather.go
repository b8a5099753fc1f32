package sqlsink

import (
	"context"
	"errors"
	"fmt"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

// OneTrip is the option that packages of this module for one driver return, such as pgxwire.Pipeline: with it a batch
// without SQL functions of the user's own is written in one network round trip, copyFrom new rows or more by COPY.
func OneTrip(s onetrip.Sender, copyFrom int) Option {
	return option(func(st *store) { st.sender, st.copyFrom = s, copyFrom })
}

// errOpen says that what is staged needs a transaction that is open while it runs: it looks at what it reads.
var errOpen = errors.New("sqlsink: an open transaction is needed")

// gathering is a transaction whose statements are gathered, to be sent together.
type gathering struct {
	statements []onetrip.Statement
	noCopy     bool     // it was tried, and a row was there already
	copied     []string // tables
}

// inOneFlight gathers what fn writes and sends it. Nothing has been done when it returns errOpen.
func (s *store) inOneFlight(ctx context.Context, conn *sqlx.Conn, fn func(ctx context.Context, t *tx) error) error {
	t := s.newTx(conn)
	t.gathered = &gathering{}
	for {
		if err := fn(ctx, t); err != nil {
			return err
		}
		err := s.send(ctx, t)
		failed := disappointed(err)
		if failed || err == nil {
			s.optimism.learn(t.gathered.copied, failed)
		}
		if !failed {
			return err
		}
		t.gathered = &gathering{noCopy: true}
	}
}

func (s *store) send(ctx context.Context, t *tx) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlsink: not committed: %w", err)
	}
	if len(t.gathered.statements) == 0 {
		return nil
	}
	batch := &onetrip.Batch{
		Begin:      append([]string{"BEGIN ISOLATION LEVEL READ COMMITTED"}, s.limits(ctx)...),
		Statements: t.gathered.statements, Unnamed: s.stateless,
	}
	var err error
	raw := t.conn.Raw(func(driverConn any) error {
		err = s.sender.Send(ctx, driverConn, batch)
		return nil
	})
	if raw != nil {
		return s.wrap("connect", raw)
	}
	return s.sent(batch, err)
}

// sent describes what a sender returned.
func (s *store) sent(batch *onetrip.Batch, err error) error {
	var failure *onetrip.Failure
	switch {
	case err == nil:
		return nil
	case errors.Is(err, onetrip.ErrForeign):
		return errOpen
	case !errors.As(err, &failure):
		return s.uncertain(err)
	case failure.Statement < 0:
		return s.wrap("begin", failure.Err)
	case failure.Statement >= len(batch.Statements):
		return s.commitError(failure.Err)
	}
	statement := &batch.Statements[failure.Statement]
	err = s.wrap(statement.Doing, failure.Err)
	s.catalog.doubt(err)
	var e *Error
	if !statement.Optimistic || sink.IsTransient(err) && !(errors.As(err, &e) && e.SQLState == badMessage) {
		return err
	}
	return &optimismError{err}
}

// optimismError is the failure of a statement that was worth a try, and no failure of the batch.
type optimismError struct{ error }

func (e *optimismError) Unwrap() error { return e.error }

// disappointed reports whether the batch is to be sent again without COPY: nothing of it was written.
func disappointed(err error) bool {
	var failed *optimismError
	return errors.As(err, &failed)
}
