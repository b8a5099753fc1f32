package sinktest_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
)

type Entry struct {
	Name string
	Text string
}

// journal is a sink of one's own, which appends entries.
type journal struct {
	mu      sync.Mutex
	entries []Entry
}

func (j *journal) write(_ context.Context, writes []sink.Write[Entry]) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, w := range writes {
		if !w.Delete {
			j.entries = append(j.entries, w.Row)
		}
	}
	return nil
}

func (j *journal) all(context.Context) ([]Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries), nil
}

func newJournal(*testing.T) sinktest.Subject[Entry] {
	j := &journal{}
	return sinktest.Subject[Entry]{
		Target: sink.Func(j.write),
		Rows:   j.all,
		Row:    func(key string, version int) Entry { return Entry{key, fmt.Sprint("version ", version)} },
		Key:    func(e Entry) string { return e.Name },
		Same:   func(a, b Entry) bool { return a == b },
	}
}

// A sink of one's own is held to what it promises by one test: this is its body.
func ExampleRun() {
	var t *testing.T // the test's parameter

	sinktest.Run(t, sinktest.Config[Entry]{
		Features: sinktest.Features{Append: true},
		New:      newJournal,
	})
}
