package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqssink"
)

// queue is an SQS queue that is one test's own.
type queue struct {
	*sqs.Client
	url string
}

func newSQSQueue(t *testing.T, suffix string, attributes map[string]string) *queue {
	t.Helper()
	client := sqs.New(sqs.Options{
		BaseEndpoint: aws.String(servers.SQS(t)), Region: "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, nil
		}),
	})
	name := "dynasink-" + rand.Text() + suffix
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // t's context has ended by now
		if _, err := client.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: made.QueueUrl}); err != nil {
			t.Error(err)
		}
	})
	return &queue{client, *made.QueueUrl}
}

func newStandard(t *testing.T) *queue { return newSQSQueue(t, "", nil) }

func newFIFO(t *testing.T) *queue {
	return newSQSQueue(t, ".fifo", map[string]string{"FifoQueue": "true"})
}

// take receives all messages of the queue and deletes them from it.
func (q *queue) take(ctx context.Context) (all []types.Message, err error) {
	for {
		out, err := q.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &q.url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		})
		if err != nil || len(out.Messages) == 0 {
			return all, err
		}
		done := &sqs.DeleteMessageBatchInput{QueueUrl: &q.url}
		for i, m := range out.Messages {
			id := fmt.Sprint(i)
			done.Entries = append(done.Entries, types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: m.ReceiptHandle})
		}
		if _, err := q.DeleteMessageBatch(ctx, done); err != nil {
			return all, err
		}
		all = append(all, out.Messages...)
	}
}

// event is the row of the queue's conformance suite.
type event struct {
	Key     string
	Version int
	Text    string
}

func newEvents(t *testing.T, q *queue) sinktest.Subject[event] {
	t.Helper()
	target, err := sqssink.New[event](q, q.url, sqssink.IgnoreDeletes())
	if err != nil {
		t.Fatal(err)
	}
	var rows []event // what has been taken so far
	return sinktest.Subject[event]{
		Target: target,
		Rows: func(ctx context.Context) ([]event, error) {
			messages, err := q.take(ctx)
			for _, m := range messages {
				var e event
				if err := json.Unmarshal([]byte(*m.Body), &e); err != nil {
					return nil, err
				}
				rows = append(rows, e)
			}
			return rows, err
		},
		Row:  func(key string, version int) event { return event{Key: key, Version: version} },
		Key:  func(e event) string { return e.Key },
		Same: func(a, b event) bool { return a == b },
	}
}

// TestSQSConformance leaves the suite's thousands of rows to the package's own tests: moto looks through all messages of
// a queue to give or delete one, and takes minutes for them.
func TestSQSConformance(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]func(*testing.T) *queue{"standard": newStandard, "FIFO": newFIFO} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sinktest.Run(t, sinktest.Config[event]{
				Features: sinktest.Features{Append: true},
				New: func(t *testing.T) sinktest.Subject[event] {
					if strings.HasSuffix(t.Name(), "/many_rows") {
						t.Skip("takes minutes with moto")
					}
					return newEvents(t, create(t))
				},
			})
		})
	}
}

// send commits each of texts as the row of a record of its own.
func (q *queue) send(t *testing.T, texts []string, opts ...sqssink.Option) error {
	t.Helper()
	target, err := sqssink.New[event](q, q.url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	u := sink.NewUnit()
	for i, text := range texts {
		b := u.Begin(sink.Origin{Source: "arn:aws:dynamodb:x:1:table/t/stream/s", EventID: fmt.Sprint("e", i), Sequence: fmt.Sprint(i + 1)})
		target.Upsert(b, event{Key: fmt.Sprint("k", i), Text: text})
		if err := b.End(nil); err != nil {
			t.Fatal(err)
		}
	}
	return u.Commit(t.Context(), nil)
}

// TestSQSTakesEveryText: bodies and attributes arrive as they were sent, also those the protocol has no characters for.
func TestSQSTakesEveryText(t *testing.T) {
	t.Parallel()
	q := newFIFO(t)
	texts := []string{"plain", "\x00\x01\x1f\x7f\r\n\t", "\ufffe\uffff\u2028<é&日本\U0001F600>", `\"`}
	if err := q.send(t, texts, sqssink.GroupBy(func(event, sink.Origin) string { return "all of them" })); err != nil {
		t.Fatal(err)
	}
	messages, err := q.take(t.Context())
	if err != nil || len(messages) != len(texts) {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	for i, m := range messages {
		var e event
		if err := json.Unmarshal([]byte(*m.Body), &e); err != nil || e.Text != texts[i] {
			t.Errorf("message %d is %q, %v; want %q", i, e.Text, err, texts[i])
		}
		for name, want := range map[string]string{"source": "arn:aws:dynamodb:x:1:table/t/stream/s", "eventID": fmt.Sprint("e", i), "sequence": fmt.Sprint(i + 1)} {
			if got := aws.ToString(m.MessageAttributes[name].StringValue); got != want {
				t.Errorf("%s of message %d is %q, want %q", name, i, got, want)
			}
		}
		if group := m.Attributes["MessageGroupId"]; len(group) != 64 { // the hash of a text with spaces
			t.Errorf("message %d is in group %q", i, group)
		}
	}
}

// TestSQSDropsRepetitions: what SQS has seen is not delivered again.
func TestSQSDropsRepetitions(t *testing.T) {
	t.Parallel()
	q := newFIFO(t)
	for _, texts := range [][]string{{"a", "b"}, {"a", "b", "c"}, {"a", "changed"}} {
		if err := q.send(t, texts); err != nil {
			t.Fatal(err)
		}
	}
	messages, err := q.take(t.Context())
	if err != nil || len(messages) != 4 {
		t.Errorf("%d messages, want a, b, c and the changed one; %v", len(messages), err)
	}
}

// TestSQSDividesCalls that are larger than this server takes, which has the limit of before 2025, or one set by hand.
func TestSQSDividesCalls(t *testing.T) {
	t.Parallel()
	q := newSQSQueue(t, "", map[string]string{"MaximumMessageSize": "262144"})
	texts := make([]string, 12)
	for i := range texts {
		texts[i] = strings.Repeat("x", 100_000)
	}
	if err := q.send(t, texts); err != nil {
		t.Fatal(err)
	}
	if messages, err := q.take(t.Context()); err != nil || len(messages) != len(texts) {
		t.Errorf("%d messages, %v", len(messages), err)
	}
}

func TestSQSWithoutTheQueue(t *testing.T) {
	t.Parallel()
	q := newStandard(t)
	gone := &queue{q.Client, q.url + "-not"}
	err := gone.send(t, []string{"hunter2"})
	if err == nil || sink.IsPermanent(err) || sink.IsTransient(err) || !strings.Contains(err.Error(), "-not: ") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}
