package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// charKey is a key of a type that is meant.
type charKey struct {
	ID string `db:"id,key,type=CHAR(36)"`
	V  string `db:"v"`
}

// mixed has values that the engine checks, or that are meant as they are.
type mixed struct {
	ID    string    `db:"id,key"`
	UUID  string    `db:"u"`
	Mood  string    `db:"mood"`
	Tags  []string  `db:"tags"`
	Bytes []byte    `db:"bytes,notnull"`
	Price float64   `db:"price"`
	Whole int       `db:"whole"`
	Day   time.Time `db:"day,type=DATE"`
}

// fines are schemas that Preflight has nothing against.
var fines = []wrong{
	{"a number beside the key", sqlOf("CREATE TABLE orders (n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id {key} UNIQUE, v TEXT)",
		"CREATE TABLE orders (n BIGINT AUTO_INCREMENT PRIMARY KEY, id {key} UNIQUE, v TEXT CHARACTER SET utf8mb4)",
		"CREATE TABLE orders (n INTEGER NOT NULL PRIMARY KEY, id {key} UNIQUE, v TEXT)"), target[plainKey]("orders", unguarded), 0},
	{"a serial number beside the key", same("CREATE TABLE orders (n BIGSERIAL PRIMARY KEY, id {key} UNIQUE, v TEXT)"), target[plainKey]("orders", unguarded), sqlsink.PostgreSQL},
	{"columns of others", same("CREATE TABLE orders (id {key} PRIMARY KEY, v VARCHAR(9), a INT NOT NULL DEFAULT 0, b VARCHAR(9), c TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"),
		target[plainKey]("orders", unguarded), 0},
	{"a wider unique index", same("CREATE TABLE orders (id {key} PRIMARY KEY, v VARCHAR(9), UNIQUE (id, v))"), target[plainKey]("orders", unguarded), 0},
	{"a unique index that changes are ordered for", same("CREATE TABLE orders (id {key} PRIMARY KEY, v VARCHAR(9) UNIQUE)"),
		target[plainKey]("orders", unguarded, sqlsink.EveryChange()), 0},
	{"a unique index that is checked at the commit", same("CREATE TABLE orders (id {key} PRIMARY KEY, v VARCHAR(9) UNIQUE DEFERRABLE INITIALLY DEFERRED)"),
		target[plainKey]("orders", unguarded), sqlsink.PostgreSQL},
	{"keys that a binary collation keeps apart but for spaces", sqlOf("CREATE TABLE orders (id CHAR(36) PRIMARY KEY, v TEXT)",
		"CREATE TABLE orders (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, v TEXT)",
		"CREATE TABLE orders (id TEXT COLLATE RTRIM PRIMARY KEY, v TEXT)"), target[charKey]("orders", unguarded), 0},
	{"a partitioned table of domains", same("CREATE DOMAIN short AS VARCHAR(40) NOT NULL DEFAULT ''; CREATE TABLE orders (id short PRIMARY KEY, v short) PARTITION BY HASH (id); " +
		"CREATE TABLE orders0 PARTITION OF orders FOR VALUES WITH (MODULUS 1, REMAINDER 0)"), target[plainKey]("orders", unguarded), sqlsink.PostgreSQL},
	{"types that the engine checks", sqlOf("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE orders (id {key} PRIMARY KEY, u UUID, mood mood, tags TEXT[], bytes BYTEA NOT NULL, price NUMERIC(12, 2), whole SMALLINT, day DATE)",
		"CREATE TABLE orders (id {key} PRIMARY KEY, u VARCHAR(36), mood ENUM ('sad', 'ok'), tags JSON, bytes BLOB NOT NULL, price DECIMAL(12, 2), whole SMALLINT, day DATE)",
		"CREATE TABLE orders (id {key} PRIMARY KEY, u TEXT, mood, tags JSON, bytes BLOB NOT NULL, price NUMERIC, whole SMALLINT, day DATE)"),
		target[mixed]("orders", unguarded), 0},
	{"lists without a key", same("CREATE TABLE orders (id {key}, v VARCHAR(9) UNIQUE)"), func(t *testing.T, db *sqlsink.DB) {
		if _, err := sqlsink.NewChildren[plainKey, struct {
			ID string `db:"id,owner"`
			V  string `db:"v"`
		}](db, "orders"); err != nil {
			t.Fatal(err)
		}
	}, 0},
	{"names in another case", same("CREATE TABLE orders (ID {key} PRIMARY KEY, V VARCHAR(9))"), target[plainKey]("orders", unguarded), 0},
}

func TestPreflightAcceptsWhatIsFine(t *testing.T) {
	t.Parallel()
	for _, f := range fines {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
				if f.only != 0 && f.only != db.Dialect() {
					t.Skip("another engine's")
				}
				pool.SetMaxOpenConns(1) // it needs no more
				for statement := range strings.SplitSeq(f.create(db.Dialect()), "; ") {
					execute(t, pool, statement)
				}
				f.target(t, db)
				if err := db.Preflight(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestPreflightOfATableInNoSchema(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, _ *sqlx.DB, db *sqlsink.DB) {
		table[plainKey](t, db, "nowhere.orders", unguarded)
		found := problemsOf(t, db)
		if found == nil || len(found.Problems) != 1 || found.Problems[0].Text != "it is missing" || found.Problems[0].Table != "nowhere.orders" {
			t.Errorf("got %v", found)
		}
	})
}
