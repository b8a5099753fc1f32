package sqlsink

import (
	"context"
	"slices"
	"strings"
)

// lookSQLite reads the pragma functions: https://www.sqlite.org/pragma.html#pragfunc
func (s *store) lookSQLite(ctx context.Context, specs []*tableSpec) (*findings, error) {
	f := &findings{server: serverFacts{dialect: SQLite}, tables: make([]*actualTable, len(specs))}
	for i, spec := range specs {
		t, err := s.liteTable(ctx, spec.name)
		if err != nil {
			return nil, err
		}
		f.tables[i] = t
	}
	return f, s.try(ctx, specs, f)
}

type liteColumnRow struct {
	actualColumn
	tableType     string
	hidden, inKey int
}

func (s *store) liteTable(ctx context.Context, name string) (*actualTable, error) {
	schema, table := splitName(name)
	if schema == "" {
		schema = "main"
	}
	rows, err := queryRows(ctx, s, "look at the columns of "+name, "SELECT t.type, x.name, x.type, x.\"notnull\", x.dflt_value IS NOT NULL, x.pk, x.hidden"+
		" FROM pragma_table_list AS t, pragma_table_xinfo(t.name, t.schema) AS x WHERE t.schema = ? COLLATE NOCASE AND t.name = ? COLLATE NOCASE",
		[]any{schema, table}, func(r *liteColumnRow) []any {
			return []any{&r.tableType, &r.name, &r.declared, &r.notNull, &r.defaults, &r.inKey, &r.hidden}
		})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	t := &actualTable{}
	if rows[0].tableType != "table" {
		t.other = "a " + rows[0].tableType
	}
	for i := range rows {
		rows[i].classify()
		t.columns = append(t.columns, rows[i].actualColumn)
	}
	return t, s.liteIndexes(ctx, schema, table, t, rows)
}

// classify goes by the name of the type and, where that is none of the common ones, by its affinity:
// https://www.sqlite.org/datatype3.html#determination_of_column_affinity
func (r *liteColumnRow) classify() {
	const stored, virtual = 3, 2
	r.generated = r.hidden == stored || r.hidden == virtual
	r.bits, r.exact, r.scale, r.fraction = 64, verbatim, -1, 9
	name := strings.ToUpper(r.declared)
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
	}
	switch {
	case name == "":
		r.holds = haveOther
		r.declared = "without a type"
	case has("INT"):
		r.holds = haveInteger
	case has("CHAR", "CLOB", "TEXT"):
		r.holds = haveText
	case has("BLOB"):
		r.holds = haveBytes
	case has("REAL", "FLOA", "DOUBLE"):
		r.holds = haveFloat
	case has("BOOL"):
		r.holds = haveBool
	case has("DATE", "TIME"):
		r.holds = haveTime
	case has("JSON"):
		r.holds = haveJSON
	case has("UUID"):
		r.holds = haveUUID
	default:
		r.holds = haveExact
	}
}

type liteIndexRow struct {
	indexPart
	origin, collation string
}

// liteIndexes reads the unique indexes. An INTEGER PRIMARY KEY has none, because it is the row's number.
func (s *store) liteIndexes(ctx context.Context, schema, table string, t *actualTable, columns []liteColumnRow) error {
	rows, err := queryRows(ctx, s, "look at the indexes of "+table, "SELECT l.name, l.\"unique\", l.origin, l.partial, COALESCE(x.name, ''), COALESCE(x.coll, '')"+
		" FROM pragma_index_list(?, ?) AS l, pragma_index_xinfo(l.name, ?) AS x WHERE x.key ORDER BY l.origin <> 'pk', l.name, x.seqno",
		[]any{table, schema, schema}, func(r *liteIndexRow) []any {
			return []any{&r.of.name, &r.of.unique, &r.origin, &r.of.partial, &r.column, &r.collation}
		})
	if err != nil {
		return err
	}
	var parts []indexPart
	for _, r := range rows {
		r.of.primary, r.of.constraint = r.origin == "pk", r.origin != "c"
		parts = append(parts, r.indexPart)
		if r.of.unique {
			t.collate(r.column, r.collation)
		}
	}
	addParts([]*actualTable{t}, parts)
	if i := slices.IndexFunc(columns, func(c liteColumnRow) bool { return c.inKey > 0 }); i >= 0 && (len(t.indexes) == 0 || !t.indexes[0].primary) {
		t.indexes = append(t.indexes, tableIndex{name: "of the row's number", columns: []string{columns[i].name}, unique: true, primary: true, constraint: true})
		t.columns[i].defaults = true
	}
	return nil
}

// collate notes a collation that is not BINARY: https://www.sqlite.org/datatype3.html#collation
func (t *actualTable) collate(column, collation string) {
	c := t.column(SQLite, column)
	if c == nil || strings.EqualFold(collation, "BINARY") {
		return
	}
	c.collation, c.exact = collation, inexact
	if strings.EqualFold(collation, "RTRIM") {
		c.exact = letters
	}
}
