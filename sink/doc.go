// Package sink is the unit of work between a stream handler and the stores it keeps in step: handlers stage, sinks
// commit.
//
// A handler gets a [Batch], its record's view of the whole Lambda batch, and stages upserts and deletes of typed rows
// on a [Target]. Nothing is written while handlers run. When the whole batch has been handled, its [Unit] is committed:
// what was staged is compacted to the last write per row, sorted by key, and written in one transaction per sink.
//
//	handler ── Upsert, Delete ──▶ Target[R] ── stages on ──▶ Batch (one record) ──┐
//	                                                                             ▼
//	          store ◀── one transaction ── Sink[Tx] ◀── Commit ── Unit (one Lambda batch)
//
// There is no transaction across sinks: when a later one fails, an earlier one may be ahead until Lambda redelivers the
// records, which is harmless for a sink that guards its rows. A record that a later sink refuses for good, and that becomes
// a dead letter, stays written in the earlier ones. And handler.HaltBatch orders the commits within a sink only: when a
// later sink stops the batch at a record, an earlier one may have committed the records after it.
//
// The sinks that come with the library are packages of their own (sqlsink, logsink, …), so that a program downloads
// only the drivers it uses. To write one, see [Func] (a function is a sink) and [NewPort] (a store with
// transactions). Package sinktest holds the conformance suite that every sink passes.
package sink
