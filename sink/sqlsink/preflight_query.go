package sqlsink

import "context"

// queryRows reads all rows of a query; into lists where the columns of one go.
func queryRows[T any](ctx context.Context, s *store, doing, query string, args []any, into func(*T) []any) ([]T, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.wrap(doing, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var row T
		if err := rows.Scan(into(&row)...); err != nil {
			return nil, s.wrap(doing, err)
		}
		all = append(all, row)
	}
	return all, s.wrap(doing, rows.Err())
}

// indexPart is one column of a unique index, as catalogues list them.
type indexPart struct {
	table  int // position among the wanted
	column string
	prefix int
	of     tableIndex
}

// addParts makes indexes of their columns, which come in order.
func addParts(tables []*actualTable, parts []indexPart) {
	for _, p := range parts {
		t := tables[p.table]
		if t == nil {
			continue
		}
		last := len(t.indexes) - 1
		if last < 0 || t.indexes[last].name != p.of.name {
			t.indexes = append(t.indexes, p.of)
			last++
		}
		u := &t.indexes[last]
		u.columns, u.prefixes = append(u.columns, p.column), append(u.prefixes, p.prefix)
	}
}
