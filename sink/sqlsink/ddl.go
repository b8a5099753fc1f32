package sqlsink

import (
	"fmt"
	"strings"
)

// DDL returns the statements that create the tables the library keeps for itself: tombstones, the inbox of [DB.Once] and
// the versions of [DB.Newest] and [Children]. They do nothing when the tables are there. A user without the right to
// delete from them can do all but [DB.Purge].
func (d *DB) DDL() []string {
	var statements []string
	for _, table := range []string{tombstoneTable, inboxTable, newestTable} {
		statements = append(statements, librarySpec(d.store.dialect, table).create(d.store.dialect)...)
	}
	return statements
}

// ddl creates one of the library's own tables.
func ddl(d Dialect, table string) string { return strings.Join(librarySpec(d, table).create(d), "; ") }

// DDL returns the statements that create the table as the row type and the guard need it, for a migration to begin with.
// They do nothing when there is a table of that name. The library's own tables are in [DB.DDL].
//
// Columns have the types of the following table, or what the db tag says after type=, which takes the rest of the tag:
//
//	Total string `db:"total,type=NUMERIC(20,4)"`
//
//	Go                                 PostgreSQL         MySQL, MariaDB     SQLite
//	string, encoding.TextMarshaler     TEXT               MEDIUMTEXT ¹       TEXT
//	signed integers to 32 bits         INTEGER            INTEGER            INTEGER
//	other integers                     BIGINT             BIGINT             INTEGER
//	uint, uint64                       NUMERIC(20)        BIGINT UNSIGNED    INTEGER
//	big.Int                            NUMERIC            DECIMAL(65)        TEXT
//	float32, float64                   DOUBLE PRECISION   DOUBLE             REAL
//	bool                               BOOLEAN            BOOLEAN            BOOLEAN
//	[]byte, [n]byte                    BYTEA              MEDIUMBLOB         BLOB
//	time.Time                          TIMESTAMPTZ        DATETIME(6)        TIMESTAMP
//	json.RawMessage, struct, map, …    JSONB              JSON               TEXT
//	interface, other driver.Valuer     TEXT               MEDIUMTEXT ¹       TEXT
//
//	¹ CHARACTER SET utf8mb4
//
// MySQL's JSON keeps numbers in 64 bits and rounds longer ones; where that matters, type=LONGTEXT keeps the text.
//
// Pointers have the type of what they point to, and the sql.Null types that of their value. A column is NOT NULL if the
// field cannot be nil, or the tag has the option notnull, and no guard leaves it out.
//
// Text and bytes in the key of a MySQL table are VARBINARY, which takes no two keys for one whatever the server: the first
// has room for 2,048 bytes and the others share 1,024, as with a partition key and a sort key; InnoDB's limit is 3,072
// (https://dev.mysql.com/doc/refman/8.4/en/innodb-limits.html). In PostgreSQL an index row has at most 2,704 bytes; a
// longer key is a permanent error.
//
// PostgreSQL leaves a tenth of each page of the table free (fillfactor), where a row that is updated finds room beside its old
// version: that needs no new entries in the indexes.
// https://www.postgresql.org/docs/current/storage-hot.html
func (t *Table[R]) DDL() []string { return t.table.spec().create(t.table.store.dialect) }

// DDL returns the statements that create the table of the lists, as [Table.DDL] does. Its primary key is made of the
// columns tagged owner and key; without any of the latter there is an index of the owner's columns instead.
func (c *Children[O, R]) DDL() []string { return c.table.listSpec().create(c.table.store.dialect) }

// DDL returns the statements that create the table, as [Table.DDL] does. Its primary key is the event's column.
func (a *Append[R]) DDL() []string { return a.table.spec().create(a.table.store.dialect) }

// create returns the statements that create the table.
func (s *tableSpec) create(d Dialect) []string {
	var parts []string
	sizes := s.keySizes()
	for i := range s.columns {
		parts = append(parts, s.columns[i].definition(d, sizes))
	}
	if s.primary != nil {
		parts = append(parts, "PRIMARY KEY ("+d.quoteAll(s.primary)+")")
	}
	var apart []string
	for _, index := range s.indexes {
		if d == MySQL {
			parts = append(parts, "INDEX ("+d.quoteAll(index)+")")
		} else {
			apart = append(apart, createIndex(d, "INDEX IF NOT EXISTS", s.name, indexName(s.name, index), index))
		}
	}
	table := "CREATE TABLE IF NOT EXISTS " + d.quoteTable(s.name) + " (" + strings.Join(parts, ", ") + ")"
	switch {
	case s.own && d == SQLite:
		table += " WITHOUT ROWID" // one tree instead of two
	case !s.own && !s.keeps && d == PostgreSQL:
		table += " WITH (fillfactor=90)"
	}
	return append([]string{table}, apart...)
}

// createIndex creates an index. SQLite wants the schema before the index's name, PostgreSQL before the table's.
func createIndex(d Dialect, what, table, index string, columns []string) string {
	schema, bare := splitName(table)
	name := d.quote(index)
	if d == SQLite && schema != "" {
		name, table = d.quote(schema)+"."+name, bare
	}
	return fmt.Sprintf("CREATE %s %s ON %s (%s)", what, name, d.quoteTable(table), d.quoteAll(columns))
}

// indexName is short enough for every engine, of which MySQL allows 64 characters and PostgreSQL 63 bytes.
func indexName(table string, columns []string) string {
	_, bare := splitName(table)
	name := strings.ToValidUTF8(strings.Join(append([]string{bare}, columns...), "_"), "")
	return strings.ToValidUTF8(name[:min(len(name), 56)], "") + "_idx"
}

// splitName parts the name of a table into the schema's, which may be "", and its own.
func splitName(name string) (schema, table string) {
	schema, table, found := strings.Cut(name, ".")
	if !found {
		return "", name
	}
	return schema, table
}

// definition is the column as CREATE TABLE has it.
func (c *columnSpec) definition(d Dialect, sizes map[string]int) string {
	definition := d.quote(c.name) + " " + c.columnType(d, sizes)
	if c.key || !c.nullable {
		return definition + " NOT NULL"
	}
	return definition + nullWord(d)
}

// addColumn adds the column to a table that may have rows.
func (s *tableSpec) addColumn(d Dialect, c *columnSpec) string {
	return "ALTER TABLE " + d.quoteTable(s.name) + " ADD COLUMN " + d.quote(c.name) + " " + c.columnType(d, s.keySizes()) + nullWord(d)
}

// nullWord says that a column may be NULL where leaving it out does not: a TIMESTAMP of an older MySQL.
// https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_explicit_defaults_for_timestamp
func nullWord(d Dialect) string {
	if d == MySQL {
		return " NULL"
	}
	return ""
}
