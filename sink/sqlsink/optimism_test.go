package sqlsink

import "testing"

// TestOptimism counts how many batches go without a try after failures in a row.
func TestOptimism(t *testing.T) {
	t.Parallel()
	var o optimism
	for failures, want := range []int{0, 1, 3, 7, 15, 31, 63, 127, 255, 255} {
		skipped := 0
		for !o.allows("a") {
			skipped++
		}
		if skipped != want {
			t.Errorf("after %d failures %d batches go without, want %d", failures, skipped, want)
		}
		o.learn([]string{"a"}, true)
	}
	if !o.allows("b") {
		t.Error("another table is held back")
	}
	o.learn([]string{"a"}, false)
	if !o.allows("a") {
		t.Error("a success is not remembered")
	}
}
