package handlertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/dynasink/dynasink/handler"
)

// Event returns the event that Lambda invokes a function with for a batch of records. It fails if one of them could not be
// built.
func Event(records ...Record) ([]byte, error) {
	texts := make([][]byte, len(records))
	for i, r := range records {
		if r.err != nil {
			return nil, r.err
		}
		texts[i] = r.json
	}
	list := bytes.Join(texts, []byte(","))
	return append(append([]byte(`{"Records":[`), list...), `]}`...), nil
}

// Payload is [Event] for tests: it ends the test if a record could not be built.
func Payload(t testing.TB, records ...Record) []byte {
	t.Helper()
	payload, err := Event(records...)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// Records takes an event apart: a recorded one, say, to deliver it in other batches. The event must be valid JSON.
func Records(event []byte) ([]Record, error) {
	var list struct{ Records []json.RawMessage }
	if err := json.Unmarshal(event, &list); err != nil {
		return nil, fmt.Errorf("handlertest: the event is no JSON: %w", err)
	}
	if list.Records == nil {
		return nil, errors.New("handlertest: the event has no Records")
	}
	records := make([]Record, len(list.Records))
	for i, text := range list.Records {
		records[i] = newRecord(text)
	}
	return records, nil
}

// Failures returns the sequence numbers in a partial batch response, none for a batch that is done. It ends the test if
// the response is not one: Lambda would take such a response for a success of all records, or for a failure of all.
func Failures(t testing.TB, response []byte) []string {
	t.Helper()
	var r handler.Response
	d := json.NewDecoder(bytes.NewReader(response))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.BatchItemFailures == nil {
		t.Fatalf("handlertest: %q is no partial batch response", response)
	}
	ids := make([]string, len(r.BatchItemFailures))
	for i, failure := range r.BatchItemFailures {
		ids[i] = failure.ItemIdentifier
	}
	return ids
}
