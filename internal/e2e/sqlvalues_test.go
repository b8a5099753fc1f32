package e2e

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// cell is a row with one value.
type cell[T any] struct {
	ID string `db:"id,key"`
	V  T      `db:"v"`
}

// kind is a type of column and how its values are read back as text.
type kind struct {
	name                    string
	postgres, mysql, sqlite string // the column's type
	readPG, readMy, readLi  string
}

var kinds = []kind{
	{"text", "TEXT", "TEXT CHARACTER SET utf8mb4", "TEXT", "v", "v", "v"},
	{"exact", "NUMERIC", "DECIMAL(60,22)", "TEXT", "trim_scale(v)::text", "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM CAST(v AS CHAR)))", "v"},
	{"whole", "NUMERIC(40)", "DECIMAL(40)", "TEXT", "v::text", "CAST(v AS CHAR)", "v"},
	{"int", "BIGINT", "BIGINT", "INTEGER", "v::text", "CAST(v AS CHAR)", "CAST(v AS TEXT)"},
	{"unsigned", "NUMERIC", "BIGINT UNSIGNED", "INTEGER", "v::text", "CAST(v AS CHAR)", "CAST(v AS TEXT)"},
	{"float", "DOUBLE PRECISION", "DOUBLE", "REAL", "v::text", "CAST(v AS CHAR)", "CAST(v AS TEXT)"},
	{"bool", "BOOLEAN", "BOOLEAN", "BOOLEAN", truth, truth, truth},
	{"bytes", "BYTEA", "BLOB", "BLOB", "encode(v, 'hex')", "LOWER(HEX(v))", "CASE WHEN v IS NOT NULL THEN lower(hex(v)) END"},
	{"time", "TIMESTAMPTZ", "DATETIME(6)", "TIMESTAMP", "to_char(v AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')", "CAST(v AS CHAR)", "CAST(v AS TEXT)"},
	{"json", "JSONB", "JSON", "TEXT", "v::text", "CAST(v AS CHAR)", "v"},
}

const truth = "CASE WHEN v THEN 'true' WHEN NOT v THEN 'false' END"

// stored is a value with the text it must be read back as.
type stored struct {
	kind, id, want string
	stage          func(t *testing.T, db *sqlsink.DB, b *sink.Batch)
	unless         sqlsink.Dialect // a dialect that cannot hold it
}

func value[T any](kind, id string, v T, want string) stored {
	return stored{kind: kind, id: id, want: want, stage: func(t *testing.T, db *sqlsink.DB, b *sink.Batch) {
		table[cell[T]](t, db, "v_"+kind, sqlsink.Unguarded()).Upsert(b, cell[T]{id, v})
	}}
}

func (s stored) not(d sqlsink.Dialect) stored {
	s.unless = d
	return s
}

func ptr[T any](v T) *T { return &v }

type (
	named   string
	number  string // like attributevalue.Number
	level   int
	point   struct{ X, Y int }
	byValue struct{ s string }
	byPtr   struct{ s string }
	ptrText struct{ s string }
)

func (v byValue) Value() (driver.Value, error)  { return "<" + v.s + ">", nil }
func (v *byPtr) Value() (driver.Value, error)   { return "<" + v.s + ">", nil }
func (l level) MarshalText() ([]byte, error)    { return []byte(strings.Repeat("!", int(l))), nil }
func (p *ptrText) MarshalText() ([]byte, error) { return []byte("[" + p.s + "]"), nil }

const (
	null     = "NULL"
	digits38 = "12345678901234567890123456789012345678"
	fraction = "1234567890123456.0000000000000000012345"
)

var (
	moment  = time.Date(2024, 2, 29, 23, 59, 58, 123456000, time.FixedZone("", -5*3600))
	bytes3  = []byte{0, 0xff, '\''}
	huge, _ = new(big.Int).SetString(digits38, 10)
)

var values = []stored{
	value("text", "unicode", "žluť 🦆 e\u0301 \u2028", "žluť 🦆 e\u0301 \u2028"),
	value("text", "quotes", `'"\`+"`;--%s$1?:x\n\r\t", `'"\`+"`;--%s$1?:x\n\r\t"),
	value("text", "empty", "", ""),
	value("text", "named", named("n"), "n"),
	value("text", "number", number("1.50"), "1.50"),
	value("text", "pointer", ptr("p"), "p"),
	value("text", "pointer to pointer", ptr(ptr("p")), "p"),
	value("text", "nil", (*string)(nil), null),
	value("text", "null string", sql.NullString{String: "s", Valid: true}, "s"),
	value("text", "NULL", sql.NullString{}, null),
	value("text", "sql.Null", sql.Null[string]{V: "s", Valid: true}, "s"),
	value("text", "valuer", byValue{"v"}, "<v>"),
	value("text", "pointer to valuer", &byValue{"v"}, "<v>"),
	value("text", "nil valuer", (*byValue)(nil), null),
	value("text", "valuer by pointer", byPtr{"v"}, "<v>"),
	value("text", "pointer valuer", &byPtr{"v"}, "<v>"),
	value("text", "nil pointer valuer", (*byPtr)(nil), null),
	value("text", "valuer interface", driver.Valuer(byValue{"v"}), "<v>"),
	value("text", "nil valuer interface", driver.Valuer(nil), null),
	value("text", "address", netip.MustParseAddr("::1"), "::1"),
	value("text", "text of int", level(3), "!!!"),
	value("text", "text by pointer", ptrText{"x"}, "[x]"),
	value("text", "any string", any("a"), "a"),
	value("text", "any nil", any(nil), null),
	value("text", "any pointer", any(ptr("p")), "p"),
	value("text", "exact in text", number(digits38), digits38),
	value("exact", "38 digits", number(digits38), digits38),
	value("exact", "fraction", number(fraction), fraction),
	value("whole", "big", *huge, digits38),
	value("whole", "big pointer", huge, digits38),
	value("whole", "nil big", (*big.Int)(nil), null),
	value("int", "int", -7, "-7"),
	value("int", "int8", int8(-128), "-128"),
	value("int", "min", int64(-1<<63), "-9223372036854775808"),
	value("int", "uint8", uint8(255), "255"),
	value("int", "max", uint64(1<<63-1), "9223372036854775807"),
	value("int", "digits", number("42"), "42"),
	value("int", "null int", sql.NullInt64{Int64: 5, Valid: true}, "5"),
	value("int", "any int", any(int32(5)), "5"),
	value("unsigned", "uint64", uint64(1<<64-1), "18446744073709551615").not(sqlsink.SQLite),
	value("float", "float32", float32(0.1), "0.1"),
	value("float", "float64", 1234567.0625, "1234567.0625"),
	value("float", "pointer", ptr(-2.5), "-2.5"),
	value("bool", "true", true, "true"),
	value("bool", "false", false, "false"),
	value("bool", "null", sql.NullBool{}, null),
	value("bytes", "any", bytes3, "00ff27"),
	value("bytes", "empty", []byte{}, ""),
	value("bytes", "nil", []byte(nil), null),
	value("bytes", "array", [16]byte{15: 1}, "00000000000000000000000000000001"),
	value("time", "zone", moment, "2024-03-01 04:59:58.123456"),
	value("time", "pointer", ptr(moment.UTC()), "2024-03-01 04:59:58.123456"),
	value("time", "whole second", time.Unix(0, 0), "1970-01-01 00:00:00.000000"),
	value("time", "null time", sql.NullTime{Time: moment, Valid: true}, "2024-03-01 04:59:58.123456"),
	value("time", "nil", (*time.Time)(nil), null),
	value("json", "raw", json.RawMessage(`{"a": [1, 2.50, "<&>"]}`), `{"a": [1, 2.50, "<&>"]}`),
	value("json", "nil raw", json.RawMessage(nil), null),
	value("json", "struct", point{1, 2}, `{"X": 1, "Y": 2}`),
	value("json", "struct pointer", &point{1, 2}, `{"X": 1, "Y": 2}`),
	value("json", "map", map[string]any{"<k>": []string{"ž"}}, `{"<k>": ["ž"]}`),
	value("json", "slice", []point{{1, 2}}, `[{"X": 1, "Y": 2}]`),
	value("json", "empty slice", []int{}, `[]`),
	value("json", "array", [2]int{1, 2}, `[1, 2]`),
	value("json", "nil map", map[string]int(nil), null),
	value("json", "any", any(map[string]any{"a": 1}), `{"a": 1}`),
}

func TestValuesAreStoredExactly(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		d := db.Dialect()
		for _, k := range kinds {
			execute(t, pool, "CREATE TABLE v_"+k.name+" (id "+keyType(d)+" PRIMARY KEY, v "+oneOf(d, k.postgres, k.mysql, k.sqlite)+")")
		}
		for range 2 { // an insert, then an update
			err := sinktest.Stage(t.Context(), func(_ context.Context, b *sink.Batch) error {
				for _, v := range values {
					if v.unless != d {
						v.stage(t, db, b)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range kinds {
			k.compare(t, pool, d)
		}
	})
}
