package sqlsink

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// lookMySQL asks three questions, however many tables there are, and then tries what the user may do. information_schema shows
// only tables that the user has some right to.
func (s *store) lookMySQL(ctx context.Context, specs []*tableSpec) (*findings, error) {
	session, err := s.mySession(ctx)
	if err != nil {
		return nil, err
	}
	f := &findings{server: session.facts(), tables: make([]*actualTable, len(specs))}
	if err := s.myColumns(ctx, specs, session, f.tables); err != nil {
		return nil, err
	}
	if err := s.myIndexes(ctx, specs, session, f.tables); err != nil {
		return nil, err
	}
	return f, s.try(ctx, specs, f)
}

type mySession struct {
	mode, version, user, database string
	folds                         bool // names of tables are the same whatever their case
}

func (s *store) mySession(ctx context.Context) (*mySession, error) {
	rows, err := queryRows(ctx, s, "look at the session",
		"SELECT @@SESSION.sql_mode, VERSION(), CURRENT_USER(), COALESCE(DATABASE(), ''), @@lower_case_table_names <> 0", nil,
		func(m *mySession) []any { return []any{&m.mode, &m.version, &m.user, &m.database, &m.folds} })
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("sqlsink: look at the session: no answer")
	}
	return &rows[0], nil
}

// facts: where the mode is not strict, as on RDS by default, MySQL cuts a value that does not fit and only warns.
// https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html#sql-mode-strict
func (m *mySession) facts() serverFacts {
	name, host := m.user, ""
	if at := strings.LastIndexByte(m.user, '@'); at >= 0 {
		name, host = m.user[:at], "@"+MySQL.quote(m.user[at+1:])
	}
	return serverFacts{
		dialect: MySQL, mariaDB: strings.Contains(m.version, "MariaDB"), user: MySQL.quote(name) + host,
		careless: !strings.Contains(m.mode, "STRICT_TRANS_TABLES") && !strings.Contains(m.mode, "STRICT_ALL_TABLES"),
	}
}

// tables is a condition on the tables that are wanted.
func (m *mySession) tables(specs []*tableSpec) (condition string, args []any) {
	var parts []string
	for _, spec := range specs {
		schema, table := m.split(spec.name)
		args = append(args, schema, table)
		parts = append(parts, "t.TABLE_SCHEMA = ? AND t.TABLE_NAME = ?")
	}
	return strings.Join(parts, " OR "), args
}

func (m *mySession) split(name string) (schema, table string) {
	schema, table = splitName(name)
	if schema == "" {
		schema = m.database
	}
	return schema, table
}

// positions lists where among the wanted a table is; the engine's comparison may have found more than was asked for.
func (m *mySession) positions(specs []*tableSpec, schema, table string) []int {
	same := func(a, b string) bool { return a == b || m.folds && strings.EqualFold(a, b) }
	var at []int
	for i, spec := range specs {
		if s, t := m.split(spec.name); same(s, schema) && same(t, table) {
			at = append(at, i)
		}
	}
	return at
}

type myColumnRow struct {
	actualColumn
	schema, table, tableType, engine, transactions string
	dataType, nullable, extra                      string
	hasDefault                                     bool
	length                                         int64
}

func (s *store) myColumns(ctx context.Context, specs []*tableSpec, m *mySession, tables []*actualTable) error {
	condition, args := m.tables(specs)
	rows, err := queryRows(ctx, s, "look at the columns", "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, COALESCE(t.ENGINE, ''), COALESCE(e.TRANSACTIONS, ''),"+
		" c.COLUMN_NAME, c.COLUMN_TYPE, c.DATA_TYPE, COALESCE(c.CHARACTER_MAXIMUM_LENGTH, 0), COALESCE(c.NUMERIC_SCALE, 0), COALESCE(c.DATETIME_PRECISION, 0),"+
		" c.IS_NULLABLE, c.COLUMN_DEFAULT IS NOT NULL, c.EXTRA, COALESCE(c.CHARACTER_SET_NAME, ''), COALESCE(c.COLLATION_NAME, '')"+
		" FROM information_schema.TABLES t JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME"+
		" LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE "+condition+" ORDER BY c.ORDINAL_POSITION", args,
		func(r *myColumnRow) []any {
			return []any{&r.schema, &r.table, &r.tableType, &r.engine, &r.transactions, &r.name, &r.declared, &r.dataType, &r.length,
				&r.scale, &r.fraction, &r.nullable, &r.hasDefault, &r.extra, &r.charset, &r.collation}
		})
	for i := range rows {
		r := &rows[i]
		r.classify()
		for _, at := range m.positions(specs, r.schema, r.table) {
			if tables[at] == nil {
				tables[at] = r.actualTable()
			}
			tables[at].columns = append(tables[at].columns, r.actualColumn)
		}
	}
	return err
}

func (r *myColumnRow) actualTable() *actualTable {
	t := &actualTable{}
	switch {
	case r.tableType != "BASE TABLE" && r.tableType != "SYSTEM VERSIONED": // the latter is MariaDB's
		t.other = "a " + strings.ToLower(r.tableType)
	case r.transactions != "YES":
		t.engine = r.engine
	}
	return t
}

// myTypes are the types of https://dev.mysql.com/doc/refman/8.4/en/data-types.html
var myTypes = map[string]actualColumn{
	"tinyint": {holds: haveInteger, bits: 8}, "smallint": {holds: haveInteger, bits: 16}, "mediumint": {holds: haveInteger, bits: 24},
	"int": {holds: haveInteger, bits: 32}, "bigint": {holds: haveInteger, bits: 64}, "decimal": {holds: haveExact},
	"float": {holds: haveFloat, bits: 32}, "double": {holds: haveFloat, bits: 64}, "json": {holds: haveJSON}, "uuid": {holds: haveUUID},
	"char": {holds: haveText}, "varchar": {holds: haveText}, "tinytext": {holds: haveText}, "text": {holds: haveText},
	"mediumtext": {holds: haveText}, "longtext": {holds: haveText}, "binary": {holds: haveBytes}, "varbinary": {holds: haveBytes},
	"tinyblob": {holds: haveBytes}, "blob": {holds: haveBytes}, "mediumblob": {holds: haveBytes}, "longblob": {holds: haveBytes},
	"datetime": {holds: haveTime}, "timestamp": {holds: haveTime}, "date": {holds: haveDate}, "time": {holds: haveDate}, "year": {holds: haveDate},
}

func (r *myColumnRow) classify() {
	known := myTypes[r.dataType]
	r.holds, r.bits = known.holds, known.bits
	r.notNull = r.nullable == "NO"
	r.defaults = r.hasDefault || strings.Contains(r.extra, "auto_increment")
	r.generated = slices.ContainsFunc([]string{"STORED GENERATED", "VIRTUAL GENERATED", "PERSISTENT"}, func(word string) bool { return strings.Contains(r.extra, word) })
	if strings.HasPrefix(r.dataType, "var") || !strings.HasSuffix(r.dataType, "text") && !strings.HasSuffix(r.dataType, "blob") {
		r.actualColumn.length = int(r.length)
	}
	r.exact = r.exactness()
}

// exactness: only the collations without padding that compare code points keep all texts apart.
// https://dev.mysql.com/doc/refman/8.4/en/charset-collation-names.html
// https://mariadb.com/kb/en/supported-character-sets-and-collations/
func (r *myColumnRow) exactness() exactness {
	padded := r.dataType == "char" || r.dataType == "binary"
	switch {
	case r.collation == "" && !padded:
		return verbatim
	case r.collation == "":
		return letters
	case !strings.HasSuffix(r.collation, "_bin"):
		return inexact
	case !padded && (strings.HasSuffix(r.collation, "_nopad_bin") || strings.HasSuffix(r.collation, "_0900_bin")):
		return verbatim
	}
	return letters
}

type myIndexRow struct {
	schema, table string
	indexPart
}

func (s *store) myIndexes(ctx context.Context, specs []*tableSpec, m *mySession, tables []*actualTable) error {
	condition, args := m.tables(specs)
	rows, err := queryRows(ctx, s, "look at the indexes", "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.INDEX_NAME, t.NON_UNIQUE = 0, t.INDEX_NAME = 'PRIMARY',"+
		" COALESCE(t.COLUMN_NAME, ''), COALESCE(t.SUB_PART, 0) FROM information_schema.STATISTICS t WHERE "+condition+
		" ORDER BY t.INDEX_NAME <> 'PRIMARY', t.INDEX_NAME, t.SEQ_IN_INDEX", args,
		func(r *myIndexRow) []any {
			return []any{&r.schema, &r.table, &r.of.name, &r.of.unique, &r.of.primary, &r.column, &r.prefix}
		})
	for _, r := range rows {
		for _, at := range m.positions(specs, r.schema, r.table) {
			r.indexPart.table = at
			addParts(tables, []indexPart{r.indexPart})
		}
	}
	return err
}
