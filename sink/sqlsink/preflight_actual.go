package sqlsink

import (
	"slices"
	"strings"
)

// serverFacts is what concerns no single table.
type serverFacts struct {
	dialect  Dialect
	mariaDB  bool
	user     string // as GRANT names it
	readOnly bool
	careless bool // MySQL: the mode is not strict
}

func (s *serverFacts) problems() []Problem {
	var problems []Problem
	if s.careless {
		problems = append(problems, Problem{Text: "the session's sql_mode is not strict, so that values which do not fit would be cut without an error; " +
			"add sql_mode=%27TRADITIONAL%27 to the parameters of the data source name"})
	}
	if s.readOnly {
		problems = append(problems, Problem{Text: "it is read-only; connect to the writer, with a user and a session that may write"})
	}
	return problems
}

// actualTable is a table as the catalogue describes it.
type actualTable struct {
	other   string // "a view", "a foreign table"; "" for a table
	engine  string // MySQL: a storage engine without transactions
	columns []actualColumn
	indexes []tableIndex
	lacks   []string // the rights that the user does not have
	schema  string   // PostgreSQL: a schema that the user may not use
	refused error    // a write that would change no row
	hidden  bool     // MySQL: nothing can be known but that the user has no right to it
}

// actualColumn is a column as the catalogue describes it.
type actualColumn struct {
	name      string
	declared  string // the type as the engine prints it
	holds     have
	bits      int // of integers and floats
	length    int // of text and bytes in characters; 0: without a limit that matters
	scale     int // of exact numbers; -1: as many digits as they like
	fraction  int // digits of a second
	notNull   bool
	defaults  bool // it has a value without being given one
	generated bool // it cannot be given one
	exact     exactness
	collation string
	charset   string // MySQL
}

// have is what a column can hold.
type have uint8

const (
	haveOther have = iota // the engine checks it: enum, inet, arrays, SQLite without a type, …
	haveText
	haveInteger
	haveExact
	haveFloat
	haveBool
	haveBytes
	haveTime
	haveDate // without a time, or a time without a date
	haveJSON
	haveUUID
)

// tableIndex is an index or the primary key.
type tableIndex struct {
	name       string
	unique     bool
	columns    []string // "" for an expression
	prefixes   []int    // MySQL: how many characters of a column, 0: all
	primary    bool
	constraint bool // it belongs to a constraint; PostgreSQL and SQLite
	partial    bool
	deferrable bool
	deferred   bool // checked at the commit
	invalid    bool // PostgreSQL: it was not completed
}

// flaw says why an index does not make its columns a key, or "".
func (u *tableIndex) flaw() string {
	switch {
	case slices.Contains(u.columns, ""):
		return "is over an expression"
	case u.partial:
		return "is partial"
	case u.deferrable:
		return "is deferrable"
	case u.invalid:
		return "is invalid"
	case u.prefixed():
		return "is over a prefix"
	}
	return ""
}

func (u *tableIndex) prefixed() bool {
	return slices.ContainsFunc(u.prefixes, func(n int) bool { return n > 0 })
}

// parts are the index's columns as DDL names them.
func (u *tableIndex) parts(d Dialect) string {
	parts := make([]string, len(u.columns))
	for i, c := range u.columns {
		parts[i] = d.quote(c)
	}
	return strings.Join(parts, ", ")
}

// sameName compares names of columns as the engine does.
func sameName(d Dialect, a, b string) bool {
	if d == PostgreSQL {
		return a == b
	}
	return strings.EqualFold(a, b)
}

// within reports whether all of a are in b.
func within(d Dialect, a, b []string) bool {
	for _, name := range a {
		if !slices.ContainsFunc(b, func(other string) bool { return sameName(d, name, other) }) {
			return false
		}
	}
	return true
}

func (t *actualTable) column(d Dialect, name string) *actualColumn {
	i := slices.IndexFunc(t.columns, func(c actualColumn) bool { return sameName(d, c.name, name) })
	if i < 0 {
		return nil
	}
	return &t.columns[i]
}

// uniques are the unique indexes.
func (t *actualTable) uniques() []*tableIndex {
	var uniques []*tableIndex
	for i := range t.indexes {
		if t.indexes[i].unique {
			uniques = append(uniques, &t.indexes[i])
		}
	}
	return uniques
}

// sortedBy reports whether an index begins with the columns.
func (t *actualTable) sortedBy(d Dialect, columns []string) bool {
	return slices.ContainsFunc(t.indexes, func(x tableIndex) bool {
		return !x.partial && !x.invalid && len(x.columns) >= len(columns) &&
			slices.EqualFunc(x.columns[:len(columns)], columns, func(a, b string) bool { return sameName(d, a, b) })
	})
}

// lack notes a right that the user does not have.
func (t *actualTable) lack(right string, has bool) {
	if !has && !slices.Contains(t.lacks, right) {
		t.lacks = append(t.lacks, right)
	}
}
