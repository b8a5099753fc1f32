package handlertest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

var quiet = slog.New(slog.DiscardHandler)

var errNo = errors.New("no")

// stubTB keeps what would have ended a test.
type stubTB struct {
	testing.TB
	fatal string
}

func (s *stubTB) Helper() {}

func (s *stubTB) Fatal(args ...any) {
	s.fatal = fmt.Sprint(args...)
	runtime.Goexit()
}

func (s *stubTB) Fatalf(format string, args ...any) { s.Fatal(fmt.Sprintf(format, args...)) }

type handlerFunc func(ctx context.Context, payload []byte) ([]byte, error)

func (f handlerFunc) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return f(ctx, payload)
}

func requestID(ctx context.Context) string {
	lc, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return ""
	}
	return lc.AwsRequestID
}
