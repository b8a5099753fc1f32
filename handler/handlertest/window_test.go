package handlertest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/dynasink/dynasink/handler/handlertest"
)

// counting is a function that counts its window's records in its state, and notes each invocation.
func counting(notes *[]string, answer func(event events.DynamoDBTimeWindowEvent, state map[string]string) string) handlerFunc {
	return func(_ context.Context, payload []byte) ([]byte, error) {
		var event events.DynamoDBTimeWindowEvent
		if err := json.Unmarshal(payload, &event); err != nil {
			return nil, err
		}
		note := fmt.Sprintf("%s-%s %d state %q", event.Window.Start.Format("05"), event.Window.End.Format("05"), len(event.Records), event.State["n"])
		if event.IsFinalInvokeForWindow {
			note += " final"
		}
		if event.IsWindowTerminatedEarly {
			note += " early"
		}
		*notes = append(*notes, note)
		if event.ShardID == "" || !strings.HasPrefix(event.EventSourceARN, "arn:aws:dynamodb:") || event.State == nil {
			return nil, fmt.Errorf("event %+v", event.TimeWindowProperties)
		}
		return []byte(answer(event, event.State)), nil
	}
}

func state(n string) string { return fmt.Sprintf(`{"state":{"n":%q},"batchItemFailures":[]}`, n) }

// TestTumblingWindow has one record per second in windows of four seconds.
func TestTumblingWindow(t *testing.T) {
	t.Parallel()
	var notes []string
	esm := handlertest.EventSourceMapping{TumblingWindow: 4 * time.Second, BatchSize: 3}
	_, err := esm.Run(t.Context(), counting(&notes, func(event events.DynamoDBTimeWindowEvent, s map[string]string) string {
		return state(s["n"] + strings.Repeat("x", len(event.Records)))
	}), stream(6)...)
	want := `00-04 3 state "";00-04 1 state "xxx";00-04 0 state "xxxx" final;04-08 2 state "";04-08 0 state "xx" final`
	if got := strings.Join(notes, ";"); err != nil || got != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, err)
	}
}

// TestWindowKeepsItsStateOverFailures: a batch that failed as a whole comes again with the state it had.
func TestWindowKeepsItsStateOverFailures(t *testing.T) {
	t.Parallel()
	var notes []string
	records := stream(3)
	esm := handlertest.EventSourceMapping{TumblingWindow: time.Minute, BatchSize: 2, ReportBatchItemFailures: true}
	_, err := esm.Run(t.Context(), counting(&notes, func(event events.DynamoDBTimeWindowEvent, s map[string]string) string {
		switch len(notes) {
		case 1:
			return state("a")
		case 2, 4:
			return `{"state":{"n":"lost"},"batchItemFailures":[{}]}`
		case 3:
			return state("b")
		}
		return `{"state":{}}`
	}), records...)
	want := `00-00 2 state "";00-00 1 state "a";00-00 1 state "a";00-00 0 state "b" final;00-00 0 state "b" final`
	if got := strings.Join(notes, ";"); err != nil || got != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, err)
	}
}

// TestWindowEndsEarly when its state is larger than a megabyte.
func TestWindowEndsEarly(t *testing.T) {
	t.Parallel()
	var notes []string
	esm := handlertest.EventSourceMapping{TumblingWindow: time.Minute, BatchSize: 1}
	_, err := esm.Run(t.Context(), counting(&notes, func(event events.DynamoDBTimeWindowEvent, s map[string]string) string {
		if len(notes) == 1 {
			return `{"state":{"n":"x","big":"` + strings.Repeat("x", 1<<20) + `"}}`
		}
		return state("y")
	}), stream(2)...)
	want := `00-00 1 state "";00-00 0 state "x" final early;00-00 1 state "";00-00 0 state "y" final`
	if got := strings.Join(notes, ";"); err != nil || got != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, err)
	}
}

// TestWindowResponse: the state has to be JSON, with and without partial responses.
func TestWindowResponse(t *testing.T) {
	t.Parallel()
	result, err := handlertest.EventSourceMapping{TumblingWindow: time.Minute, MaximumRetryAttempts: new(0)}.Run(t.Context(),
		function(func([]string) (string, error) { return "{", nil }), stream(1)...)
	if err != nil || len(result.Discarded) != 2 || !strings.Contains(result.Invocations[0].String(), "no JSON object") {
		t.Errorf("%v, %v", result, err)
	}
	if text := result.Invocations[1].String(); !strings.HasPrefix(text, "final for the window: ") {
		t.Errorf("the final invocation is told as %q", text)
	}
}
