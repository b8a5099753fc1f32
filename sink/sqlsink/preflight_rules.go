package sqlsink

import (
	"fmt"
	"slices"
	"strings"
)

// comparison is a table as it should be and as it is.
type comparison struct {
	spec   *tableSpec
	actual *actualTable // nil: there is none
	server *serverFacts
}

// problems applies the rules.
func (c *comparison) problems() []Problem {
	d := c.server.dialect
	switch {
	case c.actual == nil && c.spec.optional:
		return nil
	case c.actual == nil:
		return []Problem{{Table: c.spec.name, Text: "it is missing", Mend: c.spec.create(d), adds: c.spec.own}}
	case c.actual.schema != "":
		schema := d.quote(c.actual.schema)
		return []Problem{c.problem("the user may not use its schema", "GRANT USAGE ON SCHEMA "+schema+" TO "+c.server.user)}
	case c.actual.other != "":
		return []Problem{c.problem("it is " + c.actual.other + ", and a target writes to a table")}
	}
	if c.actual.hidden {
		return c.rights(false)
	}
	var problems []Problem
	if c.actual.engine != "" {
		problems = append(problems, c.problem("its engine "+c.actual.engine+" has no transactions",
			"ALTER TABLE "+d.quoteTable(c.spec.name)+" ENGINE=InnoDB"))
	}
	for i := range c.spec.columns {
		problems = append(problems, c.column(&c.spec.columns[i])...)
	}
	problems = append(problems, c.others()...)
	problems = append(problems, c.key()...)
	problems = append(problems, c.uniques()...)
	problems = append(problems, c.indexes()...)
	return append(problems, c.rights(len(problems) == 0)...)
}

func (c *comparison) problem(text string, mend ...string) Problem {
	return Problem{Table: c.spec.name, Text: text, Mend: mend}
}

// column compares one column. What is wrong with it is one problem, because one statement must mend it.
func (c *comparison) column(s *columnSpec) []Problem {
	d := c.server.dialect
	a := c.actual.column(d, s.name)
	if a == nil {
		p := Problem{Table: c.spec.name, Column: s.name, Text: "it is missing"}
		switch {
		case s.late:
			unique := createIndex(d, "UNIQUE INDEX", c.spec.name, indexName(c.spec.name, c.spec.primary), c.spec.primary)
			p.Mend, p.adds = []string{c.spec.addColumn(d, s), unique}, true
		case !s.key && !c.spec.own: // rows that are there have no key, and no version
			p.Mend, p.adds = []string{c.spec.addColumn(d, s)}, true
		}
		return []Problem{p}
	}
	if a.generated {
		return []Problem{{Table: c.spec.name, Column: s.name, Text: "the engine generates its values; leave it out of the row type"}}
	}
	m := &repair{comparison: c, column: a}
	c.typed(s, a, m)
	c.exact(s, a, m)
	c.nulls(s, a, m)
	return m.problem()
}

// typed compares the type, unless the row type's author has given it.
func (c *comparison) typed(s *columnSpec, a *actualColumn, m *repair) {
	d := c.server.dialect
	meant := s.declared != "" && s.field != "" && !s.version
	if f := fitOf(d, s, a); f != fits && !meant {
		m.say("it is %s, %s", a.declared, f.say(s.values()))
		m.retype(s, s.columnType(d, c.spec.keySizes()))
		return
	}
	textual := s.holds == wantText || s.holds == wantJSON || s.holds == wantAny
	if lacking := a.charset == "utf8mb3" || a.charset == "utf8" || a.charset == "latin1"; lacking && textual && !meant && s.field != "" {
		m.say("its character set %s lacks characters", a.charset)
		m.recode(a.declared, "")
	}
}

// values names what goes into a column.
func (c *columnSpec) values() string {
	switch {
	case c.version:
		return "versions"
	case c.holds == wantSequence:
		return "sequence numbers of 40 digits"
	case c.holds == wantDeletion:
		return "times"
	case c.field == "":
		return "what the library writes"
	}
	return "values of type " + c.field
}

// exact makes sure that two keys that differ are two keys for the table.
func (c *comparison) exact(s *columnSpec, a *actualColumn, m *repair) {
	if a.exact >= s.exact || m.cast {
		return
	}
	differ := "trailing spaces"
	if a.exact == inexact {
		differ = "case, accents or the like"
	}
	of := a.declared
	if a.collation != "" {
		of = "its collation " + a.collation
	}
	m.say("%s takes keys for one that differ in %s", of, differ)
	m.keepApart()
}

// nulls makes sure that what may be NULL can be.
func (c *comparison) nulls(s *columnSpec, a *actualColumn, m *repair) {
	if !a.notNull || s.key {
		return
	}
	switch {
	case s.null && s.field != "":
		m.say("it is NOT NULL, and %s may be nil", s.values())
		m.dropNotNull = true
	case s.null:
		m.say("it is NOT NULL, and must be NULL for a row that is not deleted")
		m.dropNotNull = true
	case c.spec.keysOnly && !s.guard && !a.defaults:
		m.say("it is NOT NULL without a default, and a deleted row may have nothing but its key")
		m.dropNotNull = true
	}
}

// others looks at columns that the row type does not have.
func (c *comparison) others() []Problem {
	var problems []Problem
	for i := range c.actual.columns {
		a := &c.actual.columns[i]
		named := func(s columnSpec) bool { return sameName(c.server.dialect, s.name, a.name) }
		if !a.notNull || a.defaults || a.generated || slices.ContainsFunc(c.spec.columns, named) {
			continue
		}
		m := &repair{comparison: c, column: a, dropNotNull: true}
		m.say("it is NOT NULL without a default, and the row type does not have it")
		m.hopeless = c.inPrimary(a.name)
		problems = append(problems, m.problem()...)
	}
	return problems
}

func (c *comparison) inPrimary(column string) bool {
	return slices.ContainsFunc(c.actual.indexes, func(u tableIndex) bool {
		return u.primary && within(c.server.dialect, []string{column}, u.columns)
	})
}

// key wants a unique index over exactly the key's columns, which is what a row is found by.
func (c *comparison) key() []Problem {
	d := c.server.dialect
	if !c.spec.unique || !c.present(c.spec.primary) {
		return nil
	}
	var flaws []string
	var replaced *tableIndex
	for _, u := range c.actual.uniques() {
		if !within(d, u.columns, c.spec.primary) || !within(d, c.spec.primary, u.columns) {
			continue
		}
		flaw := u.flaw()
		if flaw == "" {
			return nil
		}
		flaws = append(flaws, fmt.Sprintf(": the index %s %s", u.name, flaw))
		if u.prefixed() {
			replaced = u
		}
	}
	text := "no unique index is over its key (" + strings.Join(c.spec.primary, ", ") + ") alone"
	return []Problem{c.problem(text+strings.Join(flaws, ""), c.makeKey(replaced)...)}
}

// present reports whether the table has the columns.
func (c *comparison) present(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return c.actual.column(c.server.dialect, name) == nil })
}

// uniques looks at unique indexes beside the key: see [EveryChange].
func (c *comparison) uniques() []Problem {
	d := c.server.dialect
	if c.spec.ordered || c.spec.own || !c.spec.unique {
		return nil
	}
	var problems []Problem
	for _, u := range c.actual.uniques() {
		written := slices.ContainsFunc(u.columns, func(name string) bool {
			return name == "" || slices.ContainsFunc(c.spec.columns, func(s columnSpec) bool { return sameName(d, s.name, name) })
		})
		if !written || u.deferred || within(d, c.spec.primary, u.columns) {
			continue
		}
		text := fmt.Sprintf("the unique index %s beside the key may refuse a value that one row hands to another; use EveryChange, or drop it", u.name)
		problems = append(problems, c.problem(text, c.loosen(u)...))
	}
	return problems
}

// indexes looks for those of the library's own tables: without them batches read, or lock, more and more rows.
func (c *comparison) indexes() []Problem {
	d := c.server.dialect
	var problems []Problem
	for _, columns := range c.spec.indexes {
		if !c.spec.own || !c.present(columns) || c.actual.sortedBy(d, columns) {
			continue
		}
		p := c.problem("no index is over "+strings.Join(columns, ", "), createIndex(d, "INDEX", c.spec.name, indexName(c.spec.name, columns), columns))
		p.adds = true
		problems = append(problems, p)
	}
	return problems
}

// rights reports what the user may not do, and a write that is refused for a reason that no rule knows.
func (c *comparison) rights(clean bool) []Problem {
	if c.spec.optional {
		return nil
	}
	if len(c.actual.lacks) > 0 {
		held := func(right string) bool { return !slices.Contains(c.actual.lacks, right) }
		rights := strings.Join(slices.DeleteFunc([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, held), ", ")
		return []Problem{c.problem("the user lacks the right to "+rights,
			"GRANT "+rights+" ON "+c.server.dialect.quoteTable(c.spec.name)+" TO "+c.server.user)}
	}
	if clean && c.actual.refused != nil {
		return []Problem{c.problem(fmt.Sprintf("a write that changes no row is refused: %v", c.actual.refused))}
	}
	return nil
}
