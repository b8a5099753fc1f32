package logsink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/sink/logsink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

// lines is a log that can be read back.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

type item struct {
	Key     string
	Version int
}

func (l *lines) upserts(context.Context) (items []item, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.Bytes()) {
		var entry struct {
			Msg string
			Row item
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			return nil, err
		}
		if entry.Msg == "upsert" {
			items = append(items, entry.Row)
		}
	}
	return items, nil
}

func TestConformance(t *testing.T) {
	t.Parallel()
	sinktest.Run(t, sinktest.Config[item]{
		Features: sinktest.Features{Append: true},
		New: func(t *testing.T) sinktest.Subject[item] {
			t.Parallel()
			l := &lines{}
			return sinktest.Subject[item]{
				Target: logsink.New(slog.New(slog.NewJSONHandler(l, nil)), logsink.Options[item]{Values: true}),
				Rows:   l.upserts,
				Row:    func(key string, version int) item { return item{key, version} },
				Key:    func(i item) string { return i.Key },
				Same:   func(a, b item) bool { return a == b },
			}
		},
	})
}
