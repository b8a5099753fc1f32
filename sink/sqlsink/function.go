package sqlsink

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dynasink/dynasink/internal/sqlcode"
	"github.com/dynasink/dynasink/sink"
	"github.com/jmoiron/sqlx"
)

// Function is SQL of the user's own, run in the batch's transaction. It sees there what was staged before it and nothing
// that was staged after. It may run several times before a commit (a commit is tried again after a deadlock), so it has no
// effect outside tx. tx.Rebind turns ? into the engine's placeholders. It must neither commit nor roll back.
//
// An error is classified like the sink's own: constraint and data errors are permanent, deadlocks transient.
type Function func(ctx context.Context, tx *sqlx.Tx) error

// FunctionOption changes how a function is staged.
type FunctionOption interface{ applyFunction(*functionOptions) }

type functionOptions struct{ independent bool }

type functionOption func(*functionOptions)

func (o functionOption) applyFunction(f *functionOptions) { o(f) }

// Independent declares that the function touches no table that rows are staged for. Rows staged before and after it are
// then written together instead of in separate statements.
func Independent() FunctionOption {
	return functionOption(func(f *functionOptions) { f.independent = true })
}

// AtLeastOnce stages fn with no protection against running again: Lambda redelivers whole batches, and everything in
// them runs again. It is for SQL that bears that by itself.
func (d *DB) AtLeastOnce(b *sink.Batch, fn Function, opts ...FunctionOption) {
	if fn == nil {
		b.Fail(errNoFunction)
		return
	}
	d.do(b, false, nil, opts, func(ctx context.Context, tx *tx) error { return tx.call(ctx, fn) })
}

// errTxGone is what PostgreSQL says at the commit. The others say nothing: MySQL ends the transaction at a deadlock, SQLite at
// a write that is interrupted, and what follows is committed statement by statement.
var errTxGone = errors.New("sqlsink: a function has ended the batch's transaction, or ignored an SQL error that did")

// call runs a function of the user's own, and makes sure with a savepoint that the transaction outlives it.
func (t *tx) call(ctx context.Context, fn Function) error {
	if t.gathered != nil {
		return errOpen
	}
	if t.store.dialect == PostgreSQL {
		return fn(ctx, t.open)
	}
	if err := t.exec(ctx, "begin a function", t.statement().text("SAVEPOINT dynasink")); err != nil {
		return err
	}
	if err := fn(ctx, t.open); err != nil {
		return err
	}
	err := t.exec(ctx, "end a function", t.statement().text("RELEASE SAVEPOINT dynasink"))
	var e *Error
	if errors.As(err, &e) && (e.Number == 1305 || strings.Contains(e.Err.Error(), "no such savepoint")) {
		return errTxGone
	}
	return err
}

func (d *DB) do(b *sink.Batch, guarded bool, tag any, opts []FunctionOption, run func(context.Context, *tx) error) {
	var o functionOptions
	for _, opt := range opts {
		opt.applyFunction(&o)
	}
	sink.Do(b, d.store, sink.Action[*tx]{
		Run:       func(ctx context.Context, tx *tx) error { return d.store.own(run(ctx, tx)) },
		Unordered: o.independent, Guarded: guarded, Tag: tag,
	})
}

// own classifies an error of a user's function, unless the function has marked it.
func (s *store) own(err error) error {
	var described *Error
	if err == nil || errors.Is(err, errOpen) || sink.IsPermanent(err) || sink.IsTransient(err) || errors.As(err, &described) {
		return err
	}
	if state, number := sqlcode.Of(err); state != "" || number != 0 || disconnected(err) {
		return s.wrap("own SQL", err)
	}
	if strings.Contains(err.Error(), "sql: Scan error") { // it quotes the value
		return s.wrap("own SQL", err)
	}
	return fmt.Errorf("sqlsink: own SQL: %w", err)
}
