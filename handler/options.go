package handler

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink"
)

// Option changes how a [DynamoDBEventHandler] runs its batches.
type Option interface{ apply(*options) }

type option func(*options)

func (o option) apply(to *options) { o(to) }

type options struct {
	table       string
	needs       Image
	mapping     []mapping.Option
	whole       bool
	logger      *slog.Logger
	margin      time.Duration
	halt        Halt
	deadLetters sink.Target[DeadLetter]
	unmarked    bool
	events      map[EventName]bool
	expiry      expiry
	filters     []any // func(*Record[T]) bool
	errs        []error
}

func newOptions(opts []Option) *options {
	o := &options{margin: DefaultDeadlineMargin}
	for _, opt := range opts {
		if opt != nil {
			opt.apply(o)
		}
	}
	return o
}

// misused remembers an option that cannot work, for Validate.
func (o *options) misused(name, format string, args ...any) {
	o.errs = append(o.errs, &ConfigError{name, fmt.Errorf(format, args...)})
}

// check finds what is wrong with the options together.
func (o *options) check() error {
	if o.unmarked && o.deadLetters == nil {
		o.misused("DeadLetterUnmarked", "there is no DeadLetters option to say where")
	}
	if o.halt > HaltKey {
		o.misused("OnFailure", "there is no halt policy %d", o.halt)
	}
	return errors.Join(o.errs...)
}

func (o *options) log() *slog.Logger {
	if o.logger != nil {
		return o.logger
	}
	return slog.Default()
}

// Needs declares the images that the handler looks at. Only these are decoded, and a record that should have one of them
// but does not fails the whole batch with a [ConfigError] that names the stream's view type. Without Needs both images
// are decoded when they are there, and the handler has to look for nil.
func Needs(images Image) Option {
	return option(func(o *options) { o.needs |= images })
}

// ForTable declares whose stream the handler is for, to route in a function that several streams invoke (see [Streams]). A
// batch of another table fails with a [ConfigError].
func ForTable(name string) Option {
	return option(func(o *options) { o.table = name })
}

// Decoding sets options of the decoder of the item type, such as mapping.LossyNumbers.
func Decoding(opts ...mapping.Option) Option {
	return option(func(o *options) { o.mapping = append(o.mapping, opts...) })
}

// FailWholeBatch returns every failure as an error of the invocation, for an event source mapping without
// ReportBatchItemFailures: Lambda then redelivers the whole batch, including the records that were committed.
func FailWholeBatch() Option {
	return option(func(o *options) { o.whole = true })
}

// WithLogger sets where the reason of a reported record goes, because the partial batch response has no room for it.
// The default is slog.Default() at the time of use. An error that the invocation returns is not logged.
func WithLogger(logger *slog.Logger) Option {
	return option(func(o *options) { o.logger = logger })
}

// DefaultDeadlineMargin is the time kept for the commit and the answer before the invocation's deadline, unless
// [DeadlineMargin] sets another.
const DefaultDeadlineMargin = 2 * time.Second

// DeadlineMargin sets how long before the invocation's deadline the batch stops: what has been handled by then is
// committed, the rest reported. Whatever its value, at most a quarter of the time that an invocation has is kept.
func DeadlineMargin(d time.Duration) Option {
	return option(func(o *options) { o.margin = max(d, 0) })
}

// Halt says what happens after a record that failed.
type Halt uint8

const (
	// HaltBatch commits nothing after the failed record. It is the default.
	HaltBatch Halt = iota
	// HaltKey holds back the later records of the failed record's item, and every later record that staged unguarded
	// work (see [sink.Batch.Unguarded]), and lets other items go on. Lambda redelivers from the failed record on, so what
	// other items have committed is delivered again: their targets must be guarded, which is why unguarded work waits.
	HaltKey
)

// OnFailure sets the halt policy.
func OnFailure(h Halt) Option {
	return option(func(o *options) { o.halt = h })
}
