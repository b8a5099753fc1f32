package handler

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// DynamoDBEventHandler runs a [StreamEventHandler] as a lambda.Handler. It is safe for concurrent use. Where there are several
// processors it decodes a large payload in several goroutines, so an item type's own unmarshalers, and functions in options of
// [Decoding], must be safe for that.
type DynamoDBEventHandler[T any] struct {
	options *options
	decoder decoder[T]
	filters []func(*Record[T]) bool
	stage   func(r *run[T], ctx context.Context) // stages all records of a run
	err     error                                // why the handler cannot work
}

// NewDynamoDBEventHandler returns the entry point for a function whose event source is a DynamoDB stream:
//
//	lambda.Start(handler.NewDynamoDBEventHandler(h))
//
// What is wrong with h or an option is reported by Validate, and by every Invoke.
func NewDynamoDBEventHandler[T any](h StreamEventHandler[T], opts ...Option) *DynamoDBEventHandler[T] {
	return newHandler(h, func(r *run[T], ctx context.Context) { r.stageEach(ctx, h) }, opts)
}

// NewDynamoDBBatchHandler is NewDynamoDBEventHandler for the whole-batch form.
func NewDynamoDBBatchHandler[T any](h StreamBatchHandler[T], opts ...Option) *DynamoDBEventHandler[T] {
	return newHandler(h, func(r *run[T], ctx context.Context) { r.stageTogether(ctx, h) }, opts)
}

func newHandler[T any](h any, stage func(*run[T], context.Context), opts []Option) *DynamoDBEventHandler[T] {
	o := newOptions(opts)
	d := &DynamoDBEventHandler[T]{options: o, stage: stage}
	var filterErr, decoderErr error
	d.filters, filterErr = predicates[T](o)
	d.decoder, decoderErr = newDecoder[T](o)
	d.err = errors.Join(validate(h, opts), o.check(), filterErr, decoderErr)
	return d
}

func validate(h any, opts []Option) error {
	if isNil(h) {
		return &ConfigError{"handler", errors.New("the stream event handler is nil")}
	}
	if slices.Contains(opts, nil) {
		return &ConfigError{"handler", errors.New("an option is nil")}
	}
	if own, ok := h.(interface{ validate() error }); ok {
		return own.validate()
	}
	return nil
}

func isNil(h any) bool {
	v := reflect.ValueOf(h)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Func, reflect.Map, reflect.Pointer, reflect.Interface:
		return v.IsNil()
	}
	return false
}

// Validate reports why the handler cannot work: it is nil, its item type cannot be decoded, a filter is for another
// type. Package di asks it at start-up.
func (h *DynamoDBEventHandler[T]) Validate() error { return h.err }

// Table returns what [ForTable] set.
func (h *DynamoDBEventHandler[T]) Table() string { return h.options.table }

// Invoke implements lambda.Handler: it handles one batch and answers with the partial batch response. An error means
// that nothing of the batch may count as handled; it is never returned together with an answer. A batch is of one table, as
// Lambda's are: one that is not fails with a [ConfigError]. payload is not kept.
func (h *DynamoDBEventHandler[T]) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return h.invoke(ctx, string(payload)) // aws-lambda-go reuses the payload's buffer, and handlers keep parts of records for longer
}

func (h *DynamoDBEventHandler[T]) invoke(ctx context.Context, payload string) ([]byte, error) {
	if h.err != nil {
		return nil, h.err
	}
	records, passed, err := h.split(payload)
	if err == nil {
		err = h.options.serves(records)
	}
	if err != nil {
		return nil, err
	}
	r := newRun(h, records)
	r.passed = passed
	budget := newBudget(ctx, h.options.margin)
	defer budget.end()
	r = r.stageWithin(budget)
	if err := guard(func() error { r.commit(budget.commit, 0, len(records)); return nil }); err != nil {
		return nil, fmt.Errorf("handler: commit: %w", err)
	}
	return r.answer(ctx)
}

// split takes a payload apart, and decodes what it can in passing.
func (h *DynamoDBEventHandler[T]) split(payload string) (records []rawRecord, passed []*slot[T], err error) {
	if h.options.drops() {
		records, err = split(payload)
		return records, nil, err
	}
	return h.decoder.splitDecoding(payload)
}
