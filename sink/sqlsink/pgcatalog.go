package sqlsink

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
)

// pgColumn is what PostgreSQL knows of a column: an array has the type of its elements, so it must be known.
type pgColumn struct {
	name string // the type, for a cast; without its modifier, because a cast cuts what is too long and an assignment refuses it
	oid  uint32 // the type's; a domain's base type
}

// catalog remembers the columns of tables, which are asked for once.
type catalog struct {
	mu     sync.Mutex
	tables map[string]map[string]pgColumn
}

// ours are the columns of the library's own tables.
var ours = map[string]pgColumn{
	"table_name": pgText, "name": pgText, "row_key": pgText, "event_key": pgText, "token": pgText, "sequence": pgText,
	"deleted_at": pgMoment, "applied_at": pgMoment, "changed_at": pgMoment,
}

var (
	pgText   = pgColumn{"text", 25}
	pgMoment = pgColumn{"timestamptz", 1184}
)

// binaryOrder makes a comparison of padded numbers one of bytes, where the column's type has a collation: a language's takes
// many times as long, and ICU's may be told to order digits in ways of its own.
func binaryOrder(c pgColumn) string {
	if slices.Contains([]uint32{pgText.oid, varchar, bpchar}, c.oid) {
		return ` COLLATE "C"`
	}
	return ""
}

// columnTypes returns the types of columns of a table. One that the table does not have is of no type: the statement that
// names it then says so.
func (t *tx) columnTypes(ctx context.Context, table string, names []string) ([]pgColumn, error) {
	known := ours
	if table != tombstoneTable && table != inboxTable && table != newestTable {
		var err error
		if known, err = t.catalogOf(ctx, table); err != nil {
			return nil, err
		}
	}
	columns := make([]pgColumn, len(names))
	for i, name := range names {
		columns[i] = known[name]
	}
	return columns, nil
}

// unknownTable says that a table must be looked at before its statements can be made, and that the connection is in use.
type unknownTable struct{ name string }

func (u *unknownTable) Error() string { return "sqlsink: the columns of " + u.name + " are not known" }

func (t *tx) catalogOf(ctx context.Context, table string) (map[string]pgColumn, error) {
	if known := t.store.catalog.columns(table); known != nil {
		return known, nil
	}
	if t.gathered != nil {
		if known, asked := t.gathered.known[table]; asked {
			return known, nil
		}
		return nil, &unknownTable{table}
	}
	known, err := t.lookUp(ctx, table)
	if err == nil {
		t.store.catalog.learn(table, known)
	}
	return known, err
}

// columns are those of a table, nil if it has not been found yet.
func (c *catalog) columns(table string) map[string]pgColumn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[table]
}

// learn remembers the columns of a table, if there is one.
func (c *catalog) learn(table string, columns map[string]pgColumn) {
	if len(columns) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil {
		c.tables = map[string]map[string]pgColumn{}
	}
	c.tables[table] = columns
}

// columnsOfTable are the columns a of a table, of the type b.
const columnsOfTable = " FROM pg_attribute AS a" +
	" JOIN pg_type AS ty ON ty.oid = a.atttypid JOIN pg_type AS b ON b.oid = CASE ty.typtype WHEN 'd' THEN ty.typbasetype ELSE ty.oid END" +
	" WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped"

// sameTypes fails when a column is no longer of the type that it is taken for.
func sameTypes(table string, names []string, types []pgColumn) *statement {
	oids := oidsOf(types)
	s := &statement{dialect: PostgreSQL}
	s.values = append(s.values, textOf(s.dialect.quoteTable(table))) // $1
	s.text("SELECT 1 / CASE WHEN (SELECT count(*)", columnsOfTable)
	s.text(" AND (a.attname, b.oid) IN (SELECT CAST(u.name AS name), CAST(u.type AS oid) FROM unnest(CAST(").arg(textOf(arrayLiteral(names)))
	s.text(" AS text[]), CAST(").arg(textOf(arrayLiteral(oids)))
	return s.text(" AS text[])) AS u(name, type))) = ", strconv.Itoa(len(names)), " THEN 1 ELSE 0 END")
}

func oidsOf(types []pgColumn) []string {
	oids := make([]string, len(types))
	for i := range types {
		oids[i] = strconv.FormatUint(uint64(types[i].oid), 10)
	}
	return oids
}

func (t *tx) lookUp(ctx context.Context, table string) (map[string]pgColumn, error) {
	const query = "SELECT a.attname, CAST(b.oid AS text), format_type(b.oid, -1)" + columnsOfTable
	doing := "look at the columns of " + table
	ask := t.conn.QueryContext
	if t.open != nil {
		ask = t.open.QueryContext
	}
	rows, err := ask(ctx, query, t.store.dialect.quoteTable(table))
	if err != nil {
		return nil, t.store.wrap(doing, err)
	}
	known := map[string]pgColumn{}
	err = scanTexts(rows, 3, func(c []string) {
		oid, _ := strconv.ParseUint(c[1], 10, 32) // it is 0, no type that we know, if it is none
		known[c[0]] = pgColumn{c[2], uint32(oid)}
	})
	return known, t.store.wrap(doing, err)
}

// doubt forgets what is known of the tables when a statement was refused for its columns or types: somebody may have
// changed a table, and the next try is to look again.
func (c *catalog) doubt(err error) {
	var e *Error
	if !errors.As(err, &e) || len(e.SQLState) != 5 {
		return
	}
	if e.SQLState[:2] == "42" || slices.Contains([]string{"22P03", badMessage, divisionByZero}, e.SQLState) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.tables = nil
	}
}

const (
	badMessage     = "08P01" // a COPY whose data is not what the columns are made of
	divisionByZero = "22012" // sameTypes has failed
)
