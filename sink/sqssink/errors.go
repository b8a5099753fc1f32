package sqssink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/dynasink/dynasink/sink"
)

var errUnanswered = errors.New("the answer does not mention the message")

func (s *sender) errorf(format string, args ...any) error {
	return fmt.Errorf("sqssink: queue %s: "+format, append([]any{s.queue}, args...)...)
}

// rowError locates an error at the record that staged a row.
func (s *sender) rowError(row int, err error) error {
	return &sink.RowError{Row: row, Err: s.errorf("%w", err)}
}

// callError is the error of a call that failed whole, for a reason that is not one message's.
func (s *sender) callError(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err) // some clients lose the cause
	}
	if passes(err) {
		err = sink.Transient(err)
	}
	return s.errorf("%w", err)
}

// passes reports whether a call may succeed when it is made again. It may then have succeeded the first time too, with
// its answer lost; a message that is sent twice is within what a queue promises.
func passes(err error) bool {
	var network net.Error
	var api smithy.APIError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return true
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	case errors.As(err, &api) && (api.ErrorFault() == smithy.FaultServer || throttles(api.ErrorCode())):
		return true
	}
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// throttles knows the codes of the SDK, in the forms that SQS has of them, KMS's among them.
func throttles(code string) bool {
	_, known := retry.DefaultThrottleErrorCodes[strings.TrimPrefix(code, "KMS.")]
	return known || code == "KmsThrottled"
}

// blamesMessages reports whether SQS refused a call because of what is in it. The second form is of the query protocol.
func blamesMessages(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch strings.TrimPrefix(api.ErrorCode(), "AWS.SimpleQueueService.") {
	case "BatchRequestTooLong", "InvalidMessageContents":
		return true
	}
	return false
}

// entryError is SQS's verdict on one message. Its text is left out: it may quote the message.
type entryError struct{ code string }

func (e *entryError) Error() string { return "SQS did not take the message: " + e.code }

// fail notes why a message was not accepted. The sender's fault is the message's, unless the code speaks of the
// queue: that is a setting to mend, and not a reason to set the record aside.
func (e *entry) fail(result *types.BatchResultErrorEntry) {
	code := aws.ToString(result.Code)
	err := error(&entryError{code})
	switch {
	case !result.SenderFault || throttles(code):
		e.failed = sink.Transient(err)
	case aboutQueue(code):
		e.refused = err
	default:
		e.refused = sink.Permanent(err)
	}
}

func aboutQueue(code string) bool {
	for _, part := range []string{"KMS", "Kms", "AccessDenied", "Security", "Address", "NonExistentQueue", "QueueDoesNotExist", "UnsupportedOperation", "OverLimit"} {
		if strings.Contains(code, part) {
			return true
		}
	}
	return false
}
