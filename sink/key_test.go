package sink_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

// TestAKeyThatPanicsStagesNothing: a handler that recovers has staged the other rows only.
func TestAKeyThatPanicsStagesNothing(t *testing.T) {
	t.Parallel()
	var got []string
	port := sink.NewPort(newStore(), func(r *row) (string, error) {
		if r.version == 0 {
			panic(errNoKey)
		}
		return r.key, nil
	}, func(_ context.Context, _ *tx, writes []sink.Write[row]) error {
		for _, w := range writes {
			got = append(got, w.Row.key)
		}
		return nil
	})
	u := sink.NewUnit()
	b := u.Begin(origin(0))
	for _, r := range []row{{"a", 0}, {"b", 0}} {
		func() {
			defer func() {
				if p, _ := recover().(error); !errors.Is(p, errNoKey) {
					t.Errorf("recovered %v", p)
				}
			}()
			port.Upsert(b, r)
		}()
	}
	if b.Unguarded() {
		t.Error("nothing is staged, and the record counts as unguarded")
	}
	port.Upsert(b, row{"c", 1})
	if err := b.End(nil); err != nil {
		t.Fatal(err)
	}
	if err := u.Commit(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, []string{"c"}) {
		t.Errorf("wrote %q, want c", got)
	}
}
