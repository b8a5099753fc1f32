package handler

import (
	"context"

	"github.com/dynasink/dynasink/sink"
)

// StreamEventHandler handles the records of a DynamoDB stream whose items have the Go type T.
//
// HandleRecord is called once per record, in the order of the batch, and stages on batch what should become of it. It
// must have finished all staging, in goroutines too, when it returns. What it returns decides:
//
//   - nil: what it staged is committed with the batch;
//   - an error marked by [sink.Permanent], or one of a mapping.Mapper: what it staged is dropped; with [DeadLetters] the
//     record is set aside;
//   - an error marked by [sink.Transient]: the call is repeated in place, with a new batch, while the deadline allows;
//   - any other error, or a panic: what it staged is dropped and Lambda redelivers the record and those after it.
//
// Records are delivered at least once; rec is the handler's own. ctx ends a margin before the invocation's deadline. A
// handler must be safe for concurrent use if one process runs concurrent invocations, as Lambda does with a concurrency per
// execution environment above one.
//
// The compiler's message for a type that is almost a handler is poor; this line next to it gives a better one:
//
//	var _ handler.StreamEventHandler[Order] = (*OrderHandler)(nil)
type StreamEventHandler[T any] interface {
	HandleRecord(ctx context.Context, rec *Record[T], batch *sink.Batch) error
}

// StreamEventHandlerFunc is a function as a [StreamEventHandler].
type StreamEventHandlerFunc[T any] func(ctx context.Context, rec *Record[T], batch *sink.Batch) error

// HandleRecord calls f.
func (f StreamEventHandlerFunc[T]) HandleRecord(ctx context.Context, rec *Record[T], batch *sink.Batch) error {
	return f(ctx, rec, batch)
}

// StreamBatchHandler is the whole-batch form of [StreamEventHandler], for work that wants all records at once: one query
// that reads for all of them, say.
//
// HandleRecords gets the records of the batch that decoded and passed the filters, in order. A record that fails is named
// with its entry's Batch.Fail, and the others go their way; a returned error, or a panic, fails all of them. The marks of
// [sink.Permanent] and [sink.Transient] mean the same as for a StreamEventHandler: when something failed for a passing
// reason, HandleRecords is called again with the records that did.
type StreamBatchHandler[T any] interface {
	HandleRecords(ctx context.Context, entries []Entry[T]) error
}

// Entry is one record of a whole batch with its own view of the unit of work.
type Entry[T any] struct {
	*Record[T]
	Batch *sink.Batch
}

// StreamBatchHandlerFunc is a function as a [StreamBatchHandler].
type StreamBatchHandlerFunc[T any] func(ctx context.Context, entries []Entry[T]) error

// HandleRecords calls f.
func (f StreamBatchHandlerFunc[T]) HandleRecords(ctx context.Context, entries []Entry[T]) error {
	return f(ctx, entries)
}
