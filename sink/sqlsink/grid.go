package sqlsink

import "iter"

// grid is the rows that one statement, or one series of them, writes: all cells in one slice, row after row.
type grid struct {
	columns int
	cells   []datum
}

func newGrid(columns, rows int) *grid {
	return &grid{columns: columns, cells: make([]datum, 0, columns*rows)}
}

func (g *grid) rows() int { return len(g.cells) / g.columns }

// add appends cells; a row is complete when it has as many as there are columns.
func (g *grid) add(cells ...datum) { g.cells = append(g.cells, cells...) }

func (g *grid) row(i int) []datum { return g.cells[i*g.columns : (i+1)*g.columns] }

func (g *grid) at(row, column int) *datum { return &g.cells[row*g.columns+column] }

// chunks cuts the grid into parts that fit a statement: at most rows rows, and bytes bytes of data unless one row has more.
func (g *grid) chunks(rows, bytes int) iter.Seq[*grid] {
	rows = max(1, rows)
	return func(yield func(*grid) bool) {
		for first := 0; first < g.rows(); {
			next, size := first+1, sizeOf(g.row(first))
			for next < g.rows() && next-first < rows {
				if size += sizeOf(g.row(next)); size > bytes {
					break
				}
				next++
			}
			if !yield(&grid{g.columns, g.cells[first*g.columns : next*g.columns]}) {
				return
			}
			first = next
		}
	}
}

func sizeOf(cells []datum) (size int) {
	for i := range cells {
		size += cells[i].size()
	}
	return size
}
