package sqssink

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dynasink/dynasink/sink"
)

// message is a staged row. One unit of work, whose commits never overlap, owns it.
type message struct {
	body       string
	attributes map[string]types.MessageAttributeValue
	group      string // empty: none
	size       int    // as SQS counts
	accepted   bool   // by SQS: a later commit of the same unit leaves it out
}

func (q *Queue[R]) message(row R, o sink.Origin) (*message, error) {
	body, err := encode(row)
	if err != nil {
		return nil, err
	}
	m := &message{body: body, attributes: attributesOf(o), group: q.groupOf(row, o)}
	m.size = m.bytes()
	if m.size > q.maxBytes {
		return nil, sink.Permanent(fmt.Errorf("a message of %d bytes is over the limit of %d", m.size, q.maxBytes))
	}
	return m, nil
}

// attributesOf leaves out what the record lacks: SQS refuses an empty value.
func attributesOf(o sink.Origin) map[string]types.MessageAttributeValue {
	all := map[string]types.MessageAttributeValue{}
	for name, value := range map[string]string{"source": o.Source, "eventID": o.EventID, "sequence": o.Sequence} {
		if value != "" {
			all[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(plain(value))}
		}
	}
	return all
}

// bytes follows https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html:
// name, type and value of each attribute count, beside the body.
func (m *message) bytes() int {
	n := len(m.body)
	for name, a := range m.attributes {
		n += len(name) + len(*a.DataType) + len(*a.StringValue)
	}
	return n
}

func (q *Queue[R]) groupOf(row R, o sink.Origin) string {
	switch {
	case q.group != nil:
		return bounded(q.group(row, o))
	case q.sender.fifo():
		return bounded(o.Source)
	}
	return ""
}
