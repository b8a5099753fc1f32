package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqssink"
)

// task is an item whose handler refuses it while it is poison.
type task struct {
	ID    string `dynamodbav:"pk"`
	Text  string
	Count int
	Tags  []string `dynamodbav:",stringset"`
	Blob  []byte
}

type taskHandler struct {
	rows   *sinktest.Recorder[task]
	poison map[string]bool
}

func (h *taskHandler) HandleRecord(_ context.Context, rec *handler.Record[task], batch *sink.Batch) error {
	if h.poison[rec.Keys.ID] {
		return sink.Permanent(fmt.Errorf("tasks: no such list"))
	}
	h.rows.Upsert(batch, *rec.NewImage)
	return nil
}

func tasks(ids string) []handlertest.Record {
	table := &handlertest.Table{Name: "tasks", Keys: []string{"pk"}}
	var records []handlertest.Record
	for _, id := range ids {
		records = append(records, table.Insert(task{string(id), "<\x00 \uffff & 日本>", 7, []string{"x", "y"}, []byte{0, 255}}))
	}
	return records
}

// TestDeadLettersToSQS: the letter of a record that cannot be handled holds it whole, and once the cause is mended the
// same handler takes the record from the letter.
func TestDeadLettersToSQS(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]func(*testing.T) *queue{"standard": newStandard, "FIFO": newFIFO} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := create(t)
			letters, err := sqssink.New[handler.DeadLetter](q, q.url)
			if err != nil {
				t.Fatal(err)
			}
			th := &taskHandler{sinktest.NewRecorder[task](), map[string]bool{"b": true}}
			h := handler.NewDynamoDBEventHandler(th, handler.DeadLetters(letters))
			records := tasks("abc")
			handled(t, h, handlertest.Payload(t, records...))
			wantTasks(t, th, "a c")
			letter := takeLetter(t, q)
			checkLetter(t, letter, records[1])
			th.poison = nil
			handled(t, h, fmt.Appendf(nil, `{"Records":[%s]}`, letter.Record))
			wantTasks(t, th, "a c b")
			if got, want := fmt.Sprint(th.rows.Upserts()[2]), fmt.Sprint(task{"b", "<\x00 \uffff & 日本>", 7, []string{"x", "y"}, []byte{0, 255}}); got != want {
				t.Errorf("redriven as %s, want %s", got, want)
			}
		})
	}
}

// TestRedeliveredDeadLetter: FailedAt tells the letters of two deliveries apart, so only DeduplicateByEvent makes them one.
func TestRedeliveredDeadLetter(t *testing.T) {
	t.Parallel()
	q := newFIFO(t)
	letters, err := sqssink.New[handler.DeadLetter](q, q.url, sqssink.DeduplicateByEvent("tasks"))
	if err != nil {
		t.Fatal(err)
	}
	h := handler.NewDynamoDBEventHandler(&taskHandler{sinktest.NewRecorder[task](), map[string]bool{"a": true}}, handler.DeadLetters(letters))
	for range 3 {
		handled(t, h, handlertest.Payload(t, tasks("a")...))
	}
	takeLetter(t, q) // fails if there are more
}

// TestTheQueueOfDeadLettersIsGone: the record is reported and nothing is lost.
func TestTheQueueOfDeadLettersIsGone(t *testing.T) {
	t.Parallel()
	q := newStandard(t)
	letters, err := sqssink.New[handler.DeadLetter](q, q.url+"-not")
	if err != nil {
		t.Fatal(err)
	}
	th := &taskHandler{sinktest.NewRecorder[task](), map[string]bool{"b": true}}
	h := handler.NewDynamoDBEventHandler(th, handler.DeadLetters(letters))
	records := tasks("abc")
	response, err := h.Invoke(t.Context(), handlertest.Payload(t, records...))
	if failed := handlertest.Failures(t, response); err != nil || len(failed) != 1 || failed[0] != records[1].SequenceNumber() {
		t.Errorf("response %s, error %v", response, err)
	}
	wantTasks(t, th, "a")
}

func handled(t *testing.T, h *handler.DynamoDBEventHandler[task], payload []byte) {
	t.Helper()
	if response, err := h.Invoke(t.Context(), payload); err != nil || string(response) != `{"batchItemFailures":[]}` {
		t.Fatalf("response %s, error %v", response, err)
	}
}

func wantTasks(t *testing.T, h *taskHandler, want string) {
	t.Helper()
	var ids []string
	for _, row := range h.rows.Upserts() {
		ids = append(ids, row.ID)
	}
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("handled %q, want %q", got, want)
	}
}

// takeLetter takes the only letter of the queue.
func takeLetter(t *testing.T, q *queue) (letter handler.DeadLetter) {
	t.Helper()
	messages, err := q.take(t.Context())
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d letters, %v; want one", len(messages), err)
	}
	if err := json.Unmarshal([]byte(*messages[0].Body), &letter); err != nil {
		t.Fatal(err)
	}
	return letter
}

func checkLetter(t *testing.T, letter handler.DeadLetter, record handlertest.Record) {
	t.Helper()
	var got, want any
	if err := json.Unmarshal(letter.Record, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(record.String()), &want); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the letter holds\n%v\nwant\n%v", got, want)
	}
	if letter.SequenceNumber != record.SequenceNumber() || !strings.Contains(letter.Reason, "no such list") {
		t.Errorf("letter of %s because of %q", letter.SequenceNumber, letter.Reason)
	}
}
