package sqlsink

// workspace is the memory for what a transaction writes, kept from one to the next: a thousand rows take half a megabyte on
// their way, which would have to be found, cleared and collected each time. A store keeps one, of up to mostCells and
// mostBytes.
type workspace struct {
	cells      []datum
	bytes      []byte
	cellsAsked int // by this transaction, also what there was no room for
	bytesAsked int
}

const (
	mostCells = 1 << 15 // of 32 bytes
	mostBytes = 1 << 20
)

// grid returns an empty grid with room for so many rows.
func (w *workspace) grid(columns, rows int) *grid {
	n := columns * rows
	if w.cellsAsked += n; cap(w.cells)-len(w.cells) < n {
		return newGrid(columns, rows)
	}
	at := len(w.cells)
	w.cells = w.cells[:at+n]
	return &grid{columns: columns, cells: w.cells[at : at : at+n]}
}

// buffer returns an empty slice of so much capacity.
func (w *workspace) buffer(n int) []byte {
	if w.bytesAsked += n; cap(w.bytes)-len(w.bytes) < n {
		return make([]byte, 0, n)
	}
	at := len(w.bytes)
	w.bytes = w.bytes[:at+n]
	return w.bytes[at : at : at+n]
}

// clean makes a workspace ready for the next transaction. It keeps nothing of the last one's rows in memory.
func (w *workspace) clean() {
	clear(w.cells)
	w.cells, w.bytes = w.cells[:0], w.bytes[:0]
	if w.cellsAsked > cap(w.cells) && w.cellsAsked <= mostCells {
		w.cells = make([]datum, 0, w.cellsAsked)
	}
	if w.bytesAsked > cap(w.bytes) && w.bytesAsked <= mostBytes {
		w.bytes = make([]byte, 0, w.bytesAsked)
	}
	w.cellsAsked, w.bytesAsked = 0, 0
}

// workspace returns the one that is kept, or a new one. keepWorkspace takes it back when nothing of the transaction is used any
// more.
func (s *store) workspace() *workspace {
	if w := s.kept.Swap(nil); w != nil {
		return w
	}
	return &workspace{}
}

func (s *store) keepWorkspace(w *workspace) {
	w.clean()
	s.kept.Store(w)
}
