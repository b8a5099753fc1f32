package runtimeapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Error is a failed invocation: one of the function's own errors, or Lambda's verdict on a sandbox that died.
type Error struct {
	Type    string          `json:"errorType"` // the Go type; "Runtime.ExitError", "Sandbox.Timedout" for a dead sandbox
	Message string          `json:"errorMessage"`
	Stack   json.RawMessage `json:"stackTrace,omitempty"`
}

// Error implements error.
func (e *Error) Error() string { return e.Type + ": " + e.Message }

// Answer is what an invocation gave.
type Answer struct {
	RequestID string
	Payload   []byte // the response; nil when the invocation failed
	Logs      string // what the function printed meanwhile
	Duration  time.Duration
}

type invocation struct {
	id       string
	payload  []byte
	taken    chan handover // gets one when the function takes the event
	response chan response
}

// handover is the state of things just before the function sees the event.
type handover struct {
	at, deadline time.Time
	printed      int // the length of the log
}

type response struct {
	payload []byte
	err     *Error
}

// Invoke hands the function an event and waits for the answer. The error is an *Error when the function failed or the
// sandbox died, and another one when ctx ended first or the function was dead already.
func (f *Function) Invoke(ctx context.Context, payload []byte) (Answer, error) {
	inv := &invocation{
		id: requestID(), payload: payload,
		taken: make(chan handover, 1), response: make(chan response, 1),
	}
	select {
	case f.waiting <- inv:
	case <-f.process.Exited():
		return Answer{}, fmt.Errorf("%w: %s", errDead, f.process.Wait())
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
	h := <-inv.taken
	r, err := f.await(ctx, inv, h.deadline)
	f.forget(inv)
	answer := Answer{RequestID: inv.id, Payload: r.payload, Logs: f.Logs()[h.printed:], Duration: time.Since(h.at)}
	if r.err != nil {
		return answer, r.err
	}
	return answer, err
}

func (f *Function) await(ctx context.Context, inv *invocation, deadline time.Time) (response, error) {
	limited, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	select {
	case r := <-inv.response:
		return r, nil
	case <-f.process.Exited():
		return lastWord(inv, f.exitError(inv.id)), nil
	case <-limited.Done():
	}
	if ctx.Err() != nil {
		return response{}, ctx.Err()
	}
	if err := f.process.Kill9(); err != nil {
		return response{}, err
	}
	return lastWord(inv, f.timeoutError(inv.id)), nil
}

// lastWord prefers the answer that a function gave just before it ended.
func lastWord(inv *invocation, verdict *Error) response {
	select {
	case r := <-inv.response:
		return r
	default:
		return response{err: verdict}
	}
}

func (f *Function) exitError(id string) *Error {
	return &Error{Type: "Runtime.ExitError", Message: fmt.Sprintf(
		"%sError: Runtime exited with error: %s", prefix(id), f.process.Wait())}
}

func (f *Function) timeoutError(id string) *Error {
	return &Error{Type: "Sandbox.Timedout", Message: fmt.Sprintf(
		"%sError: Task timed out after %.2f seconds", prefix(id), f.config.timeout.Seconds())}
}

func prefix(id string) string {
	if id == "" {
		return ""
	}
	return "RequestId: " + id + " "
}

// requestID is a random UUID.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return strings.ToLower(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}
