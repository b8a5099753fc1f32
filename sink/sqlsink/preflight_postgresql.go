package sqlsink

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// lookPostgreSQL asks three questions, however many tables there are. It reads pg_catalog, which everybody may, and not
// information_schema, which hides what the user has no right to.
func (s *store) lookPostgreSQL(ctx context.Context, specs []*tableSpec) (*findings, error) {
	f := &findings{server: serverFacts{dialect: PostgreSQL}, tables: make([]*actualTable, len(specs))}
	sessions, err := queryRows(ctx, s, "look at the session",
		"SELECT current_setting('transaction_read_only') = 'on', quote_ident(current_user)", nil,
		func(facts *serverFacts) []any { return []any{&facts.readOnly, &facts.user} })
	if err != nil {
		return nil, err
	}
	for _, session := range sessions {
		f.server.readOnly, f.server.user = session.readOnly, session.user
	}
	if err := s.pgColumns(ctx, specs, f.tables); err != nil {
		return nil, err
	}
	return f, s.pgIndexes(ctx, specs, f.tables)
}

// pgTables is the tables that are wanted and exist, as w.position and c of pg_class.
func pgTables(specs []*tableSpec) (from string, args []any) {
	var values []string
	for i, spec := range specs {
		schema, table := splitName(spec.name)
		args = append(args, schema, table)
		values = append(values, "("+strconv.Itoa(i)+", CAST($"+strconv.Itoa(len(args)-1)+" AS text), CAST($"+strconv.Itoa(len(args))+" AS text))")
	}
	return " FROM (VALUES " + strings.Join(values, ", ") + ") AS w (position, schema_name, table_name)" +
		" JOIN pg_catalog.pg_class c ON c.relname = w.table_name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')" +
		" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" +
		" AND (n.nspname = w.schema_name OR w.schema_name = '' AND pg_catalog.pg_table_is_visible(c.oid))", args
}

// pgColumn is a row of the question for columns: what concerns the table comes with each of them.
type pgColumnRow struct {
	actualColumn
	position                       int
	kind, schema                   string
	usage                          bool
	typeName                       string
	modifier                       int
	deterministic                  bool
	selects, inserts, updates, all bool
}

func (s *store) pgColumns(ctx context.Context, specs []*tableSpec, tables []*actualTable) error {
	from, args := pgTables(specs)
	rows, err := queryRows(ctx, s, "look at the columns", "SELECT w.position, CAST(c.relkind AS text), n.nspname, has_schema_privilege(n.oid, 'USAGE'),"+
		" a.attname, format_type(a.atttypid, a.atttypmod), b.typname, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,"+
		" a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL, a.attgenerated <> '' OR a.attidentity = 'a',"+
		" COALESCE(l.collname, ''), COALESCE(l.collisdeterministic, true), has_column_privilege(c.oid, a.attnum, 'SELECT'),"+
		" has_column_privilege(c.oid, a.attnum, 'INSERT'), has_column_privilege(c.oid, a.attnum, 'UPDATE'), has_table_privilege(c.oid, 'DELETE')"+
		from+" JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"+
		" JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"+
		" JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END"+
		" LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation ORDER BY w.position, a.attnum", args,
		func(r *pgColumnRow) []any {
			return []any{&r.position, &r.kind, &r.schema, &r.usage, &r.name, &r.declared, &r.typeName, &r.modifier, &r.notNull, &r.defaults,
				&r.generated, &r.collation, &r.deterministic, &r.selects, &r.inserts, &r.updates, &r.all}
		})
	for i := range rows {
		r := &rows[i]
		if tables[r.position] == nil {
			tables[r.position] = r.table(specs[r.position])
		}
		tables[r.position].add(specs[r.position], r)
	}
	return err
}

// table is what a row tells of the column's table.
func (r *pgColumnRow) table(spec *tableSpec) *actualTable {
	t := &actualTable{other: map[string]string{"v": "a view", "m": "a materialized view", "f": "a foreign table"}[r.kind]}
	if !r.usage {
		t.schema = r.schema
	}
	if !r.all && spec.deletes {
		t.lacks = append(t.lacks, "DELETE")
	}
	return t
}

// add takes over the column, and what the user may not do with it if the target needs it.
func (t *actualTable) add(spec *tableSpec, r *pgColumnRow) {
	r.classify()
	t.columns = append(t.columns, r.actualColumn)
	if spec.column(r.name) == nil {
		return
	}
	t.lack("SELECT", r.selects)
	t.lack("INSERT", r.inserts)
	t.lack("UPDATE", r.updates || !slices.Contains(spec.updated(PostgreSQL), r.name))
}

// pgTypes are the types of https://www.postgresql.org/docs/current/datatype.html that need no closer look.
var pgTypes = map[string]actualColumn{
	"int2": {holds: haveInteger, bits: 16}, "int4": {holds: haveInteger, bits: 32}, "int8": {holds: haveInteger, bits: 64},
	"float4": {holds: haveFloat, bits: 32}, "float8": {holds: haveFloat, bits: 64}, "bool": {holds: haveBool},
	"bytea": {holds: haveBytes}, "date": {holds: haveDate}, "time": {holds: haveDate}, "timetz": {holds: haveDate},
	"timestamp": {holds: haveTime}, "timestamptz": {holds: haveTime}, "json": {holds: haveJSON}, "jsonb": {holds: haveJSON},
	"uuid": {holds: haveUUID}, "numeric": {holds: haveExact}, "text": {holds: haveText}, "varchar": {holds: haveText},
	"bpchar": {holds: haveText}, "citext": {holds: haveText},
}

// classify follows the type modifiers: of numeric the scale, of times the digits of a second, of text the length, with 4
// added to the first and the last.
func (r *pgColumnRow) classify() {
	const header, scaleBits, microseconds = 4, 0x7ff, 6
	known := pgTypes[r.typeName]
	r.holds, r.bits, r.exact = known.holds, known.bits, verbatim
	switch {
	case r.holds == haveExact && r.modifier < 0:
		r.scale = -1
	case r.holds == haveExact:
		r.scale = (r.modifier - header) & scaleBits
	case r.holds == haveTime && r.modifier < 0:
		r.fraction = microseconds
	case r.holds == haveTime:
		r.fraction = r.modifier
	case r.holds == haveText && r.modifier >= header:
		r.length = r.modifier - header
	}
	switch {
	case r.typeName == "citext" || !r.deterministic:
		r.exact = inexact
	case r.typeName == "bpchar":
		r.exact = letters
	}
	if r.deterministic {
		r.collation = "" // then it decides about the order only
	}
}

func (s *store) pgIndexes(ctx context.Context, specs []*tableSpec, tables []*actualTable) error {
	from, args := pgTables(specs)
	parts, err := queryRows(ctx, s, "look at the indexes", "SELECT w.position, x.relname, COALESCE(a.attname, ''), i.indisunique, i.indisprimary, i.indpred IS NOT NULL,"+
		" NOT i.indimmediate, COALESCE(o.condeferred, false), o.oid IS NOT NULL, NOT i.indisvalid"+from+
		" JOIN pg_catalog.pg_index i ON i.indrelid = c.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"+
		" CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS k (part)"+
		" LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[k.part] AND a.attnum > 0"+
		" LEFT JOIN pg_catalog.pg_constraint o ON o.conindid = i.indexrelid AND o.contype IN ('p', 'u')"+
		" ORDER BY w.position, NOT i.indisprimary, x.relname, k.part", args,
		func(p *indexPart) []any {
			return []any{&p.table, &p.of.name, &p.column, &p.of.unique, &p.of.primary, &p.of.partial, &p.of.deferrable, &p.of.deferred, &p.of.constraint, &p.of.invalid}
		})
	addParts(tables, parts)
	return err
}
