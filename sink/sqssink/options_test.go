package sqssink_test

import (
	"context"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqssink"
)

func TestMisuseIsFoundByNew(t *testing.T) {
	t.Parallel()
	wrongRow := sqssink.GroupBy(func(int, sink.Origin) string { return "" })
	for want, try := range map[string]func() (*sqssink.Queue[row], error){
		"client":   func() (*sqssink.Queue[row], error) { return sqssink.New[row](nil, standardURL) },
		"URL":      func() (*sqssink.Queue[row], error) { return sqssink.New[row](&fake{}, "letters") },
		"URL must": func() (*sqssink.Queue[row], error) { return sqssink.New[row](&fake{}, "https://host/") },
		"MaxBytes": func() (*sqssink.Queue[row], error) {
			return sqssink.New[row](&fake{}, standardURL, sqssink.MaxBytes(0))
		},
		"Entries is 11": func() (*sqssink.Queue[row], error) {
			return sqssink.New[row](&fake{}, standardURL, sqssink.Entries(11))
		},
		"Entries is 0":       func() (*sqssink.Queue[row], error) { return sqssink.New[row](&fake{}, standardURL, sqssink.Entries(0)) },
		"GroupBy got a func": func() (*sqssink.Queue[row], error) { return sqssink.New[row](&fake{}, standardURL, wrongRow) },
		"FIFO": func() (*sqssink.Queue[row], error) {
			return sqssink.New[row](&fake{}, standardURL, sqssink.DeduplicateByEvent("x"))
		},
		"name of the sender": func() (*sqssink.Queue[row], error) {
			return sqssink.New[row](&fake{}, fifoURL, sqssink.DeduplicateByEvent(""))
		},
	} {
		if q, err := try(); q != nil || err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "sqssink: ") {
			t.Errorf("%s: queue %v, error %v", want, q, err)
		}
	}
}

func TestADeleteIsNotSilent(t *testing.T) {
	t.Parallel()
	f := &fake{}
	remove := func(q *sqssink.Queue[row]) error {
		return sinktest.Stage(t.Context(), func(_ context.Context, b *sink.Batch) error {
			q.Delete(b, row{Key: "secret"})
			return nil
		})
	}
	err := remove(newQueue[row](t, f, standardURL))
	if err == nil || sink.IsPermanent(err) || !strings.Contains(err.Error(), "queue letters: a delete") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
	if err := remove(newQueue[row](t, f, standardURL, sqssink.IgnoreDeletes())); err != nil || len(f.calls) > 0 {
		t.Errorf("ignored: error %v, %d calls", err, len(f.calls))
	}
}

func TestARowNeverMoves(t *testing.T) {
	t.Parallel()
	var q sink.Keyed[row] = newQueue[row](t, &fake{}, standardURL)
	if !q.SameKey(row{Key: "a"}, row{Key: "b"}) {
		t.Error("a mirror would stage a delete")
	}
}
