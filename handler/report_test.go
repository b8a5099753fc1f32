package handler_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// TestReasonsAreLogged: of each record that is reported or set aside, without values of the item.
func TestReasonsAreLogged(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	logger := handler.WithLogger(slog.New(slog.NewTextHandler(&lines, nil)))
	letters := sinktest.NewRecorder[handler.DeadLetter]()
	h := handler.NewDynamoDBEventHandler(obey(newStore().table(sink.Guarded())), logger,
		handler.OnFailure(handler.HaltKey), handler.DeadLetters(letters))
	records := inserts("", "fail", "permanent", "fail")
	invoke(t, h, records...).reports(t, records[1])
	for i, level := range map[int]string{1: "level=ERROR", 2: "level=WARN", 3: "level=ERROR"} {
		found := false
		for line := range strings.Lines(lines.String()) {
			found = found || strings.Contains(line, level) && strings.Contains(line, "sequenceNumber="+records[i].SequenceNumber())
		}
		if !found {
			t.Errorf("record %d has no line with %s:\n%s", i, level, lines.String())
		}
	}
	if strings.Contains(lines.String(), secret) {
		t.Errorf("the log holds a value:\n%s", lines.String())
	}
}

// TestSinkThatFailsForEveryRecord is not tried record by record, although HaltKey lets other items go on.
func TestSinkThatFailsForEveryRecord(t *testing.T) {
	t.Parallel()
	s := newStore()
	s.refuse = func(string) error { return errBusiness }
	h := handler.NewDynamoDBEventHandler(obey(s.table(sink.Guarded())), quiet, handler.OnFailure(handler.HaltKey))
	table, records := newTable(), []record(nil)
	for i := range 500 {
		records = append(records, table.Insert(item(strings.Repeat("x", i+1), "")))
	}
	invoke(t, h, records...).fails(t, "record 0")
	if s.transactions > 60 {
		t.Errorf("%d transactions for 500 records", s.transactions)
	}
}

func TestRawRecord(t *testing.T) {
	t.Parallel()
	const text = `{"a":1}`
	for _, column := range []any{text, []byte(text)} {
		var r handler.RawRecord
		if err := r.Scan(column); err != nil || string(r) != text {
			t.Errorf("Scan(%T): %s, %v", column, r, err)
		}
		if value, err := r.Value(); err != nil || value != text {
			t.Errorf("Value: %v, %v", value, err)
		}
	}
	r := handler.RawRecord(text)
	if err := r.Scan(nil); err != nil || r != nil {
		t.Errorf("Scan(nil): %s, %v", r, err)
	}
	if value, err := r.Value(); err != nil || value != nil {
		t.Errorf("Value of none: %v, %v", value, err)
	}
	if err := r.Scan(5); err == nil {
		t.Error("Scan(5) succeeds")
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil || string(r) != text {
		t.Errorf("from JSON: %s, %v", r, err)
	}
}
