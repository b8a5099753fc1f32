package sink

import (
	"context"
	"errors"
)

// Action is a function of the user's own that runs in a sink's transaction. Sinks offer it in their own words (sqlsink's
// AtLeastOnce); a sink of one's own stages it with [Do].
type Action[Tx any] struct {
	// Run does the work. It sees, in the transaction, all that was staged before it and nothing that was staged after.
	// It may run several times before a commit, so it has no effect outside the transaction.
	Run func(ctx context.Context, tx Tx) error
	// Unordered declares that Run touches no staged table: rows staged before and after it may then be written together.
	Unordered bool
	// Guarded declares that repeating the action is harmless.
	Guarded bool
	// Tag is the sink's own: its [Preparer] sees it.
	Tag any
}

// Preparer is implemented by a [Sink] that wants to see all actions of a transaction before the first one runs, for
// instance to look up with one statement which of them have been applied before.
type Preparer[Tx any] interface {
	Prepare(ctx context.Context, tx Tx, actions []Action[Tx]) error
}

// Do stages an action in the transaction of s. Without a sink or a Run the record fails.
func Do[Tx any](b *Batch, s Sink[Tx], a Action[Tx]) {
	if isNil(s) || a.Run == nil {
		b.Fail(errNoAction)
		return
	}
	u := b.unit
	u.mu.Lock()
	defer u.mu.Unlock()
	at, ok := u.enter(b, a.Guarded)
	if !ok {
		return
	}
	g := groupOf(u, s, rankTransaction, ^uint64(0)>>1)
	g.actions = append(g.actions, action[Tx]{a, at})
}

var errNoAction = errors.New("sink: Do got a nil sink, or an action without Run")
