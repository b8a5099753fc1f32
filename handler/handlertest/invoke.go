package handlertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

var (
	errLost      = errors.New("handlertest: the answer was lost")
	errAbandoned = errors.New("handlertest: the invocation was abandoned")
	errTimeout   = errors.New("handlertest: the invocation timed out")
	errExit      = errors.New("handlertest: the function ended its goroutine instead of returning")
)

// returned is what a function has returned.
type returned struct {
	response []byte
	err      error
}

// invoke delivers a batch and reads the answer.
func (r *run) invoke(ctx context.Context, l *lane, b batch) answer {
	number, fault := r.begin(l, b)
	payload, err := r.event(l, b)
	if err != nil {
		return r.end(number, returned{err: err}, answer{err: err})
	}
	invocation, cancel := context.WithTimeout(r.context(ctx, number), r.Timeout)
	result := make(chan returned, 1)
	go func() {
		defer cancel()
		result <- call(invocation, r.function, payload)
	}()
	if fault == Abandon {
		return r.abandon(number, result, errAbandoned, fault)
	}
	select {
	case got := <-result:
		return r.end(number, got, r.judge(got, b, fault))
	case <-invocation.Done():
	}
	select {
	case got := <-result: // both were ready
		return r.end(number, got, r.judge(got, b, fault))
	default:
		return r.abandon(number, result, errTimeout, fault)
	}
}

func (r *run) begin(l *lane, b batch) (number int, fault Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	number = len(r.result.Invocations)
	if r.Fault != nil {
		fault = r.Fault(number)
	}
	r.result.Invocations = append(r.result.Invocations, Invocation{
		Shard: l.shard.id, Records: b.records, Retry: b.retries, Duplicate: b.duplicate, FinalInvokeForWindow: b.final, Fault: fault})
	return number, fault
}

func (r *run) context(ctx context.Context, number int) context.Context {
	return lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       fmt.Sprintf("00000000-0000-4000-8000-%012d", number),
		InvokedFunctionArn: functionARN,
	})
}

// call turns every way in which a function can end into what it returned, and then spoils the payload: the runtime reuses
// its buffer.
func call(ctx context.Context, function Handler, payload []byte) (got returned) {
	ended := make(chan struct{})
	got.err = errExit
	go func() {
		defer close(ended)
		defer func() {
			if p := recover(); p != nil {
				got = returned{err: fmt.Errorf("handlertest: the function panicked: %v", p)}
			}
		}()
		response, err := function.Invoke(ctx, payload)
		got = returned{response, err}
	}()
	<-ended
	clear(payload)
	return got
}

// judge says what becomes of the batch.
func (r *run) judge(got returned, b batch, fault Fault) answer {
	a := answer{err: got.err}
	if got.err == nil {
		a = r.read(got.response, b.records)
	}
	if fault == LoseAnswer {
		a = answer{err: errLost}
	}
	a.fault = fault
	return a
}

func (r *run) end(number int, got returned, a answer) answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := &r.result.Invocations[number]
	i.Response, i.Err, i.Failed = json.RawMessage(got.response), a.err, a.failed
	return a
}

// abandon does not wait for the function.
func (r *run) abandon(number int, result <-chan returned, reason error, fault Fault) answer {
	r.abandoned.Go(func() {
		got := <-result
		r.end(number, got, answer{err: reason})
	})
	return answer{err: reason, fault: fault}
}
