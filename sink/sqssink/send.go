package sqssink

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dynasink/dynasink/sink"
)

const (
	// attempts is how often messages are sent that SQS did not take for reasons of its own, before the commit fails with
	// a transient error: such failures are one message's, so the client's own retries do not see them.
	attempts = 4
	// firstPause is the longest pause before the second attempt; each further one is twice as long.
	firstPause = 100 * time.Millisecond
)

// sender sends the messages of a queue, whatever its rows are.
type sender struct {
	options
	client Client
	url    string
	queue  string // its name
	row    string // the type of the rows
}

// entry is a message on its way.
type entry struct {
	*message
	row     int    // in the writes of the commit
	dedup   string // empty for a standard queue
	refused error  // by SQS, for good
	failed  error  // why the last attempt failed
}

func (e *entry) due() bool { return !e.accepted && e.refused == nil }

// write sends what has not been accepted before, call by call. It stops at the first that fails: what comes after in a
// FIFO queue must not overtake.
func (s *sender) write(ctx context.Context, writes []sink.Write[*message]) error {
	rest := s.entries(writes)
	for len(rest) > 0 {
		n := s.fit(rest)
		if err := s.deliver(ctx, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func (s *sender) entries(writes []sink.Write[*message]) []*entry {
	all := make([]*entry, 0, len(writes))
	nth := 0
	for i := range writes {
		w := &writes[i]
		if nth++; i == 0 || w.Origin.Index != writes[i-1].Origin.Index {
			nth = 0
		}
		if w.Row.accepted {
			continue
		}
		e := &entry{message: w.Row, row: i}
		if s.fifo() {
			e.dedup = s.deduplicationID(w, nth)
		}
		all = append(all, e)
	}
	return all
}

// fit returns how many messages the next call takes: one at least.
func (s *sender) fit(rest []*entry) int {
	size := 0
	for n, e := range rest {
		if size += e.size; n > 0 && size > s.maxBytes || n == s.maxEntries {
			return n
		}
	}
	return len(rest)
}

// deliver sends the messages of one call, and those again that SQS failed to take.
func (s *sender) deliver(ctx context.Context, call []*entry) error {
	due := call
	for attempt := range attempts {
		if err := s.pause(ctx, attempt); err != nil {
			return s.callError(ctx, err)
		}
		if err := s.send(ctx, due); err != nil {
			return s.callError(ctx, err)
		}
		if due = stillDue(due); len(due) == 0 {
			return s.refusal(call)
		}
	}
	return s.rowError(due[0].row, due[0].failed)
}

func stillDue(call []*entry) []*entry {
	var due []*entry
	for _, e := range call {
		if e.due() {
			due = append(due, e)
		}
	}
	return due
}

func (s *sender) refusal(call []*entry) error {
	for _, e := range call {
		if e.refused != nil {
			return s.rowError(e.row, e.refused)
		}
	}
	return nil
}

// send makes one call and notes what became of each message. A call that is refused because of its messages is divided
// until the one at fault is alone; SQS takes nothing of a call that it refuses.
func (s *sender) send(ctx context.Context, call []*entry) error {
	out, err := s.client.SendMessageBatch(ctx, s.input(call))
	switch {
	case err == nil:
		note(call, out)
		return nil
	case !blamesMessages(err):
		return err
	case len(call) == 1:
		call[0].refused = sink.Permanent(err)
		return nil
	}
	half := len(call) / 2
	if err := s.send(ctx, call[:half]); err != nil {
		return err
	}
	return s.send(ctx, call[half:])
}

func (s *sender) input(call []*entry) *sqs.SendMessageBatchInput {
	in := &sqs.SendMessageBatchInput{QueueUrl: aws.String(s.url)}
	for i, e := range call {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(e.body), MessageAttributes: e.attributes,
			MessageGroupId: optional(e.group), MessageDeduplicationId: optional(e.dedup),
		})
	}
	return in
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// note takes the answer apart. A message that it does not mention counts as not accepted.
func note(call []*entry, out *sqs.SendMessageBatchOutput) {
	byID := map[string]*entry{}
	for i, e := range call {
		byID[strconv.Itoa(i)], e.failed = e, sink.Transient(errUnanswered)
	}
	if out == nil {
		return
	}
	for i := range out.Failed {
		if e := byID[aws.ToString(out.Failed[i].Id)]; e != nil {
			e.fail(&out.Failed[i])
		}
	}
	for i := range out.Successful {
		if e := byID[aws.ToString(out.Successful[i].Id)]; e != nil {
			e.accepted = true
		}
	}
}

// pause waits before every attempt but the first, longer each time and not in step with other senders.
func (s *sender) pause(ctx context.Context, attempt int) error {
	if err := ctx.Err(); err != nil || attempt == 0 {
		return err
	}
	longest := firstPause << (attempt - 1)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
