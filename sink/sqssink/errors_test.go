package sqssink_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/dynasink/dynasink/sink"
)

func api(code string, fault smithy.ErrorFault) error {
	return &smithy.OperationError{ServiceID: "SQS", OperationName: "SendMessageBatch", Err: &smithy.GenericAPIError{Code: code, Fault: fault}}
}

// TestErrorsOfCalls are transient where the call may succeed another time. None of them is the records' fault.
func TestErrorsOfCalls(t *testing.T) {
	t.Parallel()
	const client, server, unknown = smithy.FaultClient, smithy.FaultServer, smithy.FaultUnknown
	for _, c := range []struct {
		err       error
		transient bool
	}{
		{&types.RequestThrottled{Message: aws.String("slower")}, true},
		{&types.KmsThrottled{}, true},
		{api("ThrottlingException", client), true},
		{api("KMS.ThrottlingException", client), true},
		{api("InternalFailure", server), true},
		{api("RequestTimeout", unknown), true},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, true},
		{fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), true},
		{&types.QueueDoesNotExist{}, false},
		{&types.KmsDisabled{}, false},
		{api("AccessDenied", client), false},
		{api("InvalidParameterValue", client), false},
		{errors.New("anything"), false},
	} {
		f := &fake{fault: func(int, *sqs.SendMessageBatchInput) (faults, error) { return nil, c.err }}
		err := staged(t, newQueue[row](t, f, standardURL), keys("ab")...).Commit(t.Context(), nil)
		if !errors.Is(err, c.err) || sink.IsTransient(err) != c.transient || sink.IsPermanent(err) || !strings.HasPrefix(err.Error(), "sqssink: queue letters: ") {
			t.Errorf("%v: transient %v, error %v", c.err, sink.IsTransient(err), err)
		}
		f.wantCalls(t, 2)
	}
}

// TestALaterCallFails: what SQS has accepted is not sent again by the commit that follows.
func TestALaterCallFails(t *testing.T) {
	t.Parallel()
	f := &fake{fault: func(n int, _ *sqs.SendMessageBatchInput) (faults, error) {
		if n == 1 {
			return nil, &types.RequestThrottled{}
		}
		return nil, nil
	}}
	u := staged(t, newQueue[row](t, f, standardURL), keys("abcdefghijklm")...)
	if err := u.Commit(t.Context(), nil); !sink.IsTransient(err) {
		t.Fatalf("error %v", err)
	}
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	f.wantCalls(t, 10, 3, 3)
	f.wantKeys(t, "a b c d e f g h i j k l m")
}

// TestRefusedContents: SQS refuses the whole call because of one message, which is found.
func TestRefusedContents(t *testing.T) {
	t.Parallel()
	f := &fake{fault: func(_ int, in *sqs.SendMessageBatchInput) (faults, error) {
		for _, e := range in.Entries {
			if strings.Contains(*e.MessageBody, `"d"`) {
				return nil, &smithy.GenericAPIError{Code: "InvalidMessageContents"}
			}
		}
		return nil, nil
	}}
	err := staged(t, newQueue[row](t, f, standardURL), keys("abcdefg")...).Commit(t.Context(), nil)
	if wantRecord(t, err, 3); !sink.IsPermanent(err) {
		t.Errorf("error %v", err)
	}
	f.wantKeys(t, "a b c e f g")
}
