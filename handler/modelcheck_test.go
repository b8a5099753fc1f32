package handler_test

import "testing"

// checkSetAside: only what may be set aside is, and nothing both ways.
func (w *world) checkSetAside(t *testing.T) {
	for i, fate := range w.fates {
		permanent := fate == "permanent" || fate == "undecodable" || fate == "refused for good"
		unmarked := fate == "fail" || fate == "panic" || fate == "refused"
		if w.setAside(i) && (!permanent && !(unmarked && w.unmarked) || w.committed(i)) {
			t.Errorf("record %d (%s) was set aside", i, fate)
		}
		if w.committed(i) && fate != "fine" && fate != "once" {
			t.Errorf("record %d (%s) was committed", i, fate)
		}
	}
}

// checkOrder: what is done of an item, or of the batch with HaltBatch, is what comes first.
func (w *world) checkOrder(t *testing.T) {
	open := map[string]int{} // item → a record that is not done
	for i, key := range w.keys {
		if !w.haltKey {
			key = ""
		}
		if before, ok := open[key]; ok && w.committed(i) {
			t.Errorf("record %d was committed, and %d (%s) before it is open", i, before, w.fates[before])
		}
		if !w.done(i) {
			open[key] = i
		}
	}
}

// checkStop: unguarded work waits for every record before it, and what is fine is not held up without reason.
func (w *world) checkStop(t *testing.T, first int) {
	lowest := len(w.records)
	open := map[string]bool{}
	for i, key := range w.keys {
		fine := w.fates[i] == "fine" || w.fates[i] == "once"
		goesOn := w.haltKey && !w.unguarded && !open[key]
		if fine && !w.committed(i) && (lowest > i || goesOn) {
			t.Errorf("record %d is fine and open, and nothing that it has to wait for failed", i)
		}
		if w.unguarded && i > lowest && w.committed(i) {
			t.Errorf("record %d has unguarded work and was committed, and %d (%s) before it is open", i, lowest, w.fates[lowest])
		}
		if !w.done(i) {
			lowest, open[key] = min(lowest, i), true
		}
	}
	if first > lowest {
		t.Errorf("%d records were acknowledged, and %d is open", first, lowest)
	}
}
