// Package sqlsink keeps tables of PostgreSQL, MySQL, MariaDB and SQLite, and so of Aurora, in step with a stream.
//
//	db, err := sqlsink.New(sqlxDB)                          // dialect told from the driver's name
//	orders, err := sqlsink.NewTable[OrderRow](db, "orders") // a sink.Target[OrderRow]
//	err = db.Preflight(ctx)                                 // is the schema what the row types need?
//
// All targets of one [DB] share one transaction per Lambda batch. In it each table gets the last staged state of every
// row, in the engine's fastest form: from arrays and by COPY on PostgreSQL, as one text on MySQL and MariaDB, with prepared
// statements on SQLite.
//
// # One round trip
//
// A batch that stages rows only is sent as a whole, BEGIN and COMMIT included, and answered as a whole: over pgx with the
// option pgxwire.Pipeline(), to MySQL and MariaDB with multiStatements=true in the data source name, the character set utf8mb4
// and loc=UTC, as go-sql-driver has them unless told otherwise. SQL functions of your own need a transaction that is open
// while they run, and [Children] read what they wrote; a batch with them takes several round trips, as does one over another
// driver or connection, with the same result. multiStatements=true also lets an injection into SQL of your own add
// statements: bind all values there, as ever.
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
// as text; structs, maps, slices and arrays as JSON, and slices in a column of PostgreSQL that is an array (TEXT[], BIGINT[])
// as its elements. A nil pointer, map, slice or interface is NULL.
//
// Two more options speak of the column: notnull says that a field which could be nil never is, and type=, which takes the rest
// of the tag, gives the column's type where the Go type does not tell it: `db:"total,type=NUMERIC(20,4)"`.
//
// Fields without a tag have their name in lower case whatever mapper the *sqlx.DB has been given: tag them where it has
// another.
//
// # The schema
//
// [Table.DDL] and [DB.DDL] return the statements that create the tables, for a migration to begin with. [DB.Preflight] compares
// the database with the row types at start-up and says everything that is wrong with it, with the statements that mend
// it; with [Evolve] it adds what is missing.
//
// Two keys that differ must be two keys for the table. MySQL's default collations take 'A', 'a' and (most of them) 'a ' for
// one: make text keys VARBINARY, or give them a binary collation without padding; an index on a prefix of a column is no
// key. The same holds for citext on PostgreSQL and COLLATE NOCASE on SQLite. MySQL must run in a strict mode, or it cuts
// values that do not fit.
//
// In one transaction each table gets its removals first, so that a row can move to another key and keep a unique value. (On
// SQLite soft deletes go among the upserts, in the order of keys, and a transaction in which a constraint objects once more, with
// the deletes first.)
// A row that takes the unique value of another one is a permanent error on every engine, and never overwrites it, unless a
// constraint of SQLite asks for that (UNIQUE ON CONFLICT REPLACE).
//
// In one commit the tables are written in the order in which their targets were made, each with its removals first. A foreign
// key between two of them needs the parent's target made first and ON DELETE CASCADE, or DEFERRABLE INITIALLY DEFERRED where
// the engine knows it; otherwise removing a parent together with its children is refused.
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
// # Histories and outboxes
//
// [NewAppend] makes a target that adds a row for every change and replaces none, once per change however often it is
// delivered: it knows by a unique column what it has appended. [EveryChange] is for tables of state in which rows take unique
// values from each other: it keeps the order of staging, and nothing is left out.
//
// # Connections
//
// [Pool] sizes a pool for Lambda. A batch takes one connection. One that has been idle for a second has to answer first,
// because it may have died while Lambda had frozen the function, and is replaced when it does not ([CheckIdle]): the statements
// of a batch may travel together with their COMMIT, and a connection found dead then leaves open whether it was carried out.
// The deadline of the invocation becomes time-outs on the server, so that a batch which Lambda has given up ends there
// too and frees its locks ([NoTimeouts]). [NoSessionState] is for RDS Proxy.
//
// Packages rdsauth and secretauth beside this one sign in with IAM tokens and with passwords of AWS Secrets Manager.
//
// # Own SQL
//
// Functions run in the same transaction: [DB.Once] for effects that must not be repeated (counters), [DB.Newest] for
// state that only the newest change may replace, [DB.AtLeastOnce] without protection. [Children] keeps a list owned by a
// row.
package sqlsink
