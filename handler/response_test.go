package handler_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

func TestEverythingHandled(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table()))
	invoke(t, h, inserts("", "", "")...).succeeds(t)
	wantRows(t, s, "a b c")
	if s.transactions != 1 {
		t.Errorf("it took %d transactions", s.transactions)
	}
}

// TestLowestFailureIsReported: one entry, the first record that failed; what comes after it is neither handled nor committed.
func TestLowestFailureIsReported(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"fail", "permanent", "panic"} {
		s := newStore()
		log := new(logged)
		h := handler.NewDynamoDBEventHandler(obey(s.table()), log.option())
		records := inserts("", "", do, "", do)
		invoke(t, h, records...).reports(t, records[2])
		wantRows(t, s, "a b")
		if !strings.Contains(log.String(), records[2].SequenceNumber()) || strings.Contains(log.String(), secret) {
			t.Errorf("%s: the log says %s", do, log)
		}
	}
}

// TestLowestIsByNumber: the record reported is the one with the lowest number, compared as a number, also when a batch
// made by hand is in another order.
func TestLowestIsByNumber(t *testing.T) {
	t.Parallel()
	records := inserts("", "fail", "", "fail")
	records[1] = records[1].With("dynamodb.SequenceNumber", `"1000000000000000000000"`)
	records[3] = records[3].With("dynamodb.SequenceNumber", `"999999999999999999999"`)
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table()), quiet)
	invoke(t, h, records...).reports(t, records[2])
	h = handler.NewDynamoDBEventHandler(obey(s.table(sink.Guarded())), quiet, handler.OnFailure(handler.HaltKey))
	invoke(t, h, records...).reports(t, records[3])
}

func TestNothingSucceeded(t *testing.T) {
	t.Parallel()
	h := handler.NewDynamoDBEventHandler(obey(newStore().table()))
	got := invoke(t, h, inserts("fail", "", "")...)
	got.fails(t, "record 0 (sequence number 999999999999999999991)", "handler: ")
	if !errors.Is(got.err, errBusiness) {
		t.Errorf("%v does not wrap the handler's error", got.err)
	}
}

// TestFilteredRecordIsProgress: redelivery of a batch whose first records were dropped starts at the failed one.
func TestFilteredRecordIsProgress(t *testing.T) {
	t.Parallel()
	table := newTable()
	first, second := table.Remove(item("a", "")), table.Insert(item("b", "fail"))
	h := handler.NewDynamoDBEventHandler(obey(newStore().table()), quiet, handler.OnlyEvents(handler.Insert))
	invoke(t, h, first, second).reports(t, second)
	invoke(t, h, second, first).fails(t, "record 0")
}

func TestFailWholeBatch(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.FailWholeBatch())
	invoke(t, h, inserts("", "fail", "")...).fails(t, "record 1")
	wantRows(t, s, "a")
	invoke(t, h, inserts("", "")...).succeeds(t)
}

// TestPayloadIsNotKept: aws-lambda-go reuses the buffer of the payload after the answer.
func TestPayloadIsNotKept(t *testing.T) {
	t.Parallel()
	var kept []*handler.Record[Item]
	letters := newLetters()
	h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], _ *sink.Batch) error {
		kept = append(kept, rec)
		return sink.Permanent(errBusiness)
	}), handler.DeadLetters(letters))
	payload := []byte(`{"Records":[` + inserts("x")[0].String() + `]}`)
	if _, err := h.Invoke(t.Context(), payload); err != nil {
		t.Fatal(err)
	}
	for i := range payload {
		payload[i] = '#'
	}
	if rec := kept[0]; *rec.NewImage != item("a", "x") || strings.Contains(rec.SequenceNumber+rec.EventSourceARN, "#") {
		t.Errorf("the record has become %+v", rec)
	}
	if letter := letters.Upserts()[0]; strings.Contains(string(letter.Record), "#") {
		t.Errorf("the dead letter has become %s", letter.Record)
	}
}

// TestRecord checks that a handler gets all that the record says.
func TestRecord(t *testing.T) {
	t.Parallel()
	var got *handler.Record[Item]
	h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], batch *sink.Batch) error {
		got = rec
		if o := batch.Origin(); o.EventID != rec.EventID || o.Sequence != rec.SequenceNumber || o.Source != rec.EventSourceARN {
			t.Errorf("the batch has the origin %+v", o)
		}
		return nil
	}))
	table := newTable()
	r := table.Expire(item("a", "x"))
	invoke(t, h, r).succeeds(t)
	if got.EventName != handler.Remove || got.EventVersion != "1.1" || got.EventSource != "aws:dynamodb" || got.AWSRegion != "eu-west-1" ||
		got.SequenceNumber != r.SequenceNumber() || got.EventSourceARN != table.StreamARN() || len(got.EventID) != 32 ||
		got.TableName() != "items" || !got.Expired() || got.StreamViewType != handler.NewAndOldImages || got.SizeBytes == 0 {
		t.Errorf("the record is %+v", got)
	}
	if got.Keys != (Item{ID: "a"}) || got.NewImage != nil || *got.OldImage != item("a", "x") {
		t.Errorf("the images are %+v %+v %+v", got.Keys, got.NewImage, got.OldImage)
	}
}

// TestCreationTime: seconds as documented, with a fraction as some events have them, and what comes through Kinesis.
func TestCreationTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1767225600":       "2026-01-01T00:00:00Z",
		"1767225600.0":     "2026-01-01T00:00:00Z",
		"1.7672256E9":      "2026-01-01T00:00:00Z",
		"1767225600.25":    "2026-01-01T00:00:00.25Z",
		"1767225600123":    "2026-01-01T00:00:00.123Z",
		"1767225600123456": "2026-01-01T00:00:00.123456Z",
		"null":             "0001-01-01T00:00:00Z",
	} {
		var got string
		h := handler.NewDynamoDBEventHandler(handleFunc(func(_ context.Context, rec *handler.Record[Item], _ *sink.Batch) error {
			got = rec.ApproximateCreationDateTime.Format("2006-01-02T15:04:05.999999999Z07:00")
			return nil
		}))
		invoke(t, h, inserts("")[0].With("dynamodb.ApproximateCreationDateTime", text)).succeeds(t)
		if got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
}
