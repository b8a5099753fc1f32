package handlertest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler/handlertest"
)

func TestWith(t *testing.T) {
	t.Parallel()
	records, err := handlertest.Records([]byte(`{"Records":[{"a":{"b":1,"c":"x"},"d":[2]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := records[0]
	for _, c := range []struct {
		got  handlertest.Record
		want string
	}{
		{r.With("a.b", "7"), `{"a":{"b":7,"c":"x"},"d":[2]}`},
		{r.With("a.b", "{bad"), `{"a":{"b":{bad,"c":"x"},"d":[2]}`},
		{r.With("e.f.g", "null"), `{"a":{"b":1,"c":"x"},"d":[2],"e":{"f":{"g":null}}}`},
		{r.Without("a.b"), `{"a":{"c":"x"},"d":[2]}`},
		{r.Without("a.b").Without("a.c"), `{"a":{},"d":[2]}`},
		{r.Without("no.such"), `{"a":{"b":1,"c":"x"},"d":[2]}`},
		{r.Without("a").Without("d"), `{}`},
	} {
		if c.got.String() != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	if bad := r.With("d.x", "1"); bad.Err() == nil {
		t.Errorf("setting a member of a list made %s", bad)
	}
	if r.String() != `{"a":{"b":1,"c":"x"},"d":[2]}` {
		t.Errorf("the record itself was changed to %s", r)
	}
}

// TestSequenceNumberOfDamagedRecord: the stream knows where a record stands, whatever its JSON says.
func TestSequenceNumberOfDamagedRecord(t *testing.T) {
	t.Parallel()
	table := handlertest.Table{Keys: []string{"pk"}}
	r := table.Insert(Order{ID: "a"})
	for _, damaged := range []handlertest.Record{
		r.Without("dynamodb.SequenceNumber"), r.With("dynamodb.SequenceNumber", `"x"`), r.With("dynamodb", "[]"), r.With("eventID", "{"),
	} {
		if damaged.SequenceNumber() != r.SequenceNumber() {
			t.Errorf("%s has the sequence number %q, want %q", damaged, damaged.SequenceNumber(), r.SequenceNumber())
		}
	}
	if moved := r.With("dynamodb.SequenceNumber", `"42"`); moved.SequenceNumber() != "42" {
		t.Errorf("sequence number is %q, want 42", moved.SequenceNumber())
	}
}

func TestRecordsTakesAnEventApart(t *testing.T) {
	t.Parallel()
	table := handlertest.Table{Keys: []string{"pk"}}
	event := handlertest.Payload(t, table.Insert(Order{ID: "a"}), table.Remove(Order{ID: "b"}))
	records, err := handlertest.Records(event)
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if again := handlertest.Payload(t, records...); string(again) != string(event) {
		t.Errorf("%s\nbecame\n%s", event, again)
	}
	for _, bad := range []string{``, `{`, `{}`, `{"Records":null}`, `[]`} {
		if _, err := handlertest.Records([]byte(bad)); err == nil {
			t.Errorf("%q was taken apart", bad)
		}
	}
}

// TestFailuresIsStrict lists answers that Lambda does not take for a partial batch response.
func TestFailuresIsStrict(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{``, `null`, `{}`, `{"batchItemFailures":null}`, `{"statusCode":500}`, `{"batchItemFailures":[{"id":"1"}]}`} {
		stub := &stubTB{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			handlertest.Failures(stub, []byte(bad))
		}()
		<-done
		if !strings.Contains(stub.fatal, "is no partial batch response") {
			t.Errorf("%q passed: %q", bad, stub.fatal)
		}
	}
	got, _ := json.Marshal(handlertest.Failures(t, []byte(`{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"2"}]}`)))
	if string(got) != `["1","2"]` {
		t.Errorf("failures are %s", got)
	}
}
