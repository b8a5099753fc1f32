package sqlsink

import (
	"context"
	"time"
)

// ages are the columns that tell how old a row of our tables is.
var ages = map[string]string{tombstoneTable: "deleted_at", inboxTable: "applied_at", newestTable: "changed_at"}

// Purge removes tombstones, inbox entries and versions older than the retention, and returns how many. Lambda runs nothing
// between invocations, so something has to call it: a scheduled function once a day, say. Soft-deleted rows are the
// caller's to purge, with a statement that knows the table.
//
// What has been purged no longer protects: a delivery older than the retention may bring a deleted row back, or run a
// [DB.Once] function again.
func (d *DB) Purge(ctx context.Context) (int64, error) {
	before := momentOf(time.Now().Add(-d.store.retention))
	var total int64
	for _, table := range []string{tombstoneTable, inboxTable, newestTable} {
		n, err := d.store.purge(ctx, table, ages[table], before)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// purge has the isolation of batches, so that it locks what it removes and nothing beside.
func (s *store) purge(ctx context.Context, table, column string, before datum) (n int64, err error) {
	err = s.InTx(ctx, func(ctx context.Context, tx *tx) error {
		if tx.gathered != nil {
			return errOpen
		}
		text := tx.statement().text("DELETE FROM ", table, " WHERE ", column, " < ").arg(before)
		result, err := tx.open.ExecContext(ctx, text.String(), text.args()...)
		if err != nil {
			return withDDL(s.wrap("purge "+table, err), s.dialect, table)
		}
		n, err = result.RowsAffected()
		return s.wrap("purge "+table, err)
	})
	return n, err
}
