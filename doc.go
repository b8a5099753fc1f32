// Package dynasink keeps other stores in step with a DynamoDB table: a typed handler looks at each record of the table's
// stream inside AWS Lambda, and what it stages is written in one transaction per batch.
//
// Handlers stage, sinks commit:
//
//	DynamoDB stream ──▶ Lambda ──▶ handler ── decodes each record, calls your HandleRecord ──▶ sink.Batch
//	                      ▲                                                                       │
//	                      └── lowest failed sequence number, or none ◀── one transaction ◀── sink ◀┘
//
// This package itself is empty. The packages, in the order in which a newcomer meets them:
//
//   - [github.com/dynasink/dynasink/handler] has the contract of a handler, StreamEventHandler[T], and runs it: it decodes
//     records one by one, commits the batch, and answers with the partial batch response, so that Lambda
//     redelivers exactly what was not done. Mirror is a handler for those who need no code of their own.
//   - [github.com/dynasink/dynasink/sink] has Target[R], on which handlers stage rows, and the unit of work behind it. A
//     function is a sink (Func); a store with transactions is one in a few lines more (NewPort).
//   - [github.com/dynasink/dynasink/sink/sqlsink] writes to PostgreSQL, MySQL, MariaDB and SQLite,
//     [github.com/dynasink/dynasink/sink/mongosink] to MongoDB, [github.com/dynasink/dynasink/sink/sqssink] to Amazon SQS,
//     for dead letters first of all, and [github.com/dynasink/dynasink/sink/logsink] to log/slog.
//   - [github.com/dynasink/dynasink/di] makes a whole program of handlers and constructors, with configuration and logging,
//     that also runs on a file of events on your machine.
//   - [github.com/dynasink/dynasink/mapping] converts between DynamoDB's JSON, attribute values and Go types.
//   - [github.com/dynasink/dynasink/sink/sinktest] and [github.com/dynasink/dynasink/handler/handlertest] are for
//     tests: a target that records, events made of Go values, and the suite that every sink passes.
//
// A program downloads only what the packages that it imports need: the drivers of one sink are not those of another.
//
// # What is promised
//
// Lambda delivers records at least once, so any of them may come again, also after newer ones. No record is acknowledged
// that was not handled and committed; a record that fails holds back those after it, until a retry succeeds or it is set
// aside as a dead letter. What a repeated record does to a store is told by its sink's package.
//
// The event source mapping must have ReportBatchItemFailures among its FunctionResponseTypes; handler.FailWholeBatch is for
// one that has not.
package dynasink
