package sqlsink

import (
	"context"
	"time"
)

// Purge removes tombstones, inbox entries and versions older than the retention, and returns how many. Lambda runs nothing
// between invocations, so something has to call it: a scheduled function once a day, say. Soft-deleted rows are the
// caller's to purge, with a statement that knows the table.
//
// What has been purged no longer protects: a delivery older than the retention may bring a deleted row back, or run a
// [DB.Once] function again.
func (d *DB) Purge(ctx context.Context) (int64, error) {
	before := timeArg(time.Now().Add(-d.store.retention), d.store.dialect)
	var total int64
	for _, old := range [][2]string{{tombstoneTable, "deleted_at"}, {inboxTable, "applied_at"}, {newestTable, "changed_at"}} {
		s := &statement{dialect: d.store.dialect}
		s.text("DELETE FROM ", old[0], " WHERE ", old[1], " < ").arg(before)
		result, err := d.store.db.ExecContext(ctx, s.String(), s.args...)
		if err != nil {
			return total, d.store.wrap("purge "+old[0], err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return total, d.store.wrap("purge "+old[0], err)
		}
		total += n
	}
	return total, nil
}
