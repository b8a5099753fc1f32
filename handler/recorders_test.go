package handler_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink/sinktest"
)

func newLetters() *sinktest.Recorder[handler.DeadLetter] {
	return sinktest.NewRecorder[handler.DeadLetter]()
}

// logged is what a handler has logged.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logged) option() handler.Option {
	return handler.WithLogger(slog.New(slog.NewTextHandler(l, nil)))
}

func payload(t testing.TB, records []handlertest.Record) []byte {
	t.Helper()
	return handlertest.Payload(t, records...)
}

type (
	ctx    = context.Context
	record = handlertest.Record
)
