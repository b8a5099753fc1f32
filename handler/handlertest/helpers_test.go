package handlertest_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"
)

var quiet = slog.New(slog.DiscardHandler)

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
