package sqlsink

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

// pgColumnOf is a column of PostgreSQL's catalogue as Preflight asks for it: of the table at a position among the wanted.
func pgColumnOf(position int, name, declared, typeName string, modifier int, notNull bool) []driver.Value {
	return []driver.Value{int64(position), "r", "public", true, name, declared, typeName, int64(modifier), notNull, false, false, "", true, true, true, true, true}
}

// pgKeyOf is the primary key of the table at a position.
func pgKeyOf(position int, column string) []driver.Value {
	return []driver.Value{int64(position), "pkey", column, true, true, false, false, false, true, false}
}

// pgCatalogue answers the three questions.
func pgCatalogue(columns, indexes [][]driver.Value) map[string][][]driver.Value {
	return map[string][][]driver.Value{
		"transaction_read_only": {{false, "me"}}, "pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0": columns, "pg_catalog.pg_index": indexes,
	}
}

// TestPreflightReportsAllAtOnce: every target's lacks in one error, with what mends them.
func TestPreflightReportsAllAtOnce(t *testing.T) {
	t.Parallel()
	f := &fake{rows: pgCatalogue([][]driver.Value{pgColumnOf(0, "id", "text", "text", -1, true), pgColumnOf(1, "id", "text", "text", -1, true)},
		[][]driver.Value{pgKeyOf(0, "id"), pgKeyOf(1, "id")})}
	db := f.open(t, PostgreSQL)
	mustTable[keyOnly](t, db, "orders")
	mustTable[keyOnly](t, db, "orders") // a second target of the table has the same to say
	mustTable[keyOnly](t, db, "absent", Unguarded())
	err := db.Preflight(t.Context())
	want := `sqlsink: the database is not what the targets need:
  table orders: column stream_sequence: it is missing; mend it with: ALTER TABLE "orders" ADD COLUMN "stream_sequence" CHAR(40) COLLATE "C"
  table absent: it is missing; mend it with: CREATE TABLE IF NOT EXISTS "absent" ("id" TEXT NOT NULL, PRIMARY KEY ("id")) WITH (fillfactor=90)
  table dynasink_tombstones: it is missing; mend it with: ` + ddl(PostgreSQL, tombstoneTable)
	var schema *SchemaError
	if !errors.As(err, &schema) || err.Error() != want || len(schema.Problems) != 3 {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestPreflightWantsTheTablesThatAreUsed(t *testing.T) {
	t.Parallel()
	for want, use := range map[string]func(f *fake) *DB{
		"":                               func(f *fake) *DB { return f.open(t, PostgreSQL) },
		"dynasink_inbox,dynasink_newest": func(f *fake) *DB { return f.open(t, PostgreSQL, FunctionsUsed()) },
		"t,dynasink_tombstones":          func(f *fake) *DB { db := f.open(t, PostgreSQL); mustTable[keyOnly](t, db, "t"); return db },
		"t": func(f *fake) *DB {
			db := f.open(t, PostgreSQL)
			mustTable[keyOnly](t, db, "t", SoftDelete("gone", "seq"))
			return db
		},
	} {
		err := use(&fake{rows: pgCatalogue(nil, nil)}).Preflight(t.Context())
		var schema *SchemaError
		var tables []string
		if errors.As(err, &schema) {
			for _, p := range schema.Problems {
				tables = append(tables, p.Table)
			}
		}
		if got := strings.Join(tables, ","); got != want {
			t.Errorf("wants %q instead of %q (%v)", got, want, err)
		}
	}
}

// TestPreflightThatCannotAsk returns the engine's error, and no schema error.
func TestPreflightThatCannotAsk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect  Dialect
		question string
	}{
		{PostgreSQL, "CONNECT"}, {PostgreSQL, "transaction_read_only"}, {PostgreSQL, "pg_attribute"}, {PostgreSQL, "pg_index"},
		{MySQL, "sql_mode"}, {MySQL, "information_schema.TABLES"}, {MySQL, "information_schema.STATISTICS"},
		{SQLite, "pragma_table_list"},
	} {
		f := &fake{fail: map[string]error{c.question: driver.ErrBadConn}, query: func(text string) [][]driver.Value {
			if strings.Contains(text, "sql_mode") {
				return [][]driver.Value{{"STRICT_ALL_TABLES", "8.4.0", "me@%", "shop", int64(0)}}
			}
			return nil
		}}
		db := f.open(t, c.dialect)
		mustTable[keyOnly](t, db, "t", Unguarded())
		if err := db.Preflight(t.Context()); !sink.IsTransient(err) || errors.As(err, new(*SchemaError)) {
			t.Errorf("%v, %s: %v", c.dialect, c.question, err)
		}
	}
}

func TestPreflightWantsAStrictMode(t *testing.T) {
	t.Parallel()
	for mode, ok := range map[string]bool{"NO_ENGINE_SUBSTITUTION": false, "": false, "A,STRICT_TRANS_TABLES,B": true, "STRICT_ALL_TABLES": true} {
		f := &fake{rows: map[string][][]driver.Value{"sql_mode": {{mode, "8.4.0", "me@localhost", "shop", int64(0)}}}}
		err := f.open(t, MySQL).Preflight(t.Context())
		if (err == nil) != ok || !ok && !strings.Contains(err.Error(), "sql_mode") {
			t.Errorf("sql_mode %q: %v", mode, err)
		}
	}
}

// evolvingFake has the column once it was added, unless nothing adds it.
func evolvingFake(appears bool, fail error) *fake {
	f := &fake{fail: map[string]error{}}
	columns := [][]driver.Value{pgColumnOf(0, "id", "text", "text", -1, true)}
	if fail != nil {
		f.fail["ALTER TABLE"] = fail
	}
	f.query = func(text string) [][]driver.Value {
		f.mu.Lock()
		altered := strings.Contains(strings.Join(f.log, "\n"), "ALTER TABLE")
		f.mu.Unlock()
		all := columns
		if altered && appears {
			all = append(all, pgColumnOf(0, "gone", "timestamptz", "timestamptz", -1, false), pgColumnOf(0, "seq", "character(40)", "bpchar", 44, false))
		}
		for part, rows := range pgCatalogue(all, [][]driver.Value{pgKeyOf(0, "id")}) {
			if strings.Contains(text, part) {
				return rows
			}
		}
		return nil
	}
	return f
}

// TestEvolve: what counts is what is there afterwards, whoever has added it.
func TestEvolve(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		evolution Evolution
		appears   bool
		fail      error
		want      func(error) bool
	}{
		"added":              {AddColumns, true, nil, func(err error) bool { return err == nil }},
		"added by another":   {AddColumns, true, pgError("42701"), func(err error) bool { return err == nil }},
		"checked only":       {CheckOnly, true, nil, func(err error) bool { return errors.As(err, new(*SchemaError)) }},
		"not allowed":        {AddColumns, false, pgError("42501"), func(err error) bool { return strings.Contains(err.Error(), "cannot be added (sqlsink: evolve t:") }},
		"connection is lost": {AddColumns, false, pgError("08006"), sink.IsTransient},
	} {
		f := evolvingFake(c.appears, c.fail)
		db := f.open(t, PostgreSQL, Evolve(c.evolution))
		mustTable[keyOnly](t, db, "t", SoftDelete("gone", "seq"))
		err := db.Preflight(t.Context())
		if !c.want(err) {
			t.Errorf("%s: %v", name, err)
		}
		if c.evolution == CheckOnly && strings.Contains(f.statements(), "ALTER") {
			t.Errorf("%s: a table was changed", name)
		}
	}
}
