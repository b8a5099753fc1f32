package handler_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// entry is an item that may hold what looks like the beginning of a record.
type entry struct {
	ID   string              `dynamodbav:"pk"`
	Text string              `dynamodbav:"text"`
	Log  map[string][]string `dynamodbav:"log,omitempty"`
}

// seen collects the records that a handler gets.
func seen(into *[]handler.Record[entry]) handler.StreamEventHandlerFunc[entry] {
	return func(_ context.Context, rec *handler.Record[entry], _ *sink.Batch) error {
		*into = append(*into, *rec)
		return nil
	}
}

// TestALargePayload is decoded by several goroutines where it can be cut, and gives the handler what each record by itself would.
func TestALargePayload(t *testing.T) {
	t.Parallel()
	for name, log := range map[string]map[string][]string{"plain": nil, "like records": {"eventID": {"x"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testLargePayload(t, log)
		})
	}
}

func testLargePayload(t *testing.T, log map[string][]string) {
	const records = 3000 // about 1.5 MB
	table := newTable()
	var event []handlertest.Record
	for i := range records {
		item := entry{fmt.Sprintf("k%d", i/3), strings.Repeat(`,{"eventID":`, 9), log}
		switch i % 3 {
		case 0:
			event = append(event, table.Insert(item))
		case 1:
			event = append(event, table.Modify(entry{ID: item.ID, Text: "before"}, item))
		case 2:
			event = append(event, table.Remove(item))
		}
	}
	for name, opts := range map[string][]handler.Option{
		"all images": nil, "one": {handler.Needs(handler.NewImage)}, "by envelope": {handler.OnlyEvents(handler.Insert, handler.Modify, handler.Remove)},
	} {
		var together, alone []handler.Record[entry]
		h := handler.NewDynamoDBEventHandler(seen(&together), opts...)
		response, err := h.Invoke(t.Context(), handlertest.Payload(t, event...))
		if err != nil || len(handlertest.Failures(t, response)) > 0 || len(together) != records {
			t.Fatalf("%s: %d records, %.200s, %v", name, len(together), response, err)
		}
		h = handler.NewDynamoDBEventHandler(seen(&alone), opts...)
		for _, r := range event {
			if _, err := h.Invoke(t.Context(), handlertest.Payload(t, r)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range together {
			if !reflect.DeepEqual(together[i], alone[i]) {
				t.Fatalf("%s: record %d is %+v, want %+v", name, i, together[i], alone[i])
			}
		}
	}
}

// TestALargePayloadWithARecordThatCannotBeDecoded: the records before it are handled, and it is the one that is reported.
func TestALargePayloadWithARecordThatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	const records, bad = 2000, 1234
	table := newTable()
	var event []handlertest.Record
	for i := range records {
		var text any = strings.Repeat("x", 300)
		if i == bad {
			text = []int{1}
		}
		event = append(event, table.Insert(map[string]any{"pk": fmt.Sprint(i), "text": text}))
	}
	var handled []handler.Record[entry]
	h := handler.NewDynamoDBEventHandler(seen(&handled), quiet)
	response, err := h.Invoke(t.Context(), handlertest.Payload(t, event...))
	if err != nil {
		t.Fatal(err)
	}
	failures := handlertest.Failures(t, response)
	if len(handled) != bad || len(failures) != 1 || failures[0] != event[bad].SequenceNumber() {
		t.Errorf("%d records handled, reported %v", len(handled), failures)
	}
}
