package streamjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const envelope = `{"eventID":"%d","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-west-1",` +
	`"dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"pk":{"S":"k%d"}},"NewImage":%s,"OldImage":{"pk":{"S":"o"}},` +
	`"SequenceNumber":"%d00","SizeBytes":%d,"StreamViewType":"NEW_AND_OLD_IMAGES"},"eventSourceARN":"arn:aws:dynamodb:x"}`

func record(n int, image string) string { return fmt.Sprintf(envelope, n, n, image, n, n) }

func payload(records ...string) string { return `{"Records":[` + strings.Join(records, ",") + `]}` }

// plainRecord is what encoding/json sees.
type plainRecord struct {
	EventID, EventName, EventVersion, EventSource, AwsRegion, EventSourceARN string
	UserIdentity                                                             json.RawMessage
	Dynamodb                                                                 struct {
		SequenceNumber, StreamViewType                                   string
		ApproximateCreationDateTime, SizeBytes, Keys, NewImage, OldImage json.RawMessage
	}
}

func (p plainRecord) record(raw json.RawMessage) Record {
	d := p.Dynamodb
	return Record{
		EventID: p.EventID, EventName: p.EventName, EventVersion: p.EventVersion, EventSource: p.EventSource, AWSRegion: p.AwsRegion,
		EventSourceARN: p.EventSourceARN, UserIdentity: text(p.UserIdentity), SequenceNumber: d.SequenceNumber,
		StreamViewType: d.StreamViewType, ApproximateCreationDateTime: text(d.ApproximateCreationDateTime),
		SizeBytes: text(d.SizeBytes), Keys: text(d.Keys), NewImage: text(d.NewImage), OldImage: text(d.OldImage), Raw: string(raw),
	}
}

func text(raw json.RawMessage) string {
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

func usual(t *testing.T, payload string) (records []Record) {
	t.Helper()
	var raw struct{ Records []json.RawMessage }
	if err := json.Unmarshal([]byte(payload), &raw); err != nil {
		t.Fatal(err)
	}
	for _, r := range raw.Records {
		var p plainRecord
		if err := json.Unmarshal(r, &p); err != nil {
			t.Fatal(err)
		}
		records = append(records, p.record(r))
	}
	return records
}

func goodPayloads() []string {
	insert := strings.Replace(record(3, `{"pk":{"S":"é\"}]"},"l":{"L":[{"N":"1"}]}}`), `"OldImage":{"pk":{"S":"o"}},`, ``, 1)
	mixed := payload(record(1, `{}`), record(2, `{"OldImage":{"M":{"SequenceNumber":{"S":"x"}}}}`), insert, record(4, `{"a":{"BOOL":true}}`))
	return []string{
		payload(), mixed, payload(insert, insert, record(5, "null"), insert),
		strings.NewReplacer(":", " : ", ",", " ,\n\t").Replace(mixed),
		payload(`{}`, `{"dynamodb":{}}`, `{"dynamodb":null,"eventID":null}`, `{"eventID":"\u0031\n"}`),
		`{"a":[1,{}],"Records":[{"unknown":[1,2],"userIdentity":{"type":"Service"},"dynamodb":{"more":{},"SizeBytes":1e3}}],"b":1}`,
		payload(record(1, `{}`), record(11, `{}`), strings.Replace(record(1, `{}`), `1700000000`, `1700000000.25`, 1)),
	}
}

func TestSplitAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, p := range goodPayloads() {
		got, err := Split(p)
		want := usual(t, p)
		if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", p, got, err, want)
		}
		array, err := SplitArray(strings.TrimSuffix(strings.TrimPrefix(p, `{"Records":`), `}`))
		if strings.HasPrefix(p, `{"Records":`) && (err != nil || len(array) != len(got)) {
			t.Errorf("SplitArray: %d records, %v", len(array), err)
		}
	}
}

func TestDamagedPayload(t *testing.T) {
	t.Parallel()
	good := payload(record(1, `{"a":{"S":"x"}}`), record(2, `{}`))
	for i := range good {
		if _, err := Split(good[:i]); err == nil {
			t.Errorf("accepted when cut off at %d", i)
		}
	}
	for _, p := range []string{
		``, `null`, `[]`, `{}`, `{"records":[]}`, `{"Records":null}`, `{"Records":{}}`, `{"Records":[]}}`, `{"Records":[],"Records":[]}`,
		`{"Records":[,]}`, `{"Records":[{}] "a":1}`, `{"Records":[{},]}`, `{"Records":[{]}`, `{"Records":[{}}]}`, `{"a":tru,"Records":[]}`,
	} {
		if got, err := Split(p); err == nil {
			t.Errorf("%s: accepted: %+v", p, got)
		}
	}
}

func TestDamagedRecordIsAlone(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"escape": record(2, `{"a":{"S":"\x"}}`), "utf8": record(2, "{\"a\":{\"S\":\"\xff\"}}"), "control": record(2, "{\"a\":{\"S\":\"\n\"}}"),
		"word": record(2, `{"a":{"BOOL":yes}}`), "comma": record(2, `{"a":{"S":"x"},}`), "type": record(2, `[]`), "text": record(2, `"x"`),
		"id": strings.Replace(record(2, `{}`), `"eventID":"2"`, `"eventID":2`, 1), "size": strings.Replace(record(2, `{}`), `:2,`, `:"2",`, 1),
		"twice": strings.Replace(record(2, `{}`), `"Keys":`, `"Keys":{},"Keys":`, 1),
	} {
		got, err := Split(payload(record(1, `{}`), bad, record(3, `{}`)))
		if err != nil || len(got) != 3 || got[0].Err != nil || got[2].Err != nil || got[2].SequenceNumber != "300" {
			t.Errorf("%s: the records around it: %+v, %v", name, got, err)
			continue
		}
		if got[1].Err == nil || got[1].Raw != bad || got[1].SequenceNumber != "200" && name != "twice" {
			t.Errorf("%s: the record itself: %+v", name, got[1])
		}
	}
	got, err := Split(payload(`1`, `"x"`, `[{}]`, `null`, record(2, `{}`)))
	if err != nil || len(got) != 5 || got[4].Err != nil || !errors.Is(got[3].Err, ErrNotRecord) {
		t.Errorf("records that are no objects: %+v, %v", got, err)
	}
}

func tellsARN(arn string) bool { return arn != "" && arn != "arn0" }

// TestSource is of the first record that tells it, however damaged, and looks no further.
func TestSource(t *testing.T) {
	t.Parallel()
	arn := func(n int) string { return fmt.Sprintf(`{"dynamodb":{"Keys":{}},"eventSourceARN":"arn%d"}`, n) }
	for p, want := range map[string]string{
		payload(arn(1), arn(2)): "arn1", payload(`{}`, `1`, arn(0), arn(2)): "arn2", payload(arn(0)): "", payload(`{"eventID":[],"eventSourceARN":"arn3"}`): "arn3",
		`{"Records":[` + arn(4) + `,{"a":`: "arn4", payload(`{}`): "", payload(): "", `{`: "", `[]`: "", `{"Records":[{`: "", "": "",
	} {
		if got := Source(p, tellsARN); got != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, p := range goodPayloads() {
		f.Add(p)
	}
	f.Add(payload(record(1, `{"a":{"S":"\x"}}`)))
	f.Fuzz(func(t *testing.T, p string) {
		got, err := Split(p)
		valid := json.Valid([]byte(p))
		clean := err == nil
		if i := slices.IndexFunc(got, func(r Record) bool { return tellsARN(r.EventSourceARN) }); i >= 0 && Source(p, tellsARN) != got[i].EventSourceARN {
			t.Errorf("source %q, want %q", Source(p, tellsARN), got[i].EventSourceARN)
		}
		for _, r := range got {
			clean = clean && r.Err == nil
			if !strings.Contains(p, r.Raw) || r.Err == nil && !json.Valid([]byte(r.Raw)) {
				t.Errorf("record %q", r.Raw)
			}
		}
		if clean && !valid {
			t.Errorf("accepted what is not JSON: %q", p)
		}
		if clean {
			checkSplit(t, p, got)
		}
	})
}

// checkSplit compares with encoding/json, where it can: it also matches names
// that differ in case, and keeps the latter of two.
func checkSplit(t *testing.T, p string, got []Record) {
	var raw map[string]json.RawMessage
	var records []json.RawMessage
	if json.Unmarshal([]byte(p), &raw) != nil || json.Unmarshal(raw["Records"], &records) != nil || len(records) != len(got) {
		t.Errorf("%d records: %q", len(got), p)
	}
	for i := range records {
		var want struct {
			EventID  any `json:"eventID"`
			Dynamodb map[string]json.RawMessage
		}
		if string(records[i]) != got[i].Raw {
			t.Errorf("record %d is %q, want %q", i, got[i].Raw, records[i])
		}
		if json.Unmarshal(records[i], &want) != nil || strings.Count(strings.ToLower(p), "dynamodb\"") != len(records) {
			continue
		}
		for name, field := range map[string]string{"Keys": got[i].Keys, "NewImage": got[i].NewImage, "OldImage": got[i].OldImage} {
			if text(want.Dynamodb[name]) != field {
				t.Errorf("record %d: %s is %q, want %q", i, name, field, want.Dynamodb[name])
			}
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	records := make([]string, 1000)
	for i := range records {
		records[i] = record(i, `{"pk":{"S":"customer#0001"},"name":{"S":"Some One"},"n":{"N":"12345"},"flag":{"BOOL":true},"email":{"S":"a@example.org"}}`)
	}
	p := payload(records...)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Split(p); err != nil {
			b.Fatal(err)
		}
	}
}
