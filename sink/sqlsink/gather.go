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
	add        func(onetrip.Statement) // takes them instead, to send them while the next are made; may be nil
	noCopy     bool                    // it was tried, and a row was there already
	copied     []string                // tables
	known      map[string]map[string]pgColumn
}

func (g *gathering) gather(s onetrip.Statement) {
	if g.add != nil {
		g.add(s)
	} else {
		g.statements = append(g.statements, s)
	}
}

// inOneFlight sends what fn writes. Nothing has been done when it returns errOpen.
func (s *store) inOneFlight(ctx context.Context, conn *sqlx.Conn, fn func(ctx context.Context, t *tx) error) error {
	t := s.newTx(conn)
	defer t.free()
	t.gathered = &gathering{known: map[string]map[string]pgColumn{}}
	for {
		err := s.send(ctx, t, fn)
		var unknown *unknownTable
		failed := disappointed(err)
		switch {
		case errors.As(err, &unknown):
			if t.gathered.known[unknown.name], err = t.lookUp(ctx, unknown.name); err != nil {
				return err
			}
			s.catalog.learn(unknown.name, t.gathered.known[unknown.name])
			t.again()
			continue
		case failed || err == nil:
			s.optimism.learn(t.gathered.copied, failed)
		}
		if !failed {
			return err
		}
		t.gathered.noCopy = true
		t.again()
	}
}

// again begins a gathering once more.
func (t *tx) again() {
	t.gathered.copied = nil
	t.space.clean()
}

// send sends the first statements while fn makes the next. An error of fn leaves nothing behind.
func (s *store) send(ctx context.Context, t *tx, fn func(ctx context.Context, t *tx) error) error {
	batch := &onetrip.Batch{
		Begin:      append([]string{"BEGIN ISOLATION LEVEL READ COMMITTED"}, s.limits(ctx)...),
		NoPrepared: s.stateless, Whole: s.changeable.Load() || len(t.gathered.known) > 0,
	}
	var refused, err error
	write := func(add func(onetrip.Statement)) error {
		t.gathered.add = add
		if refused = fn(ctx, t); refused == nil && ctx.Err() != nil {
			refused = fmt.Errorf("sqlsink: not committed: %w", ctx.Err())
		}
		return refused
	}
	raw := t.conn.Raw(func(driverConn any) error {
		err = s.sender.Send(ctx, driverConn, batch, write)
		return nil
	})
	switch {
	case refused != nil:
		if errors.Is(refused, errOpen) && len(batch.Statements) > 0 {
			s.changeable.Store(true) // most likely the next ones are like it
		}
		return refused
	case raw != nil:
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
	if !statement.MayFail || sink.IsTransient(err) && !(errors.As(err, &e) && e.SQLState == badMessage) {
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
