package sqssink

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/dynasink/dynasink/sink"
)

// Client is what a queue needs of *sqs.Client. It must be safe for concurrent use. It may retry on its own, as
// *sqs.Client does. One that returns an error says that it does not know of any message that SQS has accepted.
type Client interface {
	SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, options ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

var _ Client = (*sqs.Client)(nil)

// Queue is a [sink.Target] that sends rows to an SQS queue. It is made by [New] and safe for concurrent use.
type Queue[R any] struct {
	options
	sender *sender
	port   *sink.Port[*message]
	group  func(row R, o sink.Origin) string // nil: the source, if the queue is FIFO
}

// New returns a target that sends rows to the queue with this URL. It asks SQS nothing: a queue that does not exist is
// found out by the first commit.
//
// Messages have the attributes source (the stream's ARN), eventID and sequence of the stream record they come from, of
// type String; one that the record lacks is left out. Up to ten messages go in one call, as many as its size limit lets in,
// in the order in which they were staged.
//
// A queue whose name ends in .fifo is a FIFO queue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-message-order.html
// Its messages are grouped by the stream ([GroupBy] groups them otherwise), and their deduplication ID is a hash of the
// stream record and of the body, so that within five minutes SQS drops a repetition of the same message. A dead letter says
// when it was written, so no two are the same: see [DeduplicateByEvent].
//
// Errors are those of misuse: no client, a URL without a queue's name, an option out of its range.
func New[R any](client Client, queueURL string, opts ...Option) (*Queue[R], error) {
	q := &Queue[R]{options: options{maxBytes: DefaultMaxBytes, maxEntries: MaxEntries}}
	for _, o := range opts {
		o.apply(&q.options)
	}
	name, err := queueName(queueURL)
	if err != nil {
		return nil, err
	}
	q.sender = &sender{options: q.options, client: client, url: queueURL, queue: name, row: reflect.TypeFor[R]().String()}
	q.port = sink.Func(q.sender.write)
	if err := q.check(client); err != nil {
		return nil, q.sender.errorf("%w", err)
	}
	return q, nil
}

// queueName takes https://sqs.REGION.amazonaws.com/ACCOUNT/NAME apart.
func queueName(queueURL string) (string, error) {
	u, err := url.Parse(queueURL)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return "", errors.New("sqssink: the queue's URL must be one like https://sqs.eu-west-1.amazonaws.com/123456789012/name")
	}
	return path.Base(u.Path), nil
}

func (q *Queue[R]) check(client Client) error {
	if client == nil {
		return errors.New("the client is nil")
	}
	if q.groupBy != nil {
		var ok bool
		if q.group, ok = q.groupBy.(func(R, sink.Origin) string); !ok || q.group == nil {
			return fmt.Errorf("GroupBy got a %T, and the rows are of type %v", q.groupBy, reflect.TypeFor[R]())
		}
	}
	return q.options.check(q.sender.fifo())
}

// Upsert implements [sink.Target]: it stages one message. The row is encoded at once and may be changed afterwards.
func (q *Queue[R]) Upsert(b *sink.Batch, row R) {
	m, err := q.message(row, b.Origin())
	if err != nil {
		b.Fail(q.sender.errorf("%w", err))
		return
	}
	q.port.Upsert(b, m)
}

// Delete implements [sink.Target]. It fails the record with an error that is not marked, for a target that cannot delete
// is a mistake in the program and not in the record; with [IgnoreDeletes] it does nothing.
func (q *Queue[R]) Delete(b *sink.Batch, _ R) {
	if !q.ignoreDeletes {
		b.Fail(q.sender.errorf("%w", errDelete))
	}
}

// SameKey implements [sink.Keyed]: there are no rows in a queue that could move to another key.
func (q *Queue[R]) SameKey(_, _ R) bool { return true }

var errDelete = errors.New("a delete was staged, and a queue has nothing to delete; stage a row that tells of it, or use IgnoreDeletes")
