package e2e

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// mysqlColumns are types that values of a Go type are written into, as far as they take them.
var mysqlColumns = []string{
	"TEXT CHARACTER SET utf8mb4", "VARCHAR(300) CHARACTER SET latin1", "CHAR(4) CHARACTER SET ascii", "VARBINARY(300)", "BLOB", "JSON",
	"DECIMAL(40,10)", "DOUBLE", "FLOAT", "BIGINT", "BIGINT UNSIGNED", "TINYINT(1)", "BIT(64)", "DATETIME(6)", "DATETIME", "DATE", "TIMESTAMP(6) NULL", "TIME(3)", "YEAR",
}

// TestLiteralsAreArguments: what is written as a literal is what an argument would have written, in every column that takes
// it, whatever the session's mode is. What a column refuses is refused in both ways.
func TestLiteralsAreArguments(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		for i, parameters := range []string{"", "sql_mode=%27TRADITIONAL,NO_BACKSLASH_ESCAPES,ANSI_QUOTES%27", "time_zone=%27-05:00%27&interpolateParams=true"} {
			e := servers.For(t, engine)
			e.DSN = withParameters(e.DSN, parameters)
			texts, plain := e, e
			plain.DSN = withParameters(plain.DSN, "multiStatements=false")
			compareLiterals(t, texts.Open(t), plain.Open(t), i == 0)
		}
	})
}

// compareLiterals writes all values to all columns through both pools; refused ones too only if all is set, as they are slow.
func compareLiterals(t *testing.T, texts, plain *sqlx.DB, all bool) {
	t.Helper()
	for n, column := range mysqlColumns {
		name := fmt.Sprint("c", n)
		execute(t, texts, "CREATE TABLE "+name+" (id VARCHAR(40) PRIMARY KEY, v "+column+")")
		both := [2]*sqlsink.Table[cell[any]]{}
		for k, pool := range []*sqlx.DB{texts, plain} {
			db, err := sqlsink.New(pool)
			if err != nil {
				t.Fatal(err)
			}
			both[k] = table[cell[any]](t, db, name, sqlsink.Unguarded())
		}
		values := hardValues()
		if !all {
			values = values[:12]
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok && !utf8.Valid(b) && strings.Contains(column, "CHARACTER SET") {
				continue // go-sql-driver itself has two ways to send them
			}
			compareLiteral(t, texts, both, name, fmt.Sprint("value ", i), v)
		}
	}
}

func compareLiteral(t *testing.T, pool *sqlx.DB, both [2]*sqlsink.Table[cell[any]], table, id string, v any) {
	t.Helper()
	var got [2]string
	for k, target := range both {
		id := fmt.Sprint(id, k)
		err := sinktest.Stage(t.Context(), func(_ context.Context, b *sink.Batch) error {
			target.Upsert(b, cell[any]{id, v})
			return nil
		})
		if got[k] = "permanent"; err == nil {
			q := "SELECT COALESCE(CONCAT(HEX(v), ' ', CAST(v AS CHAR)), 'null') FROM " + table + " WHERE id = ?"
			err = pool.GetContext(t.Context(), &got[k], q, id)
		}
		if err != nil && !sink.IsPermanent(err) {
			got[k] = err.Error()
		}
	}
	if got[0] != got[1] {
		t.Errorf("%s, %s: %.100q as a literal is %.200s, as an argument %.200s", table, id, fmt.Sprint(v), got[0], got[1])
	}
}

// hardValues holds, among random ones, what the quoting, the numbers and the times of MySQL are known to stumble over.
func hardValues() []any {
	random := rand.New(rand.NewPCG(1, 2))
	values := []any{
		`it's \ "quoted" ; -- /* `, "é", []byte("\xbf'"), []byte{0, 1, 0xff}, math.MinInt64, 0.1, 1e300, true, time.Date(2024, 2, 29, 23, 59, 58, 123456789, time.UTC),
		`{"a": "é\u0000"}`, "12", nil,
		"", "'", `\`, `\'`, "\x00", "\x1a", "\n\r\t\b", "`", "%_", "𝔘", "\u00a0", "a ", "NULL", "0x41", "2024-01-01", "1.5e3", "-0", "[1]", "\xff", "\xf0\x9f",
		[]byte{}, []byte("abc"), []byte("é"), []byte("7"), int64(math.MaxInt64), uint64(math.MaxUint64), 0, -1, 7, false,
		math.Copysign(0, -1), 1.0, -2.5, 123456789.123456789, math.MaxFloat64, math.SmallestNonzeroFloat64, float32(0.1), 1e21, 16777217.0,
		time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(2024, 7, 1, 12, 0, 0, 5000, time.FixedZone("", -7*3600)), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
	}
	for range 20 {
		b := make([]byte, random.IntN(30))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		values = append(values, b, string(b), strings.ToValidUTF8(string(b), "'\\"))
	}
	return values
}

// TestTimesOfOtherZones: a driver that writes times in another zone than UTC does so in every batch.
func TestTimesOfOtherZones(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		e := servers.For(t, engine)
		execute(t, e.Open(t), "CREATE TABLE c (id VARCHAR(40) PRIMARY KEY, v DATETIME(6))")
		for zone, want := range map[string]string{"UTC": "2024-07-01 12:00:00.000000", "America%2FNew_York": "2024-07-01 08:00:00.000000", "Europe%2FLondon": "2024-07-01 13:00:00.000000"} {
			zoned := e
			zoned.DSN = withParameters(e.DSN, "loc="+zone)
			pool := zoned.Open(t)
			cells := table[cell[time.Time]](t, newDB(t, pool), "c", sqlsink.Unguarded())
			at := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
			stageOne(t, func(b *sink.Batch) { cells.Upsert(b, cell[time.Time]{zone, at}) })
			var text string
			if err := pool.GetContext(t.Context(), &text, "SELECT CAST(v AS CHAR) FROM c WHERE id = ?", zone); err != nil || text != want {
				t.Errorf("%s: got %s, %v", zone, text, err)
			}
		}
	})
}

// TestOtherCharacterSets: on connections that do not speak utf8mb4 keys and values are what they have always been.
func TestOtherCharacterSets(t *testing.T) {
	t.Parallel()
	eachMySQL(t, func(t *testing.T, engine string) {
		for _, charset := range []string{"utf8mb4", "latin1", "gbk"} {
			e := servers.For(t, engine)
			e.DSN = withParameters(e.DSN, "charset="+charset)
			pool := e.Open(t)
			db := newDB(t, pool)
			execute(t, pool, "CREATE TABLE c (id VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, v TEXT CHARACTER SET utf8mb4)")
			cells := table[cell[string]](t, db, "c", sqlsink.Unguarded())
			want := cell[string]{"kéy", "it's é \\"}
			for _, withFunction := range []bool{true, false, true} { // with one it is an open transaction
				stageOne(t, func(b *sink.Batch) {
					cells.Upsert(b, want)
					if withFunction {
						db.AtLeastOnce(b, run("DO 0"))
					}
				})
			}
			var got []cell[string]
			if err := pool.SelectContext(t.Context(), &got, "SELECT id, v FROM c"); err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("%s: got %q, %v", charset, got, err)
			}
		}
	})
}
