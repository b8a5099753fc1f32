package sqssink

import (
	"fmt"

	"github.com/dynasink/dynasink/sink"
)

const (
	// DefaultMaxBytes is the size limit of a message, and of all messages of a call together, when [MaxBytes] names none:
	// 1 MiB, the limit of AWS since August 2025.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
	DefaultMaxBytes = 1 << 20
	// MaxEntries is how many messages a call takes.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	MaxEntries = 10

	leastMaxBytes = 1 << 10 // of a queue's MaximumMessageSize
)

// Option changes what [New] returns.
type Option interface{ apply(*options) }

type options struct {
	maxBytes      int
	maxEntries    int
	groupBy       any // func(R, sink.Origin) string
	byEvent       bool
	sentBy        string
	ignoreDeletes bool
}

type option func(*options)

func (o option) apply(all *options) { o(all) }

// MaxBytes is the size limit of a message and of all messages of a call together, in bytes of body and attributes, at
// least 1,024; the default is [DefaultMaxBytes]. Lower it to the queue's MaximumMessageSize, or to 262,144 where an
// endpoint has the limit of before 2025: a row that is too large then fails when it is staged. A call that SQS finds too
// large is divided, so that a limit set too high costs calls but no messages.
func MaxBytes(n int) Option { return option(func(o *options) { o.maxBytes = n }) }

// Entries is the number of messages per call, 1 to [MaxEntries], which is the default. SQS may accept a call's third
// message and fail its second, which is then sent again behind it; 1 is for a FIFO queue that must never see that.
func Entries(n int) Option { return option(func(o *options) { o.maxEntries = n }) }

// GroupBy names the message group of a row: those of one group stay in order in a FIFO queue, where the default is the
// stream's ARN. A standard queue uses groups to be fair between them and has none by default.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html
//
// What SQS does not take for a group (nothing, more than 128 characters, any but ASCII letters, digits and
// punctuation) is replaced by its SHA-256. The function must be safe for concurrent use. R must be the queue's, or New fails.
func GroupBy[R any](group func(row R, o sink.Origin) string) Option {
	return option(func(o *options) { o.groupBy = group })
}

// DeduplicateByEvent makes the deduplication ID of a FIFO queue from sender and the stream record alone, and not from the
// body: a redelivered record's messages are dropped by SQS, within five minutes of the first, even when they have
// changed, as dead letters do. A record with several rows has an ID for each.
//
// Whoever sends to the same FIFO queue for the same stream, in this function or in another, must have another sender:
// with equal ones SQS takes the second message for a repetition of the first and drops it. An empty sender is an
// error of [New], and so is a queue that is not FIFO. For a record without event ID and sequence number the body counts.
func DeduplicateByEvent(sender string) Option {
	return option(func(o *options) { o.byEvent, o.sentBy = true, sender })
}

// IgnoreDeletes makes Delete do nothing instead of failing the record, for a queue beside a table ([sink.Tee]) whose
// consumers are not told of removals.
func IgnoreDeletes() Option { return option(func(o *options) { o.ignoreDeletes = true }) }

func (o *options) check(fifo bool) error {
	switch {
	case o.maxBytes < leastMaxBytes:
		return fmt.Errorf("MaxBytes is %d, want at least %d", o.maxBytes, leastMaxBytes)
	case o.maxEntries < 1 || o.maxEntries > MaxEntries:
		return fmt.Errorf("Entries is %d, want 1 to %d", o.maxEntries, MaxEntries)
	case o.byEvent && o.sentBy == "":
		return fmt.Errorf("DeduplicateByEvent needs the name of the sender")
	case o.byEvent && !fifo:
		return fmt.Errorf("DeduplicateByEvent is for FIFO queues, whose names end in %s", fifoSuffix)
	}
	return nil
}
