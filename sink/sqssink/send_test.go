package sqssink_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqssink"
)

type faults = map[int]types.BatchResultErrorEntry

var (
	internal  = types.BatchResultErrorEntry{Code: aws.String("InternalError"), Message: aws.String("hunter2")}
	malformed = types.BatchResultErrorEntry{Code: aws.String("InvalidParameterValue"), SenderFault: true, Message: aws.String("hunter2")}
	throttled = types.BatchResultErrorEntry{Code: aws.String("KMS.ThrottlingException"), SenderFault: true}
	noKey     = types.BatchResultErrorEntry{Code: aws.String("KMS.DisabledException"), SenderFault: true}
	forgotten = types.BatchResultErrorEntry{}
)

// in makes the nth call fail for the messages at some positions.
func in(n int, failed faults) func(int, *sqs.SendMessageBatchInput) (faults, error) {
	return func(call int, _ *sqs.SendMessageBatchInput) (faults, error) {
		if call != n {
			return nil, nil
		}
		return failed, nil
	}
}

// always makes every message of a key fail.
func always(key string, fault types.BatchResultErrorEntry) func(int, *sqs.SendMessageBatchInput) (faults, error) {
	return func(_ int, in *sqs.SendMessageBatchInput) (faults, error) {
		failed := faults{}
		for i, e := range in.Entries {
			if strings.Contains(*e.MessageBody, `"Key":"`+key+`"`) {
				failed[i] = fault
			}
		}
		return failed, nil
	}
}

func TestTenMessagesPerCall(t *testing.T) {
	t.Parallel()
	f := &fake{}
	if err := staged(t, newQueue[row](t, f, standardURL), keys("abcdefghijklmnopqrstuvwxy")...).Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	f.wantCalls(t, 10, 10, 5)
	f.wantKeys(t, "a b c d e f g h i j k l m n o p q r s t u v w x y")
	three := newQueue[row](t, f, standardURL, sqssink.Entries(3))
	if err := staged(t, three, keys("1234")...).Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	f.wantCalls(t, 10, 10, 5, 3, 1)
}

// TestSizesAreKept to the byte: a call is filled up to the limit, and the fake refuses one that is over.
func TestSizesAreKept(t *testing.T) {
	t.Parallel()
	measure := &fake{}
	if err := stageOne(t, measure, origin(0), row{"a", ""}); err != nil {
		t.Fatal(err)
	}
	empty, limit := sizeOf(measure.messages[0]), sqssink.DefaultMaxBytes
	half, whole := strings.Repeat("x", limit/2-empty), strings.Repeat("x", limit-empty)
	f := &fake{}
	q := newQueue[row](t, f, standardURL)
	rows := []row{{"a", half}, {"b", half}, {"c", half}, {"d", half + "x"}, {"e", whole}, {"f", ""}}
	if err := staged(t, q, rows...).Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	f.wantCalls(t, 2, 1, 1, 1, 1)
	f.wantKeys(t, "a b c d e f")
	u := sink.NewUnit()
	b := u.Begin(origin(0))
	q.Upsert(b, row{"secret", whole})
	if err := b.End(nil); !sink.IsPermanent(err) || !strings.Contains(err.Error(), "queue letters: a message of 1048581 bytes is over the limit of 1048576") {
		t.Errorf("one byte too many: %v", err)
	}
}

// TestALowerLimitOfTheQueue divides calls; what is alone and still too large is its record's fault.
func TestALowerLimitOfTheQueue(t *testing.T) {
	t.Parallel()
	f := &fake{limit: 1000}
	rows := keys("abcdefgh")
	for i := range rows {
		rows[i].Text = strings.Repeat("x", 300)
	}
	rows[5].Text = strings.Repeat("x", 1000)
	u := staged(t, newQueue[row](t, f, standardURL), rows...)
	err := u.Commit(t.Context(), nil)
	wantRecord(t, err, 5)
	if !sink.IsPermanent(err) || !strings.Contains(err.Error(), "BatchRequestTooLong") {
		t.Errorf("error %v", err)
	}
	f.wantKeys(t, "a b c d e g h")
	if err := u.Commit(t.Context(), func(record int) bool { return record != 5 }); err != nil {
		t.Error(err)
	}
	f.wantKeys(t, "a b c d e g h")
}

func wantRecord(t testing.TB, err error, index int) {
	t.Helper()
	var at *sink.RecordError
	if !errors.As(err, &at) || at.Origin.Index != index || at.Origin.Sequence != origin(index).Sequence ||
		!strings.Contains(err.Error(), "(sequence number "+origin(index).Sequence+")") || !strings.Contains(err.Error(), "queue letters") {
		t.Errorf("want an error of record %d and of the queue, got %v", index, err)
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a text of SQS that may quote the message is in %v", err)
	}
}

// TestFailedMessagesAreSentAgain, and they alone.
func TestFailedMessagesAreSentAgain(t *testing.T) {
	t.Parallel()
	for name, failed := range map[string]faults{
		"internal":       {1: internal, 3: internal},
		"throttled":      {1: throttled, 3: internal},
		"not mentioned":  {1: forgotten, 3: forgotten},
		"SQS's own word": {1: {Code: aws.String("AccessDenied")}, 3: {Code: aws.String("Anything")}},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{fault: in(0, failed)}
			if err := staged(t, newQueue[row](t, f, standardURL), keys("abcde")...).Commit(t.Context(), nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			f.wantCalls(t, 5, 2)
			f.wantKeys(t, "a c e b d")
		})
	}
}

// TestAMessageThatKeepsFailing is a transient error of its record. The commit that follows sends what is left, nothing twice.
func TestAMessageThatKeepsFailing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{fault: always("b", internal)}
		u := staged(t, newQueue[row](t, f, standardURL, sqssink.Entries(3)), keys("abcde")...)
		err := u.Commit(t.Context(), nil)
		wantRecord(t, err, 1)
		if !sink.IsTransient(err) || !strings.Contains(err.Error(), "InternalError") {
			t.Errorf("error %v", err)
		}
		f.wantCalls(t, 3, 1, 1, 1)
		f.fault = nil
		if err := u.Commit(t.Context(), nil); err != nil {
			t.Error(err)
		}
		f.wantKeys(t, "a c b d e")
	})
}

// TestARefusedMessage is its record's fault, and the others are taken; a fault of the queue is nobody's.
func TestARefusedMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault     types.BatchResultErrorEntry
		permanent bool
	}{{malformed, true}, {noKey, false}} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{fault: always("c", c.fault)}
			u := staged(t, newQueue[row](t, f, standardURL), keys("abcde")...)
			err := u.Commit(t.Context(), nil)
			wantRecord(t, err, 2)
			if sink.IsPermanent(err) != c.permanent || sink.IsTransient(err) || !strings.Contains(err.Error(), *c.fault.Code) {
				t.Errorf("error %v", err)
			}
			if err := u.Commit(t.Context(), func(record int) bool { return record != 2 }); err != nil {
				t.Error(err)
			}
			f.wantKeys(t, "a b d e")
		})
	}
}

// TestRefusedAndFailed: the messages that SQS failed to take are sent again before the refused one is reported.
func TestRefusedAndFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{fault: in(0, faults{0: internal, 2: malformed})}
		err := staged(t, newQueue[row](t, f, standardURL), keys("abc")...).Commit(t.Context(), nil)
		if wantRecord(t, err, 2); !sink.IsPermanent(err) {
			t.Errorf("error %v", err)
		}
		f.wantCalls(t, 3, 1)
		f.wantKeys(t, "b a")
	})
}

// TestCancellation between two attempts, and within a call whose client loses the cause.
func TestCancellation(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func() (faults, error){
		"pause": func() (faults, error) { return faults{0: internal}, nil },
		"call":  func() (faults, error) { return nil, errors.New("request canceled") },
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			f := &fake{fault: func(int, *sqs.SendMessageBatchInput) (faults, error) { cancel(); return fault() }}
			err := staged(t, newQueue[row](t, f, standardURL), keys("abc")...).Commit(ctx, nil)
			if !errors.Is(err, context.Canceled) || !sink.IsTransient(err) || !strings.Contains(err.Error(), "queue letters") {
				t.Errorf("%s: error %v", name, err)
			}
			f.wantCalls(t, 3)
		})
	}
}
