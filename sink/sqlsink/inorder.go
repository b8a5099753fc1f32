package sqlsink

import (
	"context"
	"errors"
	"slices"
)

// mixed writes removals and upserts in the order of their keys, the first by texts[0] and the others by texts[1]. SQLite pays for
// pages: one that is in its log already, for want of memory, and changes again before the commit has the commit read and sum up
// all of the log behind it. So what is in one page is better written at one time.
//
// A row may need the removal of another one first, whose value in a unique index it takes: CREATE UNIQUE INDEX … WHERE deleted_at
// IS NULL. Then the transaction is written again, removals first.
func (t *tx) mixed(
	ctx context.Context, doing string, texts []string, changes []change, read func(c *change, cells []datum) ([]datum, error),
) error {
	err := t.rowByRow(ctx, doing, texts, len(changes), func(i int, cells []datum) (int, []datum, error) {
		c := &changes[i]
		cells, err := read(c, cells)
		if c.remove {
			return 0, cells, err
		}
		return 1, cells, err
	})
	removal := func(c change) bool { return c.remove }
	if constrained(err) && slices.ContainsFunc(changes, removal) {
		return &orderError{err}
	}
	return err
}

// constrained reports whether a constraint, a foreign key or a trigger of SQLite refused a row.
// https://www.sqlite.org/rescode.html#constraint
func constrained(err error) bool {
	const constraint = 19
	var e *Error
	return errors.As(err, &e) && e.Number&0xff == constraint
}

// orderError is an error that may be due to the order of the rows.
type orderError struct{ error }

func (e *orderError) Unwrap() error { return e.error }
