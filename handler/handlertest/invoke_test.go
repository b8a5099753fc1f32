package handlertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dynasink/dynasink/handler/handlertest"
)

// TestDiscardedMessage is what an SQS or SNS destination gets.
func TestDiscardedMessage(t *testing.T) {
	t.Parallel()
	result, err := handlertest.EventSourceMapping{MaximumRetryAttempts: new(1)}.Run(t.Context(),
		function(func([]string) (string, error) { return "", errors.New("no") }), stream(3)...)
	if err != nil || len(result.Discarded) != 1 {
		t.Fatal(result, err)
	}
	const want = `{"requestContext":{"requestId":"00000000-0000-4000-8000-000000000000","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:test",` +
		`"condition":"RetryAttemptsExhausted","approximateInvokeCount":2},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},` +
		`"version":"1.0","timestamp":"2026-01-01T00:00:02Z","DDBStreamBatchInfo":{"shardId":"shardId-00000001767225600000-00000000",` +
		`"startSequenceNumber":"999999999999999999991","endSequenceNumber":"999999999999999999993","approximateArrivalOfFirstRecord":"2026-01-01T00:00:00Z",` +
		`"approximateArrivalOfLastRecord":"2026-01-01T00:00:02Z","batchSize":3,"streamArn":"arn:aws:dynamodb:eu-west-1:123456789012:table/table/stream/2026-01-01T00:00:00.000"}}`
	if got := string(result.Discarded[0].JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTimeout: an invocation that takes too long has failed, and goes on.
func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := 0
		var got calls
		result, err := handlertest.EventSourceMapping{Timeout: time.Second}.Run(t.Context(), function(func(records []string) (string, error) {
			if got.add(records) == 1 {
				<-time.After(time.Minute)
				late++
			}
			return done, nil
		}), stream(2)...)
		if err != nil || got.String() != "1-2 1-2" || late != 1 || !strings.Contains(result.Invocations[0].String(), "timed out") {
			t.Errorf("%q, %d ended late, %v, %v", got.String(), late, result.Invocations, err)
		}
	})
}

// TestContext: the invocation has a deadline and a request ID.
func TestContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := handlertest.EventSourceMapping{Timeout: 3 * time.Second}.Run(t.Context(), handlerFunc(func(ctx context.Context, payload []byte) ([]byte, error) {
			deadline, _ := ctx.Deadline()
			if time.Until(deadline) != 3*time.Second || requestID(ctx) == "" {
				t.Errorf("the deadline is in %v, the request ID is %q", time.Until(deadline), requestID(ctx))
			}
			return nil, nil
		}), stream(1)...)
		if err != nil {
			t.Error(err)
		}
	})
}

// TestPayloadIsReused after the invocation, as the runtime does.
func TestPayloadIsReused(t *testing.T) {
	t.Parallel()
	var kept []byte
	_, err := handlertest.EventSourceMapping{}.Run(t.Context(), handlerFunc(func(_ context.Context, payload []byte) ([]byte, error) {
		kept = payload
		return json.RawMessage(done), nil
	}), stream(1)...)
	if err != nil || strings.Trim(string(kept), "\x00") != "" {
		t.Errorf("the payload is still %q, %v", kept, err)
	}
}
