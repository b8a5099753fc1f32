package handlertest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/handler/handlertest"
)

// function is a Handler made of a function that gets the last digits of the records' sequence numbers.
type function func(records []string) (string, error)

func (f function) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	records, err := handlertest.Records(payload)
	if err != nil {
		return nil, err
	}
	response, err := f(names(records))
	return []byte(response), err
}

func names(records []handlertest.Record) []string {
	names := make([]string, len(records))
	for i, r := range records {
		names[i] = name(r)
	}
	return names
}

// name is the position in the stream, from 1.
func name(r handlertest.Record) string {
	return strings.TrimLeft(strings.TrimPrefix(r.SequenceNumber(), "99999999999999999999"), "0")
}

func failure(r handlertest.Record) string {
	return fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q}]}`, r.SequenceNumber())
}

// stream makes n inserts of different items.
func stream(n int) []handlertest.Record {
	table := handlertest.Table{Keys: []string{"pk"}}
	records := make([]handlertest.Record, n)
	for i := range records {
		records[i] = table.Insert(Order{ID: fmt.Sprint(i)})
	}
	return records
}

// calls notes the batches that a function got, as in "1-3 4-6".
type calls struct {
	mu   sync.Mutex
	list []string
}

func (c *calls) add(records []string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := records[0]
	if n := len(records); n > 1 {
		text += "-" + records[n-1]
	}
	c.list = append(c.list, text)
	return len(c.list)
}

func (c *calls) String() string { return strings.Join(c.list, " ") }

const done = `{"batchItemFailures":[]}`

func TestBatches(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{0: "1-9", 1: "1 2 3 4 5 6 7 8 9", 4: "1-4 5-8 9", 9: "1-9"} {
		var got calls
		esm := handlertest.EventSourceMapping{BatchSize: size}
		result, err := esm.Run(t.Context(), function(func(records []string) (string, error) {
			got.add(records)
			return "", nil
		}), stream(9)...)
		if err != nil || got.String() != want || len(result.Invocations) != len(got.list) || len(result.Discarded) > 0 {
			t.Errorf("BatchSize %d: %q, want %q; %v, %v", size, got.String(), want, result, err)
		}
	}
}

// TestSixMegabytes is the most that Lambda delivers at once.
func TestSixMegabytes(t *testing.T) {
	t.Parallel()
	records := stream(3)
	records[0] = records[0].With("eventName", `"`+strings.Repeat("x", 4<<20)+`"`)
	records[1] = records[1].With("eventName", `"`+strings.Repeat("x", 4<<20)+`"`)
	var got calls
	_, err := handlertest.EventSourceMapping{}.Run(t.Context(), function(func(records []string) (string, error) {
		got.add(records)
		return "", nil
	}), records...)
	if err != nil || got.String() != "1 2-3" {
		t.Errorf("batches of two records of 4 MB and a small one: %q, %v", got.String(), err)
	}
}

// TestResponses holds the mapping to what AWS documents about responses, and where it documents nothing to the safe side.
func TestResponses(t *testing.T) {
	t.Parallel()
	records := stream(4)
	id := func(i int) string { return fmt.Sprintf(`{"itemIdentifier":%q}`, records[i].SequenceNumber()) }
	list := func(items ...string) string { return `{"batchItemFailures":[` + strings.Join(items, ",") + `]}` }
	const all, none = "1-4", ""
	for _, c := range []struct {
		response string
		err      error
		partial  string // what is delivered again with ReportBatchItemFailures
		whole    string // and without
	}{
		{``, nil, none, none},
		{`null`, nil, none, none},
		{`{}`, nil, none, none},
		{list(), nil, none, none},
		{`{"batchItemFailures":null}`, nil, none, none},
		{`{"statusCode":500}`, nil, none, none},
		{list(id(1)), nil, "2-4", none},
		{list(id(3), id(1), id(2)), nil, "2-4", none},
		{list(id(0)), nil, all, none},
		{list(id(3)), nil, "4", none},
		{list(`{"itemIdentifier":""}`), nil, all, none},
		{list(`{"itemIdentifier":null}`), nil, all, none},
		{list(`{"itemIdentifier":7}`), nil, all, none},
		{list(`{"badKey":"1"}`), nil, all, none},
		{list(`{}`), nil, all, none},
		{list(`{"itemIdentifier":"12345"}`), nil, all, none},
		{list(id(2), `{"itemIdentifier":"x"}`), nil, all, none},
		{`{"batchItemFailures":{}}`, nil, all, none},
		{`{"batchItemFailures":"x"}`, nil, all, none},
		{`{"batchItemFail`, nil, all, none},
		{`"ok"`, nil, all, none},
		{``, errors.New("no"), all, all},
	} {
		for _, report := range []bool{true, false} {
			var got calls
			esm := handlertest.EventSourceMapping{ReportBatchItemFailures: report}
			_, err := esm.Run(t.Context(), function(func(records []string) (string, error) {
				if got.add(records) == 1 {
					return c.response, c.err
				}
				return done, nil
			}), records...)
			want := c.whole
			if report {
				want = c.partial
			}
			if again := strings.Join(got.list[1:], " "); again != want || err != nil {
				t.Errorf("%s, error %v, ReportBatchItemFailures %v: delivered again %q, want %q; %v", c.response, c.err, report, again, want, err)
			}
		}
	}
}

// TestCheckpointIsANumber: the tenth record has a digit more than the ninth, and as text it would be lower.
func TestCheckpointIsANumber(t *testing.T) {
	t.Parallel()
	records := stream(12)
	esm := handlertest.EventSourceMapping{ReportBatchItemFailures: true}
	result, err := esm.Run(t.Context(), function(func(got []string) (string, error) {
		if len(got) == 12 {
			return fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q},{"itemIdentifier":%q}]}`, records[10].SequenceNumber(), records[8].SequenceNumber()), nil
		}
		return done, nil
	}), records...)
	if err != nil || len(result.Invocations) != 2 || len(result.Invocations[1].Records) != 4 {
		t.Errorf("%v, %v; want the ninth record and those after it again", result.Invocations, err)
	}
}

// TestRetriesAndBisection counts deliveries of a batch of 8 whose sixth record always fails.
func TestRetriesAndBisection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		retries         int
		partial, bisect bool
		want, discarded string
	}{
		{0, false, false, "1-8", "1-8"},
		{2, false, false, "1-8 1-8 1-8", "1-8"},
		{0, true, false, "1-8", "6-8"},
		{2, true, false, "1-8 6-8 6-8", "6-8"},
		{0, false, true, "1-8 1-4 5-8 5-6 5 6 7-8", "6"},
		{2, false, true, "1-8 1-4 5-8 5-6 5 6 6 6 7-8", "6"},
		{0, true, true, "1-8 6-8 6 7-8", "6"},
		{1, true, true, "1-8 6-8 6 6 7-8", "6"},
	} {
		var got calls
		records := stream(8)
		esm := handlertest.EventSourceMapping{ReportBatchItemFailures: c.partial, BisectBatchOnFunctionError: c.bisect, MaximumRetryAttempts: &c.retries}
		result, err := esm.Run(t.Context(), function(func(batch []string) (string, error) {
			got.add(batch)
			switch {
			case !slices.Contains(batch, "6"):
				return done, nil
			case c.partial:
				return failure(records[5]), nil
			}
			return "", errors.New("no")
		}), records...)
		var discarded calls
		for _, d := range result.Discarded {
			discarded.add(names(d.Records))
		}
		if err != nil || got.String() != c.want || discarded.String() != c.discarded {
			t.Errorf("%+v: delivered %q, discarded %q, %v", c, got.String(), discarded.String(), err)
		}
	}
}

// TestNoProgress: without a limit of retries a shard would be blocked for ever.
func TestNoProgress(t *testing.T) {
	t.Parallel()
	result, err := handlertest.EventSourceMapping{BisectBatchOnFunctionError: true}.Run(t.Context(),
		function(func([]string) (string, error) { return "", errors.New("no") }), stream(8)...)
	if err == nil || !strings.Contains(err.Error(), "makes no progress") || len(result.Invocations) != 100 {
		t.Errorf("%d invocations, %v", len(result.Invocations), err)
	}
}
