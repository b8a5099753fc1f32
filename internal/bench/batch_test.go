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

// TestApart is a mix that holds none of the older items, and its rows, each once, are in the order of their keys.
func TestApart(t *testing.T) {
	t.Parallel()
	h := newHistory()
	older := map[string]bool{}
	for _, c := range h.fresh(1000).changes {
		older[c.row.PK] = true
	}
	b, events, rows := h.apart(1000), map[handler.EventName]int{}, 0
	for _, c := range b.changes {
		events[c.event]++
		if older[c.row.PK] {
			t.Fatalf("%s of an older item", c.event)
		}
	}
	last := ""
	for c := range each(b.changes, b.rows) {
		if rows++; c.row.PK <= last {
			t.Fatalf("%s follows %s", c.row.PK, last)
		}
		last = c.row.PK
	}
	if events[handler.Insert] != 700 || events[handler.Modify] != 200 || events[handler.Remove] != 100 || rows < 850 || rows > 910 {
		t.Errorf("events %v, %d rows", events, rows)
	}
	count := 0
	for range each(b.changes, nil) {
		count++
	}
	if count != len(b.changes) {
		t.Errorf("%d changes", count)
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
	fast, err := decodeFast(decoder, fresh.payload)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, fast, fresh.changes)
	mixed := h.mix(100)
	mixed.encode()
	fast, err = decodeFast(decoder, mixed.payload)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, fast, mixed.changes)
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
