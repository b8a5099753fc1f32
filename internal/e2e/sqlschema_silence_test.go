package e2e

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// columnTypes are the types that values of all kinds are tried on. Those whose author has chosen to round (NUMERIC(12, 2)), and
// those that read a text in their own way (uuid, dates from text) are not among them.
var columnTypes = map[sqlsink.Dialect][]string{
	sqlsink.PostgreSQL: {"text", "varchar(99)", "smallint", "integer", "bigint", "numeric", "real", "double precision", "boolean", "bytea", "timestamptz", "timestamp", "timestamp(0)", "date", "json", "jsonb"},
	sqlsink.MySQL:      {"text", "varchar(99)", "tinyint", "int", "bigint", "bigint unsigned", "decimal(65,25)", "decimal(30)", "float", "double", "blob", "varbinary(99)", "datetime", "datetime(6)", "timestamp(6) null", "date", "json"},
	sqlsink.SQLite:     {"TEXT", "VARCHAR(9)", "INTEGER", "NUMERIC", "DECIMAL(9,2)", "REAL", "BOOLEAN", "BLOB", "TIMESTAMP", "DATE", "JSON", ""},
}

// trial is a value of a Go type in a column of some type.
type trial struct {
	goType string
	table  func(t *testing.T, db *sqlsink.DB, name string)
	writes []func(t *testing.T, db *sqlsink.DB, name string) error
	same   []func(read string) bool
}

func trialOf[T any](same func(v T, read string) bool, values ...T) trial {
	tr := trial{goType: reflect.TypeFor[T]().String(), table: func(t *testing.T, db *sqlsink.DB, name string) {
		table[cell[T]](t, db, name, unguarded)
	}}
	for _, v := range values {
		tr.writes = append(tr.writes, func(t *testing.T, db *sqlsink.DB, name string) error {
			target := table[cell[T]](t, db, name, unguarded)
			return staging(t, func(b *sink.Batch) { target.Upsert(b, cell[T]{"a", v}) })
		})
		tr.same = append(tr.same, func(read string) bool { return same(v, read) })
	}
	return tr
}

var trials = []trial{
	trialOf(sameText, "1.5", "12345678901234567890123456789012345678", "1234567890.0987654321", `a\b`, `\\x41`, `"s"`, "[1]"),
	trialOf(sameNumber, int64(math.MinInt64), math.MaxInt64, 1<<53+1, 7),
	trialOf(sameNumber, int32(math.MinInt32), math.MaxInt32, 1<<24+1, 7),
	trialOf(sameNumber, int16(math.MinInt16), math.MaxInt16),
	trialOf(sameNumber, uint64(math.MaxUint64), 1<<53+1),
	trialOf(sameFloat, 0.1, 1.5, -123456.789, 1<<53),
	trialOf(func(v *big.Int, read string) bool { return sameText(v.String(), read) }, huge, big.NewInt(7)),
	trialOf(sameFloat, float32(0.1), 1.5, 1<<20+1),
	trialOf(func(v bool, read string) bool {
		return strings.Contains("|t|true|1|", "|"+read+"|") == v && strings.Contains("|f|false|0|", "|"+read+"|") != v
	}, true, false),
	trialOf(func(v []byte, read string) bool { return read == hex.EncodeToString(v) || read == string(v) }, []byte{0, 255}, []byte(`\x41`), []byte("a")),
	trialOf(sameTime, time.Date(2024, 2, 29, 23, 59, 58, 123456000, time.UTC), time.Date(2024, 2, 29, 1, 2, 3, 0, time.FixedZone("", 3600))),
	trialOf(func(v map[string]int, read string) bool {
		return reflect.DeepEqual(decoded(read), decoded(`{"\\": 1}`)) || read == hex.EncodeToString([]byte(`{"\\":1}`))
	}, map[string]int{`\`: 1}),
}

func sameText(v, read string) bool {
	a, ok := new(big.Rat).SetString(v)
	b, also := new(big.Rat).SetString(read)
	return read == v || read == hex.EncodeToString([]byte(v)) || ok && also && a.Cmp(b) == 0
}

func sameNumber[T any](v T, read string) bool { return sameText(fmt.Sprint(v), read) }

func sameFloat[T float32 | float64](v T, read string) bool {
	f, err := strconv.ParseFloat(read, 64)
	if float32(v) == float32(0.1) && reflect.TypeFor[T]().Kind() == reflect.Float32 {
		return float32(f) == float32(v)
	}
	return err == nil && T(f) == v && float64(T(f)) == f
}

func sameTime(v time.Time, read string) bool {
	for _, layout := range []string{"2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999-07", "2006-01-02 15:04:05.999999999", "2006-01-02"} {
		if got, err := time.Parse(layout, read); err == nil {
			return got.Equal(v)
		}
	}
	return false
}

// readAsText is how the column v is read back.
func readAsText(d sqlsink.Dialect, columnType string) string {
	switch {
	case columnType == "bytea":
		return "encode(v, 'hex')"
	case d == sqlsink.MySQL && (columnType == "blob" || strings.HasPrefix(columnType, "varbinary")):
		return "LOWER(HEX(v))"
	case d == sqlsink.MySQL:
		return "CAST(v AS CHAR)"
	case d == sqlsink.SQLite:
		return "CASE typeof(v) WHEN 'blob' THEN lower(hex(v)) ELSE CAST(v AS TEXT) END"
	}
	return "v::text"
}

// TestPreflightIsSilentWhereNothingIsLost writes values of each kind to columns of each type. Where Preflight has nothing against
// the pair, a value is refused or is read back as it was; where it warns of a silent change, at least one value is
// changed through one of the engine's drivers.
func TestPreflightIsSilentWhereNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, engine := range servers.Names() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			warned, changed := map[string]bool{}, map[string]bool{}
			for _, d := range drivers {
				if d.engine == engine {
					tryAll(t, servers.For(t, engine).OpenWith(t, d.driver), warned, changed)
				}
			}
			for pair := range warned {
				if !changed[pair] {
					t.Errorf("%s: Preflight warns, and nothing is lost", pair)
				}
			}
		})
	}
}

func tryAll(t *testing.T, pool *sqlx.DB, warned, changed map[string]bool) {
	t.Helper()
	db := newDB(t, pool)
	d := db.Dialect()
	name := func(tr, column int) string { return fmt.Sprintf("t_%d_%d", tr, column) }
	for i, tr := range trials {
		for k, columnType := range columnTypes[d] {
			execute(t, pool, "CREATE TABLE "+name(i, k)+" (id "+keyType(d)+" PRIMARY KEY, v "+columnType+")")
			tr.table(t, db, name(i, k))
		}
	}
	problems := map[string]string{}
	if found := problemsOf(t, db); found != nil {
		for _, p := range found.Problems {
			problems[p.Table] = p.Text
		}
	}
	for i, tr := range trials {
		for k, columnType := range columnTypes[d] {
			pair := tr.goType + " in " + columnType
			problem := problems[name(i, k)]
			silently := strings.Contains(problem, "without an error")
			if problem != "" && !silently {
				continue
			}
			warned[pair] = silently
			if !silently {
				delete(warned, pair)
			}
			for n, write := range tr.writes {
				if err := write(t, db, name(i, k)); err != nil {
					continue
				}
				var read string
				if err := pool.GetContext(t.Context(), &read, "SELECT "+readAsText(d, columnType)+" FROM "+name(i, k)); err != nil {
					t.Fatal(err)
				}
				if tr.same[n](read) || pair == "string in json" && d == sqlsink.MySQL { // whose JSON has no long numbers; DDL says so
					continue
				}
				changed[pair] = true
				if !silently {
					t.Errorf("%s: value %d became %q, and Preflight is silent", pair, n, read)
				}
			}
		}
	}
}
