// Package mongosink keeps collections of MongoDB, and of what speaks its protocol, in step with a stream.
//
//	db, err := mongosink.New(client.Database("shop"))
//	orders, err := mongosink.NewCollection[Order](db, "orders") // a sink.Target[Order]
//	err = db.EnsureIndexes(ctx)                                 // once, or in a migration
//	err = db.Preflight(ctx)                                     // is the deployment what the collections need?
//
// A commit reads the versions of the batch's documents, inserts those that are absent and replaces the others: two or three
// round trips per collection for up to 2,000 documents, and one where only new items come.
//
// # Documents
//
// A row type is whatever the driver encodes as a document, with its bson tags. The field _id is the key:
//
//	type Order struct {
//		ID     string    `bson:"_id"`
//		Total  float64   `bson:"total"`
//		Placed time.Time `bson:"placed_at"` // BSON dates have milliseconds
//	}
//
// A compound _id is a field of a struct type, or made of several fields by [Key]; [IDFunc] computes one. An upsert replaces
// the whole document, so that attributes which the item has lost are gone. db tags may stand beside the bson tags: the
// same handler then writes to a sqlsink.Table. Items without a Go type are [Document]s.
//
// Keys that differ must be two keys for the collection: it must have no collation of its own that takes 'A' and 'a' for
// one. A document that takes the value of another one in a unique index is a permanent error, and never overwrites it. It can
// take a value that is given up in the same commit; with [Transactions] only that of a removed document.
//
// # The order guard
//
// Lambda delivers at least once, and an old delivery may arrive after a newer one: a time-out that was still writing, a
// redrive, a backfill. So a collection is guarded unless [Unguarded] says otherwise: each document carries in a field of its
// own ([GuardField], by default "stream_sequence") the sequence number of the change that wrote it, and a write applies only
// if its number is not lower. A deleted document leaves a tombstone in the same collection, which a TTL index removes after
// the [Retention]; readers leave tombstones out with {stream_deleted_at: null}. They are where the documents are because
// only there a deletion and an old upsert meet in one step without a transaction. [SoftDelete] keeps the fields of
// deleted documents too.
//
// Sequence numbers are comparable within one stream only. A collection that gets its documents from several streams, or from
// a stream that was disabled and enabled again, needs [GuardVersion]: a version attribute of the item.
//
// # Without transactions and with them
//
// Without the option [Transactions] a commit that fails may have written some of its documents, also of records after the one
// that failed. They are delivered again and the guard makes that harmless; but an [Unguarded] collection may see an older
// state for a while, and handler.HaltBatch does not hold back what was written with the failed record. Write with the write
// concern majority, which is the default of servers since 5.0: a write that is acknowledged and then lost in a failover is
// not delivered again.
//
// With Transactions a batch is one transaction over all collections of a [DB], and [DB.Once] runs functions exactly once per
// record. Without them there is no such function, because an effect and its inbox entry could not be written together.
//
// # How it was tested
//
// The guards, errors and values against FerretDB 2 with DocumentDB, over the wire and with connections cut. That server has
// neither transactions nor sharding: [Transactions], [DB.Once] and [ShardKey] were tested against a scripted server that
// checks the commands of the driver, and not against a replica set or a sharded cluster. Nor were Amazon DocumentDB, which
// knows no retryable writes (retryWrites=false in the connection string), and Azure Cosmos DB.
// https://docs.aws.amazon.com/documentdb/latest/developerguide/functional-differences.html
package mongosink
