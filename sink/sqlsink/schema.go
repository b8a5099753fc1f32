package sqlsink

import (
	"slices"
	"strings"
)

// tableSpec is what a target needs of a table: DDL makes it, and Preflight compares it with what is there.
type tableSpec struct {
	name      string
	columns   []columnSpec
	primary   []string   // what DDL makes the primary key
	unique    bool       // rows are found by the key, so it must be unique
	keysOnly  bool       // rows of nothing but the key and the guard are written
	deletes   bool       // rows are deleted
	keeps     bool       // rows that are there are not updated
	ordered   bool       // rows are written in the order of their changes, so that other unique indexes do no harm
	indexes   [][]string // columns of indexes that help
	libraries []string   // the library's own tables that the target uses
	own       bool       // it is one of those
	optional  bool       // it may be missing
}

// columnSpec is a column of a tableSpec.
type columnSpec struct {
	name     string
	holds    want
	bits     int  // of a number; 0: as many as it likes
	unsigned bool // of a whole number
	digits   bool // a text that is a whole number: big.Int
	field    string
	declared string // the type that the row type's tag or the library gives; "" follows from what it holds
	key      bool
	exact    exactness // which values must stay apart
	nullable bool      // DDL lets it be NULL
	null     bool      // NULL is written where the field is nil
	guard    bool      // added by the guard: what the row type must not have
	version  bool      // it orders the changes: GuardVersion
	late     bool      // a key that rows may lack
}

// want is what a column holds.
type want uint8

const (
	wantAny want = iota // an interface or somebody's driver.Valuer: only its values tell
	wantText
	wantWhole
	wantFloat
	wantBool
	wantBytes
	wantTime
	wantJSON
	wantSequence // a padded sequence number
	wantDeletion // the time when a row was deleted
)

// exactness is which values a column takes for different ones.
type exactness uint8

const (
	inexact  exactness = iota // not all that differ in more than case or accents
	letters                   // all but those that differ in trailing spaces
	verbatim                  // all
)

// spec is what a table's target needs.
func (t *table) spec() *tableSpec {
	s := &tableSpec{name: t.name, unique: true, deletes: true, ordered: t.every}
	for i := range t.columns.all {
		s.columns = append(s.columns, specOf(&t.columns.all[i]))
	}
	s.primary = t.columns.keyNames()
	t.guard.needs(s)
	return s
}

// listSpec is what the target of a table of lists needs: the owner's columns find the rows.
func (t *table) listSpec() *tableSpec {
	s := &tableSpec{name: t.name, deletes: true, keeps: true, ordered: true, libraries: []string{newestTable}}
	for i := range t.columns.all {
		c := &t.columns.all[i]
		column := specOf(c)
		if c.owner {
			column.key, column.exact = true, exactnessOf(column.declared)
		}
		s.columns = append(s.columns, column)
	}
	s.primary = append(t.columns.namesAt(t.columns.owner), t.columns.keyNames()...)
	if len(t.columns.keys) == 0 {
		s.indexes, s.primary = [][]string{s.primary}, nil
	}
	return s
}

// specOf is what a column of a row type needs.
func specOf(c *column) columnSpec {
	s := columnSpec{name: c.name, key: c.key, declared: c.declared, field: fieldType.Replace(c.goType.String())}
	s.hold(c.goType)
	if c.notNull || c.key {
		s.nullable, s.null = false, false
	}
	if c.key {
		s.exact = exactnessOf(c.declared)
	}
	return s
}

// fieldType writes types as programs do.
var fieldType = strings.NewReplacer("uint8", "byte", "interface {}", "any")

// exactnessOf is what a key needs. Whoever declares the type answers for trailing spaces: there are none in a CHAR(36) of
// UUIDs.
func exactnessOf(declared string) exactness {
	if declared != "" {
		return letters
	}
	return verbatim
}

// updated lists the columns that statements assign to. MySQL's ON DUPLICATE KEY UPDATE always has the key's first.
func (s *tableSpec) updated(d Dialect) []string {
	var names []string
	for i := range s.columns {
		if c := &s.columns[i]; !c.key && !s.keeps || d == MySQL && s.unique && c.name == s.primary[0] {
			names = append(names, c.name)
		}
	}
	return names
}

func (s *tableSpec) column(name string) *columnSpec {
	i := slices.IndexFunc(s.columns, func(c columnSpec) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &s.columns[i]
}

// needGuard adds the column of a guard's sequence number.
func (s *tableSpec) needGuard(column string) {
	s.columns = append(s.columns, columnSpec{name: column, holds: wantSequence, nullable: true, guard: true})
}

// needDeletion adds the column that marks deleted rows, which may lack all but their key.
func (s *tableSpec) needDeletion(column string) {
	for i := range s.columns {
		s.columns[i].nullable = !s.columns[i].key
	}
	s.columns = append(s.columns, columnSpec{name: column, holds: wantDeletion, nullable: true, null: true, guard: true})
	s.keysOnly, s.deletes = true, false
}

// needEvent makes the column of an appended row's event the key: what the row type calls its key is none in a history. Rows
// that are there may lack it. Its digits are the same in every collation.
func (s *tableSpec) needEvent(column string) {
	for i := range s.columns {
		s.columns[i].key, s.columns[i].exact = false, inexact
	}
	s.columns = append(s.columns, columnSpec{name: column, holds: wantText, declared: "CHAR(64)", key: true, late: true})
	s.primary, s.deletes, s.keeps, s.ordered = []string{column}, false, true, true
}

// library lists the columns of the library's own tables and what they hold.
var library = map[string][]string{
	tombstoneTable: {"table_name NAME", "row_key HASH", "sequence DIGITS", "deleted_at TIME"},
	inboxTable:     {"name NAME", "event_key HASH", "token HASH", "applied_at TIME"},
	newestTable:    {"name NAME", "row_key HASH", "sequence DIGITS", "changed_at TIME"},
}

// libraryTypes are the types of those columns.
var libraryTypes = map[Dialect]map[string]string{
	PostgreSQL: { // the order of bytes is the fastest to compare
		"NAME": `VARCHAR(255) COLLATE "C"`, "HASH": `VARCHAR(64) COLLATE "C"`, "DIGITS": `CHAR(40) COLLATE "C"`, "TIME": "TIMESTAMPTZ"},
	MySQL: { // the default collation would merge names that differ in case
		"NAME": "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "HASH": "VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin",
		"DIGITS": "CHAR(40) CHARACTER SET ascii COLLATE ascii_bin", "TIME": "DATETIME(6)"},
	SQLite: {"NAME": "TEXT", "HASH": "TEXT", "DIGITS": "TEXT", "TIME": "TIMESTAMP"},
}

// librarySpec describes one of the library's own tables.
func librarySpec(d Dialect, table string) *tableSpec {
	holds := map[string]want{"NAME": wantText, "HASH": wantText, "DIGITS": wantSequence, "TIME": wantDeletion}
	s := &tableSpec{name: table, own: true, unique: true, keeps: table == inboxTable}
	for i, column := range library[table] {
		name, role, _ := strings.Cut(column, " ")
		c := columnSpec{name: name, holds: holds[role], declared: libraryTypes[d][role], key: i < 2}
		if c.key {
			s.primary, c.exact = append(s.primary, name), letters
		}
		s.columns = append(s.columns, c)
	}
	if d == MySQL {
		s.indexes = append(s.indexes, []string{ages[table]}) // without it Purge would lock every row that it looks at
	}
	if table == tombstoneTable {
		s.indexes = append(s.indexes, []string{"table_name", "sequence"}) // one look tells a batch that no tombstone is newer
	}
	return s
}
