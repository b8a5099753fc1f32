package sqlsink

import "iter"

// The most that goes into one statement: beyond these figures statements get no faster, and MySQL refuses a statement
// longer than max_allowed_packet (4 MB by default in old versions, 16 MB in MariaDB).
const (
	maxRows  = 1000
	maxBytes = 2 << 20
)

// chunks cuts rows into parts that fit a statement: at most most rows, and maxBytes of data unless one row has more.
func chunks(rows [][]any, most int) iter.Seq[[][]any] {
	most = max(1, min(most, maxRows))
	return func(yield func([][]any) bool) {
		for first := 0; first < len(rows); {
			next, bytes := first+1, sizeOf(rows[first])
			for next < len(rows) && next-first < most {
				if bytes += sizeOf(rows[next]); bytes > maxBytes {
					break
				}
				next++
			}
			if !yield(rows[first:next]) {
				return
			}
			first = next
		}
	}
}

// sizeOf estimates what a row takes on the wire.
func sizeOf(row []any) int {
	size := 8 * len(row)
	for _, arg := range row {
		switch v := arg.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	return size
}
