package sqlsink

// burial is how PostgreSQL looks for tombstones itself. The rows then have more cells than columns: the hash of the key and,
// if it is not the last column, the padded version.
type burial struct {
	table  string // whose tombstones; "" to look for none
	lowest string // the lowest version of the rows
	own    bool   // the version is the row's own, which tells nothing of other rows; of two equal ones the tombstone's is the newer
}

// cells tells where a row has the hash of its key and its version.
func (b burial) cells(columns int) (hash, version int) {
	if b.own {
		return columns, columns + 1
	}
	return columns, columns - 1
}

// forbids writes a condition that is true for a row of u that a newer tombstone forbids. In a live stream no tombstone of
// the table is newer than the oldest row of a batch, and one look into the index tells it. Otherwise a sub-select for
// each row is one look for each, whatever the planner thinks of the table.
func (b burial) forbids(s *statement, hash, version int) {
	operator := " > "
	if b.own {
		operator = " >= "
	} else {
		s.text("COALESCE((SELECT CAST(max(d.sequence) AS text) FROM ", tombstoneTable, " AS d WHERE d.table_name = ").arg(textOf(b.table))
		s.text(`), '') COLLATE "C" > `).arg(textOf(b.lowest)).text(" AND ")
	}
	s.text("COALESCE((SELECT CAST(d.sequence AS text) FROM ", tombstoneTable, " AS d WHERE d.table_name = ").arg(textOf(b.table))
	s.text(" AND d.row_key = ", casted(hash, ""), `), '') COLLATE "C"`, operator, casted(version, "text"))
}

// assertion fails when a tombstone forbids a row. COPY has no condition, so what it takes is looked at before.
func (b burial) assertion(rows *grid, columns int) *statement {
	hash, version := b.cells(columns)
	keys := newGrid(2, rows.rows())
	for i := range rows.rows() {
		keys.add(*rows.at(i, hash), *rows.at(i, version))
	}
	s := &statement{dialect: PostgreSQL}
	s.text("SELECT 1 / CASE WHEN EXISTS (SELECT FROM ").from(sourceOf(keys, []pgColumn{pgText, pgText}), true)
	s.text(" WHERE ")
	b.forbids(s, 0, 1)
	return s.text(") THEN 0 ELSE 1 END")
}
