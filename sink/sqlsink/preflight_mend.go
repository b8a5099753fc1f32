package sqlsink

import (
	"fmt"
	"slices"
	"strings"
)

// repair gathers what is wrong with a column, and how it has to become.
type repair struct {
	*comparison
	column      *actualColumn
	said        []string
	newType     string // "" leaves the type as it is
	cast        bool   // the engine has to be told how to convert
	pad         bool   // what is there are sequence numbers without their zeros
	hopeless    bool   // no statement converts what is there
	dropNotNull bool
}

func (r *repair) say(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

// retype gives the column another type, if what it holds can be converted.
func (r *repair) retype(s *columnSpec, to string) {
	r.newType, r.cast, r.pad, r.hopeless = to, true, s.holds == wantSequence, !convertible(s.holds, r.column)
}

// recode gives a text column a character set that has all characters; collation may be "".
func (r *repair) recode(declared, collation string) {
	r.newType = declared + " CHARACTER SET utf8mb4"
	if collation != "" {
		r.newType += " COLLATE " + collation
	}
}

// keepApart makes the column one whose values are equal only if they are the same.
func (r *repair) keepApart() {
	if r.server.dialect == PostgreSQL {
		r.newType = `TEXT COLLATE "default"`
		return
	}
	collation := "utf8mb4_0900_bin"
	if r.server.mariaDB {
		collation = "utf8mb4_nopad_bin" // each server knows only its own
	}
	const longest = 768 // characters of four bytes that fit into an index
	length := r.column.length
	if length == 0 || length > longest {
		length = longest
	}
	if r.column.holds == haveBytes { // BINARY, which is padded
		r.newType = fmt.Sprintf("VARBINARY(%d)", length)
		return
	}
	r.recode(fmt.Sprintf("VARCHAR(%d)", length), collation)
}

// problem is one for all that was said, or none.
func (r *repair) problem() []Problem {
	if len(r.said) == 0 {
		return nil
	}
	return []Problem{{Table: r.spec.name, Column: r.column.name, Text: strings.Join(r.said, ", and "), Mend: r.statement()}}
}

func (r *repair) statement() []string {
	if r.hopeless {
		return nil
	}
	switch r.server.dialect {
	case PostgreSQL:
		return []string{r.alterColumn()}
	case MySQL:
		if r.pad {
			name := r.server.dialect.quote(r.column.name)
			return []string{r.modifyColumn(), "UPDATE " + r.server.dialect.quoteTable(r.spec.name) + " SET " + name + " = LPAD(" + name + ", 40, '0')"}
		}
		return []string{r.modifyColumn()}
	}
	return nil // SQLite changes no column
}

// alterColumn is PostgreSQL's statement.
func (r *repair) alterColumn() string {
	name := r.server.dialect.quote(r.column.name)
	var clauses []string
	if r.newType != "" {
		clause := "ALTER COLUMN " + name + " TYPE " + r.newType
		switch {
		case r.pad:
			clause += " USING lpad(CAST(" + name + " AS TEXT), 40, '0')"
		case r.cast:
			clause += " USING CAST(" + name + " AS " + r.newType + ")"
		}
		clauses = append(clauses, clause)
	}
	if r.dropNotNull {
		clauses = append(clauses, "ALTER COLUMN "+name+" DROP NOT NULL")
	}
	return r.alterTable() + strings.Join(clauses, ", ")
}

// modifyColumn is MySQL's statement, which says everything about the column anew.
func (r *repair) modifyColumn() string {
	definition := r.newType
	if definition == "" {
		definition = r.column.declared
		if r.column.charset != "" {
			definition += " CHARACTER SET " + r.column.charset + " COLLATE " + r.column.collation
		}
	}
	null := " NULL"
	if r.column.notNull && !r.dropNotNull {
		null = " NOT NULL"
	}
	return r.alterTable() + "MODIFY COLUMN " + r.server.dialect.quote(r.column.name) + " " + definition + null
}

func (c *comparison) alterTable() string {
	return "ALTER TABLE " + c.server.dialect.quoteTable(c.spec.name) + " "
}

// convertible reports whether the engine can make the one of the other.
func convertible(to want, c *actualColumn) bool {
	from := c.holds
	number := from == haveInteger || from == haveExact || from == haveFloat
	switch to {
	case wantSequence:
		return from == haveInteger || from == haveText || from == haveExact && c.scale == 0
	case wantWhole, wantFloat:
		return number || from == haveText
	case wantTime, wantDeletion:
		return from == haveTime || from == haveDate || from == haveText
	case wantBytes:
		return false
	case wantBool:
		return from == haveText
	case wantJSON:
		return from == haveText
	}
	return from != haveBytes
}

// makeKey makes the key unique; replaced is an index over a prefix that has to go, or nil.
func (c *comparison) makeKey(replaced *tableIndex) []string {
	d := c.server.dialect
	key := "(" + d.quoteAll(c.spec.primary) + ")"
	primary := slices.ContainsFunc(c.actual.indexes, func(x tableIndex) bool { return x.primary })
	switch {
	case replaced != nil && replaced.primary:
		return []string{c.alterTable() + "DROP PRIMARY KEY, ADD PRIMARY KEY " + key}
	case replaced != nil:
		return []string{c.alterTable() + "DROP INDEX " + d.quote(replaced.name) + ", ADD UNIQUE INDEX " + d.quote(replaced.name) + " " + key}
	case primary || d == SQLite || c.spec.column(c.spec.primary[0]).late:
		return []string{createIndex(d, "UNIQUE INDEX", c.spec.name, indexName(c.spec.name, c.spec.primary), c.spec.primary)}
	}
	return []string{c.alterTable() + "ADD PRIMARY KEY " + key}
}

// loosen makes a unique index one that does no harm: on PostgreSQL it is checked at the commit, elsewhere it is no longer
// unique.
func (c *comparison) loosen(u *tableIndex) []string {
	d := c.server.dialect
	name := d.quote(u.name)
	switch {
	case d == MySQL && !u.primary && u.flaw() == "":
		return []string{c.alterTable() + "DROP INDEX " + name + ", ADD INDEX " + name + " (" + u.parts(d) + ")"}
	case d == SQLite && !u.constraint:
		schema, _ := splitName(c.spec.name)
		if schema != "" {
			name = d.quote(schema) + "." + name
		}
		return []string{"DROP INDEX " + name}
	case d != PostgreSQL || u.flaw() != "" && u.flaw() != "is deferrable":
		return nil
	case !u.constraint:
		return []string{c.alterTable() + "ADD CONSTRAINT " + name + " UNIQUE USING INDEX " + name + " DEFERRABLE INITIALLY DEFERRED"}
	case u.primary:
		return []string{c.alterTable() + "DROP CONSTRAINT " + name + ", ADD CONSTRAINT " + name + " PRIMARY KEY (" + u.parts(d) + ") DEFERRABLE INITIALLY DEFERRED"}
	}
	return []string{c.alterTable() + "DROP CONSTRAINT " + name + ", ADD CONSTRAINT " + name + " UNIQUE (" + u.parts(d) + ") DEFERRABLE INITIALLY DEFERRED"}
}
