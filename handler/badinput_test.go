package handler_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// TestBadPayload lists payloads that are no batch of records: nothing of them may count as handled.
func TestBadPayload(t *testing.T) {
	t.Parallel()
	whole := string(handlertest.Payload(t, inserts("", "")...))
	for name, c := range map[string]struct{ payload, want string }{
		"nothing":           {``, "not a JSON object"},
		"truncated":         {whole[:len(whole)/2], "ends too early"},
		"last brace lost":   {whole[:len(whole)-1], "ends too early"},
		"not JSON":          {`hello ` + secret, "not a JSON object"},
		"two values":        {whole + whole, "text after the end"},
		"null":              {`null`, "not a JSON object"},
		"no Records":        {`{"secret":"` + secret + `"}`, `no "Records" array`},
		"Records null":      {`{"Records":null}`, `no "Records" array`},
		"Records an object": {`{"Records":{}}`, "Records"},
		"Records a string":  {`{"Records":"` + secret + `"}`, "Records"},
		"bare array":        {`[]`, "not a JSON object"},
		"other case":        {strings.Replace(whole, "Records", "records", 1), `no "Records" array`},
		"Records twice":     {whole[:len(whole)-1] + `,"Records":[]}`, "Records: member occurs twice"},
		"number":            {`7`, "not a JSON object"},
	} {
		s := newStore()
		h := handler.NewDynamoDBEventHandler(obey(s.table()))
		response, err := h.Invoke(t.Context(), []byte(c.payload))
		checkOutcome(t, response, err)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "handler: ") {
			t.Errorf("%s: response %s, error %v; want an error with %q", name, response, err, c.want)
		}
		wantRows(t, s, "")
	}
}

func TestNoRecordsAtAll(t *testing.T) {
	t.Parallel()
	invoke(t, handler.NewDynamoDBEventHandler(obey(newStore().table()))).succeeds(t)
}

// damages are records that cannot be handled, with what their error must say.
var damages = map[string]struct {
	damage func(handlertest.Record) handlertest.Record
	want   string
}{
	"unknown type":         {with("dynamodb.NewImage.do", `{"X":"`+secret+`"}`), "NewImage: mapping: attribute do"},
	"no type":              {with("dynamodb.NewImage.do", `{}`), "NewImage: mapping: attribute do"},
	"two types":            {with("dynamodb.NewImage.do", `{"S":"`+secret+`","N":"1"}`), "NewImage: mapping: attribute do"},
	"BS of a number":       {with("dynamodb.NewImage.do", `{"BS":[1]}`), "NewImage: mapping: attribute do"},
	"N no number":          {with("dynamodb.NewImage.do", `{"N":"s3cr3t"}`), "NewImage: mapping: attribute do"},
	"wrong Go type":        {with("dynamodb.NewImage.do", `{"M":{"`+secret+`":{"S":"`+secret+`"}}}`), "NewImage: mapping: attribute do"},
	"deep inside":          {with("dynamodb.NewImage.x", `{"L":[{"M":{"y":{"L":[{"N":"1"},{"N":"x"}]}}}]}`), "attribute x[0].y[1]"},
	"image a list":         {with("dynamodb.NewImage", `[]`), "NewImage"},
	"image a string":       {with("dynamodb.NewImage", `"`+secret+`"`), "NewImage"},
	"old image":            {with("dynamodb.OldImage", `{"do":{"N":"abc"}}`), "OldImage: mapping: attribute do"},
	"keys":                 {with("dynamodb.Keys", `{"pk":{"S":7}}`), "Keys: mapping: attribute pk"},
	"no keys":              {without("dynamodb.Keys"), "dynamodb.Keys is missing"},
	"keys null":            {with("dynamodb.Keys", `null`), "dynamodb.Keys is missing"},
	"unknown event":        {with("eventName", `"UPSERT"`), "unknown eventName"},
	"no event":             {without("eventName"), "unknown eventName"},
	"event in small":       {with("eventName", `"insert"`), "unknown eventName"},
	"event a number":       {with("eventName", `7`), "record envelope: eventName: member has the wrong JSON type"},
	"identity of numbers":  {with("userIdentity.type", `1`), "record envelope: userIdentity: type: a JSON number"},
	"twice an image":       {with("dynamodb.More", `1,"NewImage":{}`), "record envelope: dynamodb.NewImage: member occurs twice"},
	"not JSON":             {with("dynamodb.NewImage.do", `{"S":s3cr3t}`), "record envelope: not valid JSON"},
	"half a surrogate":     {with("dynamodb.NewImage.do", `{"S":"\ud800"}`), "record envelope: string has an invalid escape"},
	"not UTF-8":            {with("dynamodb.NewImage.do", "{\"S\":\"\xff\"}"), "record envelope: string is not valid UTF-8"},
	"event ID an object":   {with("eventID", `{"a":"`+secret+`"}`), "record envelope: eventID"},
	"time a string":        {with("dynamodb.ApproximateCreationDateTime", `"s3cr3t"`), "record envelope: dynamodb.ApproximateCreationDateTime"},
	"time far away":        {with("dynamodb.ApproximateCreationDateTime", `1e300`), "ApproximateCreationDateTime is out of range"},
	"identity a string":    {with("userIdentity", `"`+secret+`"`), "record envelope: userIdentity"},
	"size a fraction":      {with("dynamodb.SizeBytes", `1.5`), "record envelope: dynamodb.SizeBytes: not a whole number"},
	"view type a list":     {with("dynamodb.StreamViewType", `[]`), "record envelope: dynamodb.StreamViewType"},
	"event source a list":  {with("eventSource", `[]`), "record envelope: eventSource"},
	"no sequence number":   {without("dynamodb.SequenceNumber"), "dynamodb.SequenceNumber is not a number"},
	"sequence number null": {with("dynamodb.SequenceNumber", `null`), "dynamodb.SequenceNumber is not a number"},
	"sequence number text": {with("dynamodb.SequenceNumber", `"12a"`), "dynamodb.SequenceNumber is not a number"},
	"negative":             {with("dynamodb.SequenceNumber", `"-1"`), "dynamodb.SequenceNumber is not a number"},
	"41 digits":            {with("dynamodb.SequenceNumber", `"12345678901234567890123456789012345678901"`), "dynamodb.SequenceNumber is not a number"},
	"other digits":         {with("dynamodb.SequenceNumber", `"١٢٣"`), "dynamodb.SequenceNumber is not a number"},
	"not quoted":           {with("dynamodb.SequenceNumber", `123456789012345678901`), "record envelope: dynamodb.SequenceNumber"},
	"no change":            {without("dynamodb"), "dynamodb.SequenceNumber is not a number"},
	"change a list":        {with("dynamodb", `["`+secret+`"]`), "record envelope: dynamodb"},
}

func with(path, value string) func(handlertest.Record) handlertest.Record {
	return func(r handlertest.Record) handlertest.Record { return r.With(path, value) }
}

func without(path string) func(handlertest.Record) handlertest.Record {
	return func(r handlertest.Record) handlertest.Record { return r.Without(path) }
}

// TestDamagedRecord puts each damaged record between good ones: those before it are committed, nothing after it is, it is
// reported or the invocation fails, and the error names the record and the place.
func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	for name, c := range damages {
		records := inserts("", "", "", "")
		good := records[2]
		records[2] = c.damage(good)
		s := newStore()
		log := new(logged)
		h := handler.NewDynamoDBEventHandler(obey(s.table()), log.option())
		response, err := h.Invoke(t.Context(), handlertest.Payload(t, records...))
		checkOutcome(t, response, err)
		wantRows(t, s, "a b")

		said := log.String()
		if strings.Contains(c.want, "SequenceNumber") || strings.Contains(name, "change") {
			if err == nil {
				t.Errorf("%s: a record without sequence number was answered with %s", name, response)
				continue
			}
			said = err.Error()
		} else {
			outcome{response, err}.reports(t, good)
		}
		if !strings.Contains(said, c.want) || !strings.Contains(said, "record 2") || strings.Contains(said, secret) {
			t.Errorf("%s: the reason is %q, want one with %q and the record, and no value", name, said, c.want)
		}
	}
}

// TestOnlyDamagedRecords: when nothing succeeded the error itself is returned.
func TestOnlyDamagedRecord(t *testing.T) {
	t.Parallel()
	for name, c := range damages {
		s := newStore()
		h := handler.NewDynamoDBEventHandler(obey(s.table()))
		got := invoke(t, h, c.damage(inserts("")[0]))
		got.fails(t, c.want, "record 0")
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestDamagedRecordIsSetAside: it is permanent, so with dead letters the batch goes on and the letter has the record.
func TestDamagedRecordIsSetAside(t *testing.T) {
	t.Parallel()
	for name, c := range damages {
		records := inserts("", "", "")
		records[1] = c.damage(records[1])
		s, letters := newStore(), newLetters()
		h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.DeadLetters(letters))
		invoke(t, h, records...).succeeds(t)
		wantRows(t, s, "a c")
		got := letters.Upserts()
		if len(got) != 1 || string(got[0].Record) != records[1].String() || !strings.Contains(got[0].Reason, c.want) {
			t.Errorf("%s: the dead letters are %+v", name, got)
		}
	}
}

// TestDeadLettersOfDamagedRecordsDiffer: two records without any identity are two letters.
func TestDeadLettersOfDamagedRecordsDiffer(t *testing.T) {
	t.Parallel()
	letters := newLetters()
	h := handler.NewDynamoDBEventHandler(obey(newStore().table()), handler.DeadLetters(letters))
	const source = `"eventSource":"aws:dynamodb"`
	payload := []byte(`{"Records":[{"a":1,` + source + `},{"a":2,` + source + `},{` + source + `},{"eventID":"e",` + source +
		`},{"dynamodb":{"SequenceNumber":"7"}}]}`)
	response, err := h.Invoke(t.Context(), payload)
	outcome{response, err}.succeeds(t)
	ids := map[string]bool{}
	for _, letter := range letters.Upserts() {
		ids[letter.EventID] = true
	}
	if len(ids) != 5 || ids[""] || !ids["e"] || !ids["7"] {
		t.Errorf("the letters have the IDs %v, want five different ones", ids)
	}
}

// TestOtherEventSources: a batch of something else is a misconfiguration, which is never set aside.
func TestOtherEventSources(t *testing.T) {
	t.Parallel()
	letters := newLetters()
	s := newStore()
	h := handler.NewDynamoDBEventHandler(obey(s.table()), handler.DeadLetters(letters), handler.DeadLetterUnmarked())
	records := inserts("", "")
	records[1] = records[1].With("eventSource", `"aws:sqs"`)
	got := invoke(t, h, records...)
	got.fails(t, "event source", `"aws:sqs"`)
	var config *handler.ConfigError
	if !errors.As(got.err, &config) || config.Setting != "event source" {
		t.Errorf("%v is no ConfigError", got.err)
	}
	wantRows(t, s, "")
	if n := len(letters.Upserts()); n != 0 {
		t.Errorf("%d dead letters were written", n)
	}
	without := inserts("")[0].Without("eventSource")
	invoke(t, h, without).succeeds(t)

	for _, other := range []string{`{"EventSource":"aws:sns","Sns":{}}`, `null`, `7`, `{}`} {
		response, err := h.Invoke(t.Context(), []byte(`{"Records":[`+other+`]}`))
		outcome{response, err}.fails(t, "event source", "no stream record")
	}
}

// TestSixMegabytes is the largest payload that Lambda delivers.
func TestSixMegabytes(t *testing.T) {
	t.Parallel()
	table := newTable()
	var records []handlertest.Record
	size := 0
	for size < 6<<20-1000 {
		r := table.Insert(Item{ID: table.StreamARN()[:5] + string(rune('a'+len(records)%26)), Secret: strings.Repeat("x", 2000)})
		size += len(r.JSON()) + 1
		records = append(records, r)
	}
	handled := 0
	h := handler.NewDynamoDBEventHandler(handleFunc(func(context.Context, *handler.Record[Item], *sink.Batch) error {
		handled++
		return nil
	}))
	invoke(t, h, records...).succeeds(t)
	if handled != len(records) {
		t.Errorf("%d of %d records were handled", handled, len(records))
	}
}
