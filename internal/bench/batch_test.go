package main

import (
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/mapping"
)

// TestMix is the mix that BENCHMARKS.md describes.
func TestMix(t *testing.T) {
	t.Parallel()
	h := newHistory()
	h.fresh(1000)
	for range 3 {
		b := h.mix(1000)
		events, keys := map[handler.EventName]int{}, map[string]int{}
		for _, c := range b.changes {
			events[c.event]++
			keys[c.row.PK]++
		}
		if events[handler.Insert] != 700 || events[handler.Modify] != 200 || events[handler.Remove] != 100 {
			t.Errorf("events %v", events)
		}
		if repeated := len(b.changes) - len(keys); repeated < 90 || repeated > 150 {
			t.Errorf("%d records repeat a key", repeated)
		}
	}
}

// TestPayload holds what is decoded against what was encoded.
func TestPayload(t *testing.T) {
	t.Parallel()
	h := newHistory()
	fresh := h.fresh(100)
	fresh.encode()
	decoder, err := mapping.NewDecoder[flat]()
	if err != nil {
		t.Fatal(err)
	}
	fast, err := decodeFresh(decoder, fresh.payload)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, fast, fresh.changes)
	mixed := h.mix(100)
	mixed.encode()
	usual, err := decodeChanges(mixed.payload)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, usual, mixed.changes)
}

func equal(t *testing.T, got, want []change) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d changes, want %d", len(got), len(want))
	}
	for i := range got {
		row := got[i].row
		if row.Placed = row.Placed.UTC(); want[i].event == handler.Remove {
			row.Placed = want[i].row.Placed
		}
		if row != want[i].row || got[i].sequence != want[i].sequence && got[i].sequence != "" {
			t.Errorf("change %d is %v, want %v", i, row, want[i].row)
		}
	}
}
