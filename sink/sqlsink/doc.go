// Package sqlsink keeps tables of PostgreSQL, MySQL, MariaDB and SQLite, and so of Aurora, in step with a stream.
//
//	db, err := sqlsink.New(sqlxDB)                          // dialect told from the driver's name
//	orders, err := sqlsink.NewTable[OrderRow](db, "orders") // a sink.Target[OrderRow]
//	err = db.Preflight(ctx)                                 // is the schema what the row types need?
//
// All targets of one [DB] share one transaction per Lambda batch. In it each table gets the last staged state of every
// row, with as few statements as the engine likes best.
//
// # Row types
//
// A row type is a struct. Its fields are columns, named by the db tag or, as in sqlx, by the field's name in lower case;
// "-" leaves a field out, embedded structs are flattened. The option key marks the columns of the primary key:
//
//	type OrderRow struct {
//		ID     string    `db:"id,key"`
//		Total  string    `db:"total"`      // an exact NUMERIC travels as text
//		Lines  []Line    `db:"lines"`      // JSON, JSONB or text column
//		Placed time.Time `db:"placed_at"`
//		Note   *string   `db:"note"`       // NULL when nil
//	}
//
// Strings, numbers, booleans, []byte, time.Time and driver.Valuer go to the driver as they are; encoding.TextMarshaler
// as text; structs, maps, slices and arrays as JSON. A nil pointer, map, slice or interface is NULL.
//
// # The order guard
//
// Lambda delivers at least once, and an old delivery may arrive after a newer one: a time-out that was still committing, a
// redrive, a backfill. So a table is guarded unless [Unguarded] says otherwise: each row carries in a column of its own
// the sequence number of the change that wrote it ([GuardColumn], by default "stream_sequence"), and a write applies
// only if its number is not lower. A delete leaves a tombstone in the table dynasink_tombstones, so that an older upsert
// cannot bring the row back; [SoftDelete] keeps the row and marks it instead. [DB.DDL] prints the tables that this
// needs, [DB.Preflight] checks them, [DB.Purge] removes what is older than any redelivery.
//
// Sequence numbers are comparable within one stream only. A table that gets its rows from several streams, or from a
// stream that was disabled and enabled again, needs [GuardVersion]: a version attribute of the item.
//
// # Own SQL
//
// Functions run in the same transaction: [DB.Once] for effects that must not be repeated (counters), [DB.Newest] for
// state that only the newest change may replace, [DB.AtLeastOnce] without protection. [Children] keeps a list owned by a
// row.
package sqlsink
