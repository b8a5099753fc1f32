package sinktest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

func upsert(target sink.Target[string], row string) func(context.Context, *sink.Batch) error {
	return func(_ context.Context, b *sink.Batch) error {
		target.Upsert(b, row)
		return nil
	}
}

func TestStageCommits(t *testing.T) {
	t.Parallel()
	r := NewRecorder[string]()
	err := Stage(t.Context(), func(_ context.Context, b *sink.Batch) error {
		r.Upsert(b, "one")
		r.Delete(b, "two")
		r.Upsert(b, "one")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Upserts(), []string{"one", "one"}) || !slices.Equal(r.Deletes(), []string{"two"}) || len(r.Writes()) != 3 {
		t.Errorf("recorded %v", r.Writes())
	}
	if r.Reset(); len(r.Writes()) != 0 {
		t.Errorf("after Reset: %v", r.Writes())
	}
}

func TestStageReturnsTheRecordsError(t *testing.T) {
	t.Parallel()
	errHandler := errors.New("handler")
	r := NewRecorder[string]()
	for name, fn := range map[string]func(b *sink.Batch) error{
		"returned": func(*sink.Batch) error { return errHandler },
		"Fail":     func(b *sink.Batch) error { b.Fail(errHandler); return nil },
	} {
		err := Stage(t.Context(), func(_ context.Context, b *sink.Batch) error {
			r.Upsert(b, "lost")
			return fn(b)
		})
		if !errors.Is(err, errHandler) || len(r.Writes()) != 0 {
			t.Errorf("%s: error %v, recorded %v", name, err, r.Writes())
		}
	}
}

func TestStageReturnsTheCommitsError(t *testing.T) {
	t.Parallel()
	errWrite := errors.New("write")
	broken := sink.Func(func(context.Context, []sink.Write[string]) error { return errWrite })
	if err := Stage(t.Context(), upsert(broken, "x")); !errors.Is(err, errWrite) {
		t.Errorf("got %v", err)
	}
}

func TestStageNoticesLateStaging(t *testing.T) {
	t.Parallel()
	r := NewRecorder[string]()
	var kept *sink.Batch
	late := sink.Func(func(context.Context, []sink.Write[string]) error {
		r.Upsert(kept, "too late")
		return nil
	})
	err := Stage(t.Context(), func(_ context.Context, b *sink.Batch) error {
		kept = b
		late.Upsert(b, "x")
		return nil
	})
	if err == nil {
		t.Error("staging after the handler had returned went unnoticed")
	}
}

func TestStageAsKeepsTheOrigin(t *testing.T) {
	t.Parallel()
	r := NewRecorder[string]()
	o := sink.Origin{Source: "stream", EventID: "e1", Sequence: "42"}
	if err := StageAs(t.Context(), o, upsert(r, "x")); err != nil {
		t.Fatal(err)
	}
	if got := r.Writes()[0].Origin; got != o {
		t.Errorf("origin %+v, want %+v", got, o)
	}
}

func TestNextOriginIncreases(t *testing.T) {
	t.Parallel()
	const each, workers = 500, 4
	var wait sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range workers {
		wait.Go(func() {
			before := ""
			for range each {
				next := NextOrigin().Sequence
				if len(next) != 21 || next <= before {
					t.Errorf("%q after %q", next, before)
				}
				before = next
				mu.Lock()
				seen[next] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(seen) != each*workers {
		t.Errorf("%d different sequence numbers, want %d", len(seen), each*workers)
	}
}

func TestRecorderIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := NewRecorder[string]()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := Stage(t.Context(), upsert(r, "x")); err != nil {
				t.Error(err)
			}
			r.Upserts()
		})
	}
	wait.Wait()
	if n := len(r.Writes()); n != 8 {
		t.Errorf("%d writes, want 8", n)
	}
}
