package sqssink_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqssink"
)

const (
	standardURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/letters"
	fifoURL     = standardURL + ".fifo"
)

// fake is a queue with the rules of SQS, and faults on demand.
type fake struct {
	mu       sync.Mutex
	messages []types.SendMessageBatchRequestEntry
	seen     map[string]bool // deduplication IDs
	calls    []int           // messages of each call
	limit    int             // 0: 1 MiB

	// fault, if set, fails the nth call (from 0) whole, or some of its messages by position.
	fault func(n int, in *sqs.SendMessageBatchInput) (map[int]types.BatchResultErrorEntry, error)
}

func (f *fake) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.calls)
	f.calls = append(f.calls, len(in.Entries))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.check(in); err != nil {
		return nil, err
	}
	var failed map[int]types.BatchResultErrorEntry
	if f.fault != nil {
		var err error
		if failed, err = f.fault(n, in); err != nil {
			return nil, err
		}
	}
	return f.take(in, failed), nil
}

func (f *fake) take(in *sqs.SendMessageBatchInput, failed map[int]types.BatchResultErrorEntry) *sqs.SendMessageBatchOutput {
	out := &sqs.SendMessageBatchOutput{}
	for i, e := range in.Entries {
		if fault, ok := failed[i]; ok {
			if fault.Code != nil { // else the answer forgets it
				fault.Id = e.Id
				out.Failed = append(out.Failed, fault)
			}
			continue
		}
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id})
		if id := aws.ToString(e.MessageDeduplicationId); id != "" {
			if f.seen[id] {
				continue
			}
			if f.seen == nil {
				f.seen = map[string]bool{}
			}
			f.seen[id] = true
		}
		f.messages = append(f.messages, e)
	}
	return out
}

func (f *fake) check(in *sqs.SendMessageBatchInput) error {
	limit, size, ids := f.limit, 0, map[string]bool{}
	if limit == 0 {
		limit = 1 << 20
	}
	for _, e := range in.Entries {
		ids[*e.Id] = true
		if size += sizeOf(e); !valid(*e.MessageBody) {
			return &types.InvalidMessageContents{}
		}
		fifo := strings.HasSuffix(*in.QueueUrl, ".fifo")
		if fifo != (e.MessageDeduplicationId != nil) || fifo && e.MessageGroupId == nil {
			return &types.UnsupportedOperation{Message: aws.String("group and deduplication ID are for FIFO queues, and needed there")}
		}
	}
	switch {
	case len(in.Entries) == 0:
		return &types.EmptyBatchRequest{}
	case len(in.Entries) > 10:
		return &types.TooManyEntriesInBatchRequest{}
	case len(ids) < len(in.Entries):
		return &types.BatchEntryIdsNotDistinct{}
	case size > limit:
		return &types.BatchRequestTooLong{}
	}
	return nil
}

func sizeOf(e types.SendMessageBatchRequestEntry) int {
	n := len(*e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(*a.DataType) + len(*a.StringValue)
	}
	return n
}

func valid(body string) bool {
	for _, r := range body {
		if r < 0x20 && !strings.ContainsRune("\t\n\r", r) || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return utf8.ValidString(body) && body != ""
}

// bodies returns the messages' bodies, as rows.
func (f *fake) rows(t testing.TB) []row {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	rows := make([]row, len(f.messages))
	for i, m := range f.messages {
		if err := json.Unmarshal([]byte(*m.MessageBody), &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

func (f *fake) wantKeys(t testing.TB, want string) {
	t.Helper()
	var keys []string
	for _, r := range f.rows(t) {
		keys = append(keys, r.Key)
	}
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("the queue holds %q, want %q", got, want)
	}
}

func (f *fake) wantCalls(t testing.TB, want ...int) {
	t.Helper()
	if got := fmt.Sprint(f.calls); got != fmt.Sprint(want) {
		t.Errorf("calls of %s messages, want %v", got, want)
	}
}

type row struct {
	Key, Text string
}

func newQueue[R any](t testing.TB, client sqssink.Client, url string, opts ...sqssink.Option) *sqssink.Queue[R] {
	t.Helper()
	q, err := sqssink.New[R](client, url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// staged is a unit with one record per row; origins are those of the nth call for the same n.
func staged(t testing.TB, target sink.Target[row], rows ...row) *sink.Unit {
	t.Helper()
	u := sink.NewUnit()
	for i, r := range rows {
		b := u.Begin(origin(i))
		target.Upsert(b, r)
		if err := b.End(nil); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

func origin(i int) sink.Origin {
	return sink.Origin{Source: "arn:aws:dynamodb:x:1:table/t/stream/s", EventID: fmt.Sprintf("e%d", i), Sequence: fmt.Sprintf("%d", 1000+i)}
}

// keys makes rows of one-letter keys.
func keys(letters string) []row {
	var rows []row
	for _, l := range letters {
		rows = append(rows, row{Key: string(l)})
	}
	return rows
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, url := range []string{standardURL, fifoURL} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			sinktest.Run(t, sinktest.Config[row]{
				Features: sinktest.Features{Append: true},
				New: func(t *testing.T) sinktest.Subject[row] {
					t.Parallel()
					f := &fake{limit: 2000}
					return sinktest.Subject[row]{
						Target:  newQueue[row](t, f, url, sqssink.IgnoreDeletes()),
						Rows:    func(context.Context) ([]row, error) { return f.rows(t), nil },
						Row:     func(key string, version int) row { return row{key, fmt.Sprint(version)} },
						Key:     func(r row) string { return r.Key },
						Same:    func(a, b row) bool { return a == b },
						Refused: func(key string) row { return row{key, strings.Repeat("x", 2000)} },
					}
				},
			})
		})
	}
}
