// Package pgxwire lets package sqlsink write a batch to PostgreSQL in one network round trip, through the pool of
// github.com/jackc/pgx/v5/stdlib that the user gave it:
//
//	pool, err := sqlx.Open("pgx", dsn)
//	…
//	db, err := sqlsink.New(pool, pgxwire.Pipeline())
//
// BEGIN, all upserts and deletes, their guards, and COMMIT are sent without waiting and answered together, as the protocol
// allows: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
// The server begins with the first of them while the rest is still being made; COMMIT goes last, when all of it is.
// Nothing else changes: batches that hold SQL functions of the user's own, which need an open transaction, and drivers
// that this package does not know are written in several round trips, with the same result.
package pgxwire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Pipeline returns the option for [sqlsink.New].
func Pipeline(opts ...Option) sqlsink.Option {
	o := options{copyFrom: DefaultCopyFrom}
	for _, opt := range opts {
		opt.apply(&o)
	}
	return sqlsink.OneTrip(sender{}, o.copyFrom)
}

// Option changes what [Pipeline] does.
type Option interface{ apply(*options) }

type options struct{ copyFrom int }

type option func(*options)

func (o option) apply(p *options) { o(p) }

// DefaultCopyFrom is the number of new rows from which on COPY is faster than an upsert.
const DefaultCopyFrom = 32

// CopyFrom sets the number of rows from which on those that an INSERT brought go into a table by COPY; 0 is never. COPY is
// tried: when one of the rows is there already, as it is after a redelivery, nothing has been written, and the batch is sent
// a second time without COPY. Turn it off for tables that COPY does not work for, those with row-level security.
func CopyFrom(rows int) Option {
	return option(func(o *options) { o.copyFrom = rows })
}

type sender struct{}

// Send implements onetrip.Sender. Everything goes by the extended protocol before one Sync: after an error the server skips
// the rest, COMMIT included, so a part of the batch can never be committed alone.
func (sender) Send(ctx context.Context, driverConn any, b *onetrip.Batch, write func(add func(onetrip.Statement)) error) error {
	c, ok := driverConn.(interface{ Conn() *pgx.Conn })
	if !ok {
		return onetrip.ErrForeign
	}
	conn, s := c.Conn().PgConn(), sessionOf(c.Conn())
	if status := conn.TxStatus(); status != 'I' {
		return &onetrip.Failure{Statement: -1, Err: fmt.Errorf("the connection is in a transaction already (%c)", status)}
	}
	f := newFlight(conn, s, b)
	defer func() {
		if !f.landed {
			closeNow(conn) // also after a panic: the connection calls itself idle as long as no answer has been read
		}
	}()
	err := f.fly(ctx, write)
	if f.landed && f.outdated() {
		again := f.repeat()
		f = newFlight(conn, s, b)
		err = f.fly(ctx, again)
	}
	return err
}

// closeNow drops a connection whose state is not known.
func closeNow(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Conn().SetDeadline(time.Now()) // Close says goodbye first; there is nobody to wait for
	conn.Close(ctx)
}

// flight is one batch on its way.
type flight struct {
	conn      *pgconn.PgConn
	session   *session
	batch     *onetrip.Batch
	writer    writer
	given     []onetrip.Statement
	prepared  []string // texts that this flight prepares
	refused   error    // why the batch cannot be sent
	at        int      // the statement whose answer is awaited
	failure   *onetrip.Failure
	committed bool
	landed    bool // the server is ready for the next query
}

func newFlight(conn *pgconn.PgConn, s *session, b *onetrip.Batch) *flight {
	f := &flight{conn: conn, session: s, batch: b}
	f.writer = writer{buffer: s.buffer[:0], to: conn.Conn(), broken: f.hearOut}
	return f
}

// repeat is a write function that adds once more what has been added.
func (f *flight) repeat() func(add func(onetrip.Statement)) error {
	f.batch.Statements = nil
	return func(add func(onetrip.Statement)) error {
		for i := range f.given {
			add(f.given[i])
		}
		return nil
	}
}

// fly sends the batch, as far as it goes while write makes it, and reads the answers.
func (f *flight) fly(ctx context.Context, write func(add func(onetrip.Statement)) error) error {
	panicked := true
	defer func() {
		if panicked && f.writer.begun {
			f.hangUp()
			f.writer.finish()
			_ = f.writer.wait()
		}
	}()
	f.begin()
	err := write(f.add)
	panicked = false
	switch {
	case err != nil:
		return f.abort(ctx, err)
	case f.refused != nil:
		return f.abort(ctx, &onetrip.Failure{Statement: -1, Err: f.refused})
	case len(f.batch.Statements) == 0:
		f.landed = true
		return nil
	}
	if f.end(); f.refused != nil {
		return f.abort(ctx, &onetrip.Failure{Statement: -1, Err: f.refused})
	}
	if err := f.talk(ctx); err != nil {
		return f.lost(err)
	}
	if f.failure != nil {
		f.forget()
		f.landed = f.landed && f.rollBack(ctx) == nil // if not, the failure stands, but the connection is of no more use
	}
	return f.lost(nil)
}

// abort gives up what has no COMMIT yet, because of err.
func (f *flight) abort(ctx context.Context, err error) error {
	f.forget()
	if !f.writer.begun {
		f.landed = true
		return err
	}
	f.sync()
	f.landed = f.talk(ctx) == nil && f.landed && f.rollBack(ctx) == nil
	f.failure = nil // whatever it was, a part of a batch is not sent again
	return err
}

// talk sends the rest and reads meanwhile: a server that talks while it works, as triggers that raise notices do, would wait
// until somebody listens, and would not go on reading.
func (f *flight) talk(ctx context.Context) error {
	f.writer.finish()
	stop := context.AfterFunc(ctx, f.hangUp) // also when there is nothing more to read
	err := f.read(ctx)
	if err != nil {
		f.hangUp()
	}
	failed := f.writer.wait()
	f.session.keep(f.writer.buffer)
	if !stop() || failed != nil {
		f.landed = false // it can do nothing more
	}
	if failed != nil {
		return fmt.Errorf("send the batch: %w", errors.Join(failed, ctx.Err()))
	}
	return err
}

// hangUp ends reading and writing, wherever they wait.
func (f *flight) hangUp() { _ = f.conn.Conn().SetDeadline(time.Unix(1, 0)) }

// hearOut gives the server's last words the time to be read: why it has gone is in them.
func (f *flight) hearOut() { _ = f.conn.Conn().SetDeadline(time.Now().Add(time.Second)) }

func (f *flight) read(ctx context.Context) error {
	for !f.landed {
		message, err := f.conn.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		f.receive(message)
	}
	return nil
}

// lost tells what is known when there is nothing more to read, or the connection broke with err: an answered COMMIT
// stands, and after an error of a statement the server skips the COMMIT.
func (f *flight) lost(err error) error {
	switch {
	case f.committed:
		return nil
	case f.failure != nil:
		return f.failure
	case err != nil:
		return err
	}
	f.landed = false
	return errors.New("the server has answered without a commit")
}

func (f *flight) receive(message pgproto3.BackendMessage) {
	switch m := message.(type) {
	case *pgproto3.CommandComplete:
		f.committed = string(m.CommandTag) == "COMMIT"
		f.at++
	case *pgproto3.ErrorResponse:
		if f.failure == nil && !f.committed {
			f.failure = &onetrip.Failure{Statement: f.at - len(f.batch.Begin), Err: pgconn.ErrorResponseToPgError(m)}
		}
	case *pgproto3.ReadyForQuery:
		f.landed = true
	}
}

// rollBack ends the transaction that a failed statement leaves open.
func (f *flight) rollBack(ctx context.Context) error {
	if f.conn.TxStatus() == 'I' {
		return nil
	}
	return f.conn.Exec(ctx, "ROLLBACK").Close()
}
