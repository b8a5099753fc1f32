package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// EventHandler handles any other event that invokes a function asynchronously or by a mapping, decoded from JSON into E:
// events.S3Event of aws-lambda-go, say. There is no answer: an error makes Lambda deliver the event again, as far as the
// event source says. See [StreamEventHandler] for DynamoDB streams, whose batches may succeed in part.
type EventHandler[E any] interface {
	HandleEvent(ctx context.Context, event E) error
}

// RequestHandler answers a request: R is encoded to JSON as the response of the invocation.
type RequestHandler[E, R any] interface {
	HandleRequest(ctx context.Context, request E) (R, error)
}

// EventHandlerFunc is a function as an [EventHandler].
type EventHandlerFunc[E any] func(ctx context.Context, event E) error

// HandleEvent calls f.
func (f EventHandlerFunc[E]) HandleEvent(ctx context.Context, event E) error { return f(ctx, event) }

// RequestHandlerFunc is a function as a [RequestHandler].
type RequestHandlerFunc[E, R any] func(ctx context.Context, request E) (R, error)

// HandleRequest calls f.
func (f RequestHandlerFunc[E, R]) HandleRequest(ctx context.Context, request E) (R, error) {
	return f(ctx, request)
}

// Function is a lambda.Handler made by [NewEventHandler] or [NewRequestHandler]. It is as safe for concurrent use as the
// handler it was made of.
type Function struct {
	call func(ctx context.Context, payload []byte) (any, error)
	err  error // why it cannot work
}

// NewEventHandler returns the entry point for a function that handles events of type E:
//
//	lambda.Start(handler.NewEventHandler(h))
//
// The invocation's response is null. What is wrong with h is reported by Validate, and by every Invoke.
func NewEventHandler[E any](h EventHandler[E]) *Function {
	return newFunction(h, "event handler", func(ctx context.Context, event E) (any, error) { return nil, h.HandleEvent(ctx, event) })
}

// NewRequestHandler is [NewEventHandler] for a function that answers. The response is null when there is an error.
func NewRequestHandler[E, R any](h RequestHandler[E, R]) *Function {
	return newFunction(h, "request handler", func(ctx context.Context, request E) (any, error) { return h.HandleRequest(ctx, request) })
}

func newFunction[E any](h any, kind string, call func(context.Context, E) (any, error)) *Function {
	if isNil(h) {
		return &Function{err: &ConfigError{"handler", errors.New("the " + kind + " is nil")}}
	}
	return &Function{call: func(ctx context.Context, payload []byte) (any, error) {
		var event E
		if err := json.Unmarshal(payload, &event); err != nil {
			return nil, fmt.Errorf("the event of %d bytes is no %T: %w", len(payload), event, valueFree(err))
		}
		return call(ctx, event)
	}}
}

// Validate reports why the function cannot work: its handler is nil. Package di asks it at start-up.
func (f *Function) Validate() error { return f.err }

// Invoke implements lambda.Handler. A panic of the handler is an error, a [PanicError]. payload is not kept.
func (f *Function) Invoke(ctx context.Context, payload []byte) (response []byte, err error) {
	if f.err != nil {
		return nil, f.err
	}
	err = guard(func() error {
		answer, err := f.call(ctx, payload)
		if err != nil {
			return err
		}
		response, err = encode(answer)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("handler: %w", err)
	}
	return response, nil
}

// encode does not pass on the message of encoding/json, which may hold values.
func encode(answer any) ([]byte, error) {
	response, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("the response, a %T, cannot be encoded as JSON (%T)", answer, err)
	}
	return response, nil
}
