package sqlsink

import "testing"

// TestAWorkspaceIsUsedAgain: grids of one transaction share no cells, the next has them all in memory that is there already, and
// nothing of the last one is in it.
func TestAWorkspaceIsUsedAgain(t *testing.T) {
	t.Parallel()
	w := &workspace{}
	for round := range 3 {
		grids := []*grid{w.grid(2, 3), w.grid(3, 5)}
		for n, g := range grids {
			for i := range cap(g.cells) {
				if old := g.cells[:i+1][i]; old != (datum{}) {
					t.Fatalf("round %d: a cell of the last round holds %v", round, old)
				}
				g.add(integerOf(int64(n)))
			}
		}
		grids[0].add(integerOf(9)) // one more than asked for
		for _, cell := range grids[1].cells {
			if cell != integerOf(1) {
				t.Fatalf("round %d: a grid has a cell of another: %v", round, cell)
			}
		}
		bytes, more := append(w.buffer(4), "abcde"...), append(w.buffer(4), "fghi"...)
		if string(bytes) != "abcde" || string(more) != "fghi" {
			t.Fatalf("round %d: buffers hold %s and %s", round, bytes, more)
		}
		if inPlace := len(w.cells) == 2*3+3*5 && len(w.bytes) == 8; inPlace != (round > 0) {
			t.Errorf("round %d: in the memory of the round before: %v", round, inPlace)
		}
		w.clean()
	}
	w.grid(1, mostCells+1)
	w.buffer(mostBytes + 1)
	if w.clean(); cap(w.cells) > mostCells || cap(w.bytes) > mostBytes {
		t.Errorf("%d cells and %d bytes are kept", cap(w.cells), cap(w.bytes))
	}
}
