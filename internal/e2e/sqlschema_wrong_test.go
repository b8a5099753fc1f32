package e2e

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

var update = flag.Bool("update", false, "write the golden files")

// typed has the values that a wrong column would change.
type typed struct {
	ID     string         `db:"id,key"`
	Digits string         `db:"digits"`
	Plain  string         `db:"plain"`
	Large  int64          `db:"large"`
	Count  int            `db:"count"`
	Small  int32          `db:"small"`
	Single float32        `db:"single"`
	Double float64        `db:"double"`
	Price  float64        `db:"price"`
	Bool   bool           `db:"bool"`
	Bytes  []byte         `db:"bytes"`
	Time   time.Time      `db:"time"`
	Day    time.Time      `db:"day"`
	Map    map[string]int `db:"map"`
}

// wrong is a database that is not what a target needs.
type wrong struct {
	name   string
	create func(d sqlsink.Dialect) string // statements, divided by ;
	target func(t *testing.T, db *sqlsink.DB)
	only   sqlsink.Dialect
}

func target[R any](name string, opts ...sqlsink.TableOption) func(*testing.T, *sqlsink.DB) {
	return func(t *testing.T, db *sqlsink.DB) { table[R](t, db, name, opts...) }
}

func appending(t *testing.T, db *sqlsink.DB, opts ...sqlsink.AppendOption) *sqlsink.Append[cell[string]] {
	t.Helper()
	target, err := sqlsink.NewAppend[cell[string]](db, "history", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// sqlOf is the statements of each dialect, with the key type filled in for {key}.
func sqlOf(postgres, mysql, sqlite string) func(sqlsink.Dialect) string {
	return func(d sqlsink.Dialect) string {
		return strings.ReplaceAll(oneOf(d, postgres, mysql, sqlite), "{key}", keyType(d))
	}
}

func same(sql string) func(sqlsink.Dialect) string { return sqlOf(sql, sql, sql) }

var unguarded = sqlsink.Unguarded()

var wrongs = []wrong{
	{"no table", same("SELECT 1"), func(t *testing.T, db *sqlsink.DB) {
		table[plainKey](t, db, "orders")
		if _, err := sqlsink.NewChildren[plainKey, struct {
			ID string `db:"id,owner"`
		}](db, "order_lines"); err != nil {
			t.Fatal(err)
		}
	}, 0},
	{"no tables of the library's", same("DROP TABLE dynasink_tombstones; DROP TABLE dynasink_inbox; DROP TABLE dynasink_newest; " +
		"CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT, stream_sequence CHAR(40))"), target[plainKey]("orders"), 0},
	{"the library's tables are other ones", same("DROP TABLE dynasink_tombstones; DROP TABLE dynasink_inbox; " +
		"CREATE TABLE dynasink_tombstones (table_name VARCHAR(99), row_key VARCHAR(99), sequence BIGINT); CREATE TABLE dynasink_inbox (id INT)"),
		target[plainKey]("orders", unguarded), 0},
	{"an index of the library's that is gone", sqlOf("CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT, stream_sequence CHAR(40)); DROP INDEX dynasink_tombstones_table_name_sequence_idx",
		"CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT, stream_sequence CHAR(40)); ALTER TABLE dynasink_tombstones DROP INDEX deleted_at, DROP INDEX table_name",
		"CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT, stream_sequence CHAR(40)); DROP INDEX dynasink_tombstones_table_name_sequence_idx"),
		target[plainKey]("orders"), 0},
	{"no columns", same("CREATE TABLE orders (v TEXT)"), target[typed]("orders"), 0},
	{"no guard", same("CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT)"), target[plainKey]("orders", sqlsink.SoftDelete("deleted_at", "seq")), 0},
	{"a guard of another type", same("CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT, seq NUMERIC(20), deleted_at INT NOT NULL)"),
		target[plainKey]("orders", sqlsink.SoftDelete("deleted_at", "seq")), 0},
	{"a guard that is too short", sqlOf("CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT, stream_sequence VARCHAR(21))",
		"CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT CHARACTER SET utf8mb4, stream_sequence VARCHAR(21))", ""), target[plainKey]("orders"), 0},
	{"a version of text", same("CREATE TABLE orders (id {key} PRIMARY KEY, n VARCHAR(40), t TEXT)"), target[versioned[int]]("orders", sqlsink.GuardVersion("n")), 0},
	{"types", sqlOf(
		"CREATE TABLE orders (id {key} PRIMARY KEY, digits float8, plain bytea, large float8, count text, small real, single int, double real, price numeric(9), bool int, bytes text, time timestamp(0), day date, map int)",
		"CREATE TABLE orders (id {key} PRIMARY KEY, digits DOUBLE, plain INT, large DOUBLE, count TEXT, small FLOAT, single INT, `double` FLOAT, price DECIMAL(9), bool TEXT, bytes INT, time DATETIME, day DATE, map INT)",
		"CREATE TABLE orders (id {key} PRIMARY KEY, digits NUMERIC, plain BOOLEAN, large REAL, count TEXT, small REAL, single TEXT, double TEXT, price TEXT, bool TEXT, bytes INT, time TEXT, day DATE, map INT)"),
		target[typed]("orders", unguarded), 0},
	{"no event", same("CREATE TABLE history (id {key}, v TEXT)"), func(t *testing.T, db *sqlsink.DB) {
		appending(t, db, sqlsink.SequenceIn("at"), sqlsink.EventNameIn("change"))
	}, 0},
	{"an event that is not unique", same("CREATE TABLE history (id {key}, v TEXT, stream_event INT)"),
		func(t *testing.T, db *sqlsink.DB) { appending(t, db) }, 0},
	{"NOT NULL", same("CREATE TABLE orders (id {key} PRIMARY KEY, v VARCHAR(9) NOT NULL, other VARCHAR(9) NOT NULL, fine INT NOT NULL DEFAULT 0)"),
		target[cell[*string]]("orders", unguarded), 0},
	{"NOT NULL and rows of keys only", same("CREATE TABLE orders (id {key} PRIMARY KEY, v INT NOT NULL, fine INT NOT NULL DEFAULT 0, seq CHAR(40), gone TIMESTAMP NULL)"),
		target[cell[int]]("orders", sqlsink.SoftDelete("gone", "seq")), 0},
	{"no key", same("CREATE TABLE orders (id {key} NOT NULL, v TEXT)"), target[plainKey]("orders", unguarded), 0},
	{"another key", same("CREATE TABLE orders (id {key} NOT NULL, n INTEGER PRIMARY KEY)"), target[struct {
		ID string `db:"id,key"`
	}]("orders", unguarded), 0},
	{"a key that is part of a key", same("CREATE TABLE orders (a INT, b INT, PRIMARY KEY (a, b))"), target[struct {
		A int `db:"a,key"`
		B int `db:"b"`
	}]("orders", unguarded), 0},
	{"a key of some rows", sqlOf("CREATE TABLE orders (id {key}, v TEXT); CREATE UNIQUE INDEX few ON orders (id) WHERE v IS NOT NULL", "",
		"CREATE TABLE orders (id {key}, v TEXT); CREATE UNIQUE INDEX few ON orders (id) WHERE v IS NOT NULL"), target[plainKey]("orders", unguarded), 0},
	{"a deferrable key", same("CREATE TABLE orders (id {key}, v TEXT, CONSTRAINT late PRIMARY KEY (id) DEFERRABLE)"), target[plainKey]("orders", unguarded), sqlsink.PostgreSQL},
	{"a key of prefixes", same("CREATE TABLE orders (id VARBINARY(99), v TEXT, PRIMARY KEY (id(9)))"), target[plainKey]("orders", unguarded), sqlsink.MySQL},
	{"a key that ignores case", sqlOf(
		"CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE orders (id VARCHAR(40) COLLATE nocase PRIMARY KEY, v TEXT)",
		"CREATE TABLE orders (id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, v TEXT)",
		"CREATE TABLE orders (id TEXT COLLATE NOCASE PRIMARY KEY, v TEXT)"), target[plainKey]("orders", unguarded), 0},
	{"a key that ignores spaces", sqlOf("CREATE TABLE orders (id CHAR(40) PRIMARY KEY, v TEXT)",
		"CREATE TABLE orders (id CHAR(40) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, v TEXT)",
		"CREATE TABLE orders (id TEXT COLLATE RTRIM PRIMARY KEY, v TEXT)"), target[plainKey]("orders", unguarded), 0},
	{"a padded binary key", same("CREATE TABLE orders (id BINARY(9) PRIMARY KEY, v TEXT)"), target[plainKey]("orders", unguarded), sqlsink.MySQL},
	{"other unique indexes", same("CREATE TABLE orders (id {key} PRIMARY KEY, v VARCHAR(9) UNIQUE, seen INT); CREATE UNIQUE INDEX mails ON orders (v); CREATE UNIQUE INDEX fine ON orders (seen)"),
		target[plainKey]("orders", unguarded), 0},
	{"a view", same("CREATE TABLE rows_of (id {key} PRIMARY KEY, v TEXT); CREATE VIEW orders AS SELECT id, v FROM rows_of"), target[plainKey]("orders", unguarded), 0},
	{"a generated column", same("CREATE TABLE orders (id {key} PRIMARY KEY, n INT, v INT GENERATED ALWAYS AS (n + 1) STORED)"), target[cell[int]]("orders", unguarded), 0},
	{"an identity column", same("CREATE TABLE orders (id {key} PRIMARY KEY, v INT GENERATED ALWAYS AS IDENTITY)"), target[cell[int]]("orders", unguarded), sqlsink.PostgreSQL},
	{"an engine without transactions", same("CREATE TABLE orders (id {key} PRIMARY KEY, v TEXT) ENGINE=MyISAM"), target[plainKey]("orders", unguarded), sqlsink.MySQL},
	{"a character set that lacks characters", same("CREATE TABLE orders (id VARCHAR(40) CHARACTER SET latin1 PRIMARY KEY, v VARCHAR(9) CHARACTER SET latin1 NOT NULL)"),
		target[plainKey]("orders", unguarded), sqlsink.MySQL},
}

// TestWrongSchemas compares what Preflight says of each wrong database with the golden file of the engine, and runs the
// statements that mend it: what has one is mended by it.
func TestWrongSchemas(t *testing.T) {
	t.Parallel()
	for _, engine := range servers.Names() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			for _, w := range wrongs {
				pool := servers.For(t, engine).Open(t)
				db := newDB(t, pool, sqlsink.FunctionsUsed())
				if w.only != 0 && w.only != db.Dialect() || w.create(db.Dialect()) == "" {
					continue
				}
				fmt.Fprintf(&got, "-- %s\n%s\n", w.name, w.run(t, pool, db))
			}
			compareGolden(t, filepath.Join("testdata", "schema", engine+".txt"), got.String())
		})
	}
}

// run returns what is wrong, and what still is after mending.
func (w wrong) run(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) string {
	t.Helper()
	if db.Dialect() == sqlsink.MySQL { // servers differ in it
		execute(t, pool, "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
		pool.SetMaxIdleConns(0) // connections remember the old one
	}
	for statement := range strings.SplitSeq(w.create(db.Dialect()), "; ") {
		if statement != "" {
			execute(t, pool, statement)
		}
	}
	w.target(t, db)
	before := problemsOf(t, db)
	if before == nil {
		t.Errorf("%s: Preflight found nothing", w.name)
		return ""
	}
	hopeless := 0
	for _, p := range before.Problems {
		if len(p.Mend) == 0 {
			hopeless++
		}
		for _, statement := range p.Mend {
			if _, err := pool.ExecContext(t.Context(), statement); err != nil {
				t.Errorf("%s: %s: %v", w.name, statement, err)
			}
		}
	}
	text := before.Error() + "\n"
	after := problemsOf(t, db)
	if after == nil {
		return text
	}
	if len(after.Problems) > hopeless {
		t.Errorf("%s: %d statements were missing, but after mending there are\n%v", w.name, hopeless, after)
	}
	return text + "then " + after.Error() + "\n"
}

// problemsOf returns what Preflight finds, or nil.
func problemsOf(t *testing.T, db *sqlsink.DB) *sqlsink.SchemaError {
	t.Helper()
	err := db.Preflight(t.Context())
	var schema *sqlsink.SchemaError
	if err != nil && !errors.As(err, &schema) {
		t.Fatal(err)
	}
	return schema
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wanted := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(wanted) || line != wanted[i] {
			t.Fatalf("%s:%d: got\n%s\ngo test -run %s -update writes it", path, i+1, line, t.Name())
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s is longer than what was got", path)
	}
}
