package handler_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// FuzzInvoke: no payload panics, no record is acknowledged that was not handled, and what is reported was in the payload.
func FuzzInvoke(f *testing.F) {
	for _, payload := range corpus(f) {
		for options := range uint8(16) {
			f.Add(payload, options)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, options uint8) {
		done := map[int]bool{}
		letters := sink.Func(func(_ ctx, writes []sink.Write[handler.DeadLetter]) error {
			return nil
		})
		target := sink.Func(func(_ ctx, writes []sink.Write[Item]) error {
			for _, w := range writes {
				done[w.Origin.Index] = true
			}
			return nil
		})
		opts := []handler.Option{quiet}
		for bit, opt := range []handler.Option{handler.OnFailure(handler.HaltKey), handler.FailWholeBatch(), handler.DeadLetters(letters)} {
			if options&(1<<bit) != 0 {
				opts = append(opts, opt)
			}
		}
		h := handler.NewDynamoDBEventHandler(fuzzed(target), opts...)
		if options&8 != 0 {
			h = handler.NewDynamoDBEventHandler(handler.Mirror[Item](target), opts...)
		}
		response, err := h.Invoke(t.Context(), payload)
		if (err == nil) == (response == nil) {
			t.Fatalf("response %q with error %v", response, err)
		}
		if err == nil {
			checkAnswer(t, payload, handlertest.Failures(t, response), done, options&4 != 0)
		}
	})
}

// fuzzed stages each record and fails those whose item says so.
func fuzzed(target sink.Target[Item]) handleFunc {
	return func(_ ctx, rec *handler.Record[Item], batch *sink.Batch) error {
		target.Upsert(batch, rec.Keys)
		if strings.HasPrefix(rec.Keys.ID, "fail") || rec.NewImage != nil && rec.NewImage.Do == "fail" {
			return errBusiness
		}
		return nil
	}
}

// checkAnswer reads the payload in another way than the handler does.
func checkAnswer(t *testing.T, payload []byte, failed []string, done map[int]bool, letters bool) {
	var event map[string]json.RawMessage
	var records []json.RawMessage
	if err := json.Unmarshal(payload, &event); err != nil && !letters && len(failed) == 0 {
		t.Fatalf("a payload that is no JSON was acknowledged: %v", err)
	}
	_ = json.Unmarshal(event["Records"], &records)
	if len(failed) > 1 || len(failed) == 1 && failed[0] == "" {
		t.Fatalf("reported %q", failed)
	}
	if damaged(payload) {
		return
	}
	acknowledged := len(records)
	if len(failed) == 1 {
		acknowledged = slices.IndexFunc(records, func(r json.RawMessage) bool { return sequenceIn(r) == failed[0] })
		if acknowledged < 0 {
			t.Fatalf("reported %q, which no record of the payload has", failed)
		}
	}
	for i, record := range records {
		if again(record, i, acknowledged, failed) || done[i] || letters {
			continue
		}
		t.Fatalf("record %d of %d was acknowledged and not handled; reported %q", i, len(records), failed)
	}
}

// again reports whether Lambda redelivers a record: those from the lowest reported sequence number on.
func again(record json.RawMessage, i, acknowledged int, failed []string) bool {
	own, err := sink.PadSequence(sequenceIn(record))
	if err != nil || len(failed) == 0 {
		return i >= acknowledged
	}
	lowest, _ := sink.PadSequence(failed[0])
	return own >= lowest
}

// damaged: a record that is no JSON fails alone, so there is no telling here which one it is.
func damaged(payload []byte) bool { return !json.Valid(payload) }

// sequenceIn uses maps, because names are compared exactly.
func sequenceIn(record json.RawMessage) string {
	var r, change map[string]json.RawMessage
	var sequence string
	_ = json.Unmarshal(record, &r)
	_ = json.Unmarshal(r["dynamodb"], &change)
	_ = json.Unmarshal(change["SequenceNumber"], &sequence)
	return sequence
}

// corpus is good batches of all kinds, every damage of the tests in one, and texts that are no batch.
func corpus(f *testing.F) [][]byte {
	table := newTable()
	good := []handlertest.Record{
		table.Insert(item("a", "")), table.Modify(item("a", ""), item("a", "fail")), table.Remove(item("fail", "")), table.Expire(item("b", "")),
		table.Insert(item("c", "")),
	}
	payloads := [][]byte{
		nil, []byte(`{}`), []byte(`null`), []byte(`{"Records":[]}`), []byte(`{"Records":[null,7,{}]}`),
		handlertest.Payload(f, good...), handlertest.Payload(f, good[0]), handlertest.Payload(f, good[1:]...),
		[]byte(strings.Replace(string(handlertest.Payload(f, good[0])), "Records", "records", 1)),
		[]byte(strings.Replace(string(handlertest.Payload(f, good[0])), "}}", `}},`, 1)),
	}
	for _, c := range damages {
		payloads = append(payloads, handlertest.Payload(f, good[0], c.damage(good[4]), good[3]))
	}
	return payloads
}
