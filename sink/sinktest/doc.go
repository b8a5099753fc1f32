// Package sinktest tests what stands on package sink, with nothing but the standard library: handlers and sinks.
//
// A test of a handler needs no store. [NewRecorder] is a target that remembers what was committed, and [Stage] runs
// a handler's method as the only record of a unit of work and commits it:
//
//	orders := sinktest.NewRecorder[OrderRow]()
//	h := NewOrderHandler(orders)
//	err := sinktest.Stage(ctx, func(ctx context.Context, b *sink.Batch) error {
//		return h.HandleRecord(ctx, record, b)
//	})
//	// orders.Upserts() holds the rows
//
// A test of a sink, the library's or one's own, is [Run]: the conformance suite that every sink passes. It knows the
// store only by a [Subject], and demands what the sink promises by its [Features].
package sinktest
