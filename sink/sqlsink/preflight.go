package sqlsink

import (
	"context"
	"slices"
	"strings"
)

// SchemaError is what [DB.Preflight] returns of a database that is not what the targets need.
type SchemaError struct {
	Problems []Problem // by target, in the order in which they were made; never empty
}

// Problem is one thing that is wrong with the database.
type Problem struct {
	Table  string   // as the target names it; "" if the whole database is meant
	Column string   // "" if the whole table is meant
	Text   string   // what is wrong; it holds names and types and no value of a row
	Mend   []string // statements that mend it, in their order; none where that is not for a statement to do

	adds bool // the statements add something that may be missing, and change nothing that is there
}

// Error has a line for each problem, with its statements.
func (e *SchemaError) Error() string {
	var b strings.Builder
	b.WriteString("sqlsink: the database is not what the targets need:")
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		b.WriteString(p.String())
	}
	return b.String()
}

// String is one line: where, what, and the statements that mend it.
func (p Problem) String() string {
	var parts []string
	if p.Table != "" {
		parts = append(parts, "table "+p.Table)
	}
	if p.Column != "" {
		parts = append(parts, "column "+p.Column)
	}
	line := strings.Join(append(parts, p.Text), ": ")
	if len(p.Mend) > 0 {
		line += "; mend it with: " + strings.Join(p.Mend, "; ")
	}
	return line
}

// FunctionsUsed says that the program stages [DB.Once] or [DB.Newest], so that [DB.Preflight] wants their tables. It does
// not know of them otherwise: the first batch that needs a missing table then fails.
func FunctionsUsed() Option {
	return option(func(s *store) { s.functions = true })
}

// Preflight compares the database with what the targets made so far need, and returns all that is wrong in one
// [*SchemaError], with the statements that mend it. Call it at start-up: a wrong schema then stops the deployment and not the
// stream. It reads the engine's catalogue and no row, and changes nothing unless [Evolve] says so; the user needs no right
// beyond those that the targets need. An error that is no SchemaError means that the database could not be asked.
//
// It reports:
//   - tables and columns that are missing;
//   - columns whose type would change or round what the field holds without an error, or does not go with it at all. It is
//     silent where the engine refuses a value, as for a number that is too big or a text that is too long;
//   - a field that may be nil and a column that is NOT NULL; a column that the row type does not have and that is NOT NULL
//     without a default; generated columns that the row type has;
//   - a key that no unique index enforces, or that an index takes for another: a collation that ignores case, accents or
//     trailing spaces, an index over a prefix;
//   - other unique indexes over the row's columns, which want [EveryChange] (or, on PostgreSQL, to be DEFERRABLE INITIALLY
//     DEFERRED);
//   - a guard's column or one of the library's own tables that is missing or of another shape;
//   - rights that the user does not have, and a server that is read-only;
//   - on MySQL a mode that is not strict, a storage engine without transactions, and a character set that lacks characters.
//
// The option type= of a db tag keeps Preflight from judging that column's type, notnull from expecting NULL in it.
// PostgreSQL 12 is the oldest whose catalogue it reads.
func (d *DB) Preflight(ctx context.Context) error {
	specs := d.wanted()
	if err := d.store.db.PingContext(ctx); err != nil {
		return d.store.wrap("connect", err)
	}
	if err := d.store.isolated(ctx, d.store.db); err != nil {
		return d.store.wrap("connect", err)
	}
	problems, err := d.store.compare(ctx, specs)
	if err == nil && d.store.evolution == AddColumns {
		problems, err = d.store.evolve(ctx, specs, problems)
	}
	if err == nil && len(problems) > 0 {
		err = &SchemaError{problems}
	}
	return err
}

// expect registers what a target needs.
func (d *DB) expect(spec *tableSpec) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.specs = append(d.specs, spec)
}

// wanted lists what the targets need, and after them the library's own tables: all of them are looked at, but only those
// that are used have to be there.
func (d *DB) wanted() []*tableSpec {
	d.mu.Lock()
	specs := slices.Clone(d.specs)
	d.mu.Unlock()
	used := map[string]bool{inboxTable: d.store.functions, newestTable: d.store.functions}
	for _, s := range specs {
		for _, table := range s.libraries {
			used[table] = true
		}
	}
	for _, table := range []string{tombstoneTable, inboxTable, newestTable} {
		s := librarySpec(d.store.dialect, table)
		s.optional = !used[table]
		specs = append(specs, s)
	}
	return specs
}

// compare reads the catalogue and applies the rules.
func (s *store) compare(ctx context.Context, specs []*tableSpec) ([]Problem, error) {
	found, err := s.look(ctx, specs)
	if err != nil {
		return nil, err
	}
	problems := found.server.problems()
	for i, spec := range specs {
		c := comparison{spec: spec, actual: found.tables[i], server: &found.server}
		for _, p := range c.problems() {
			if !slices.ContainsFunc(problems, func(q Problem) bool { return q.String() == p.String() }) { // two targets of one table
				problems = append(problems, p)
			}
		}
	}
	return problems, nil
}

// findings are what the catalogue says of the tables.
type findings struct {
	server serverFacts
	tables []*actualTable // as wanted; nil: there is none
}

// look reads the catalogue.
func (s *store) look(ctx context.Context, specs []*tableSpec) (*findings, error) {
	reader := map[Dialect]func(context.Context, []*tableSpec) (*findings, error){
		PostgreSQL: s.lookPostgreSQL, MySQL: s.lookMySQL, SQLite: s.lookSQLite,
	}[s.dialect]
	return reader(ctx, specs)
}
