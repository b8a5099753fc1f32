package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
	"github.com/jmoiron/sqlx"
)

// way is one way of a row to PostgreSQL: what is stored must not depend on it.
type way struct {
	name, driver string
	options      []sqlsink.Option
}

var ways = []way{
	{"literals through lib/pq", "postgres", nil},
	{"literals through pgx", "pgx", nil},
	{"binary arrays", "pgx", []sqlsink.Option{pgxwire.Pipeline(pgxwire.CopyFrom(0))}},
	{"COPY", "pgx", []sqlsink.Option{pgxwire.Pipeline(pgxwire.CopyFrom(1))}},
}

// open returns an empty schema and a sink that writes this way.
func (w way) open(t *testing.T) (*sqlx.DB, *sqlsink.DB) {
	t.Helper()
	pool := servers.For(t, "postgres").OpenWith(t, w.driver)
	db, err := sqlsink.New(pool, w.options...)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"CREATE TYPE mood AS ENUM ('sad', 'so so')", "CREATE DOMAIN percent AS SMALLINT CHECK (VALUE BETWEEN 0 AND 100)",
		"CREATE DOMAIN tags AS TEXT[]", "CREATE TYPE pair AS (x INT, y TEXT)",
	} {
		execute(t, pool, statement)
	}
	return pool, db
}

// insert stages rows that INSERT records brought, and commits them.
func insert[T any](t *testing.T, target sink.Target[cell[T]], rows ...cell[T]) error {
	t.Helper()
	origin := sinktest.NextOrigin()
	origin.EventName = "INSERT"
	return sinktest.StageAs(t.Context(), origin, func(_ context.Context, b *sink.Batch) error {
		for _, row := range rows {
			target.Upsert(b, row)
		}
		return nil
	})
}

// pgValues are values by the type of their column, and the text that they are read back as: an SQLSTATE if they are refused, ""
// where it is enough that it is the same each way.
var pgValues = map[string][]struct {
	value any
	want  string
}{
	"TEXT":          {{"žluť 🦆", "žluť 🦆"}, {"", ""}, {`{"a\`, `{"a\`}, {"NULL", "NULL"}, {5, "5"}, {true, ""}, {"\x00", "22021"}, {"\xff", "22021"}, {strings.Repeat("x", 1<<20), ""}},
	"VARCHAR(3)":    {{"abc", "abc"}, {"žžž", "žžž"}, {"abcd", "22001"}, {"abc  ", "abc"}, {nil, null}},
	"CHAR(3)":       {{"a", "a"}, {"abcd", "22001"}, {"a  ", "a"}},
	`"char"`:        {{"a", "a"}},
	"NAME":          {{"a", "a"}},
	"NUMERIC":       {{number(digits38), digits38}, {number(fraction), fraction}, {"-0.00", "0.00"}, {"1e3", "1000"}, {"NaN", "NaN"}, {"1" + strings.Repeat("0", 98), ""}, {"0." + strings.Repeat("0", 97) + "1", ""}, {math.MinInt64, ""}, {2.5, "2.5"}, {"x", "22P02"}, {"", "22P02"}, {huge, digits38}},
	"NUMERIC(10,2)": {{"1.005", "1.01"}, {"-1.005", "-1.01"}, {"99999999.99", "99999999.99"}, {"99999999.995", "22003"}, {100000000, "22003"}},
	"SMALLINT":      {{32767, "32767"}, {-32768, "-32768"}, {32768, "22003"}, {"7", "7"}, {"x", "22P02"}, {1.5, "22P02"}},
	"INTEGER":       {{1<<31 - 1, ""}, {-1 << 31, ""}, {1 << 31, "22003"}, {uint64(1 << 63), "22003"}, {true, "22P02"}},
	"BIGINT":        {{int64(math.MaxInt64), "9223372036854775807"}, {int64(math.MinInt64), "-9223372036854775808"}, {uint64(1 << 63), "22003"}, {number("42"), "42"}},
	"REAL":          {{0.1, "0.1"}, {float32(3.4028235e38), "3.4028235e+38"}, {1e39, "22003"}, {1e-50, "22003"}, {1e-40, ""}, {math.NaN(), "NaN"}, {math.Inf(-1), "-Infinity"}, {"1e3", "1000"}, {16777217, ""}},
	"FLOAT8":        {{0.1, "0.1"}, {math.MaxFloat64, ""}, {math.SmallestNonzeroFloat64, "5e-324"}, {math.NaN(), "NaN"}, {math.Inf(1), "Infinity"}, {math.Copysign(0, -1), "-0"}, {7, "7"}},
	"BOOLEAN":       {{true, "true"}, {false, "false"}, {"yes", "true"}, {1, "true"}, {2, ""}, {nil, null}},
	"BYTEA":         {{[]byte{0, 0xff, '\\'}, `\x00ff5c`}, {[]byte{}, `\x`}, {[4]byte{1}, `\x01000000`}, {`\x0a`, `\x0a`}, {"a\\", "22P02"}},
	"DATE":          {{year(2024), "2024-06-05"}, {year(1), ""}, {year(9999), ""}, {year(-43), ""}, {moment, "2024-03-01"}, {"2024-01-01", "2024-01-01"}, {"infinity", "infinity"}},
	"TIMESTAMP":     {{moment, "2024-03-01 04:59:58.123456"}, {year(1), ""}, {year(9999), ""}, {year(-43), ""}, {year(-4799), "22008"}, {year(290_000), ""}, {year(300_000), "22008"}, {"2024-01-01", ""}, {"x", "22007"}},
	"TIMESTAMPTZ":   {{moment, "2024-03-01 04:59:58.123456+00"}, {moment.Add(499), ""}, {moment.Add(500), ""}, {moment.Add(1500), ""}, {year(0), ""}, {year(-4000), ""}, {year(-4799), "22008"}, {time.Time{}, "0001-01-01 00:00:00+00"}, {"infinity", "infinity"}, {moment.Truncate(time.Second).Add(999_999_900), "2024-03-01 04:59:59+00"}},
	"TIME":          {{"12:34:56.789", "12:34:56.789"}},
	"INTERVAL":      {{"1 day 02:00:00", "1 day 02:00:00"}, {"x", "22007"}},
	"UUID":          {{"00112233-4455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"}, {"00112233-4455-6677-8899-AABBCCDDEEFF", "00112233-4455-6677-8899-aabbccddeeff"}, {"{00112233445566778899aabbccddeeff}", "00112233-4455-6677-8899-aabbccddeeff"}, {"", "22P02"}, {"00112233-4455-6677-8899-aabbccddeefg", "22P02"}},
	"JSON":          {{json.RawMessage(`{"b": 1,"a":[2.50]}`), `{"b": 1,"a":[2.50]}`}, {"{", "22P02"}, {[]string{"a"}, `["a"]`}, {nil, null}},
	"JSONB":         {{json.RawMessage(`{"b": 1,"a":[2.50]}`), `{"a": [2.50], "b": 1}`}, {"", "22P02"}, {"\"\\u0000\"", "22P05"}, {[]string{}, `[]`}, {1, "1"}, {"\x00", ""}},
	"INET":          {{"10.0.0.1/8", "10.0.0.1/8"}, {"x", "22P02"}},
	"mood":          {{"so so", "so so"}, {"glad", "22P02"}},
	"percent":       {{100, "100"}, {101, "23514"}, {"7", "7"}, {nil, null}},
	"pair":          {{"(1,a)", "(1,a)"}},
	"BIT VARYING":   {{"101", "101"}},
	"TEXT[]":        {{[]string{"a", "", "NULL", `"\,{}`}, `{a,"","NULL","\"\\,{}"}`}, {[]string{}, "{}"}, {[]string(nil), null}, {[][]string{{"a", "b"}, {"c", "d"}}, "{{a,b},{c,d}}"}, {[][]string{{"a"}, {}}, ""}, {"{x,y}", "{x,y}"}, {"x", "22P02"}, {[2]string{"a", "b"}, "{a,b}"}},
	"BIGINT[]":      {{[]int64{math.MinInt64, 1}, "{-9223372036854775808,1}"}, {[]*int{nil, ptr(1)}, "{NULL,1}"}, {[]string{"x"}, "22P02"}},
	"NUMERIC[]":     {{[]json.Number{digits38, "1.50"}, "{" + digits38 + ",1.50}"}},
	"BYTEA[]":       {{[][]byte{{0, 0xff}, {}}, `{"\\x00ff","\\x"}`}},
	"TIMESTAMP[]":   {{[]time.Time{moment}, `{"2024-03-01 04:59:58.123456"}`}},
	"TIMESTAMPTZ[]": {{[]time.Time{moment}, `{"2024-03-01 04:59:58.123456+00"}`}},
	"DATE[]":        {{[]time.Time{moment}, "{2024-03-01}"}},
	"BOOLEAN[]":     {{[]bool{true, false}, "{t,f}"}},
	"JSONB[]":       {{[]point{{1, 2}}, `{"{\"X\": 1, \"Y\": 2}"}`}, {[][]int{{1}, {2, 3}}, `{[1],"[2, 3]"}`}},
	"mood[]":        {{[]string{"sad", "so so"}, `{sad,"so so"}`}},
	"tags":          {{[]string{"a"}, "{a}"}},
	"VARCHAR(2)[]":  {{[]string{"ab"}, "{ab}"}, {[]string{"abc"}, "22001"}},
}

func year(y int) time.Time { return time.Date(y, 6, 5, 4, 3, 2, 1000, time.UTC) }

// TestEveryWayStoresTheSame writes each value alone, so that it has the format which its way would choose for it.
func TestEveryWayStoresTheSame(t *testing.T) {
	t.Parallel()
	results := make([]map[string]string, len(ways))
	t.Run("ways", func(t *testing.T) {
		for i, w := range ways {
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				results[i] = w.store(t)
			})
		}
	})
	for typ, values := range pgValues {
		for i, v := range values {
			id := fmt.Sprint(typ, " ", i)
			for k, w := range ways {
				got := results[k][id]
				if v.want != "" && got != v.want || got != results[0][id] {
					t.Errorf("%s: %.80v by %s is %.80q, want %.80q (%s: %.80q)", typ, v.value, w.name, got, v.want, ways[0].name, results[0][id])
				}
			}
		}
	}
}

// store returns what each value is read back as, or its SQLSTATE.
func (w way) store(t *testing.T) map[string]string {
	t.Helper()
	results := map[string]string{}
	pool, db := w.open(t)
	for typ, values := range pgValues {
		name := "v_" + strings.Trim(strings.NewReplacer(" ", "_", `"`, "", "(", "_", ")", "", ",", "_", "[]", "_list").Replace(strings.ToLower(typ)), "_")
		execute(t, pool, "CREATE TABLE "+name+" (id TEXT PRIMARY KEY, v "+typ+")")
		target := table[cell[any]](t, db, name, sqlsink.Unguarded())
		for i, v := range values {
			id := fmt.Sprint(typ, " ", i)
			results[id] = readBack(t, pool, name, id, insert(t, target, cell[any]{id, v.value}))
		}
	}
	return results
}

func readBack(t *testing.T, pool *sqlx.DB, table, id string, err error) string {
	t.Helper()
	var described *sqlsink.Error
	switch {
	case errors.As(err, &described) && sink.IsPermanent(err):
		return described.SQLState
	case err != nil:
		return err.Error()
	}
	var text *string
	if err := pool.GetContext(t.Context(), &text, "SELECT v::text FROM "+table+" WHERE id = $1", id); err != nil {
		t.Fatal(err)
	}
	if text == nil {
		return null
	}
	return *text
}

// TestRandomValuesByEveryWay compares thousands of values of the types whose binary form is computed.
func TestRandomValuesByEveryWay(t *testing.T) {
	t.Parallel()
	const seed, n = 7, 3000
	e := servers.For(t, "postgres")
	for typ, draw := range map[string]func(*rand.Rand) any{
		"numeric": randomNumber,
		"timestamptz": func(r *rand.Rand) any {
			return time.Unix(r.Int64N(400_000_000_000)-150_000_000_000, r.Int64N(1e9)).UTC()
		},
		"float8": func(r *rand.Rand) any { return math.Float64frombits(r.Uint64()) },
		"real":   randomReal,
		"bigint": func(r *rand.Rand) any { return int64(r.Uint64()) },
		"bytea":  func(r *rand.Rand) any { return []byte(fmt.Sprint(r.Uint64())) },
	} {
		t.Run(typ, func(t *testing.T) {
			t.Parallel()
			pool := e.Open(t)
			for i, w := range ways {
				name := fmt.Sprint("random_", typ, "_", i)
				execute(t, pool, "CREATE TABLE "+name+" (id TEXT PRIMARY KEY, v "+typ+")")
				db, err := sqlsink.New(e.OpenWith(t, w.driver), w.options...)
				if err != nil {
					t.Fatal(err)
				}
				rng, rows := rand.New(rand.NewPCG(seed, 0)), []cell[any](nil)
				for id := range n {
					rows = append(rows, cell[any]{fmt.Sprint(id), draw(rng)})
				}
				if err := insert(t, table[cell[any]](t, db, name, sqlsink.Unguarded()), rows...); err != nil {
					t.Fatalf("%s: %v", w.name, err)
				}
				var count, differ int
				query := "SELECT COUNT(*), COUNT(*) FILTER (WHERE a.v::text IS DISTINCT FROM b.v::text) FROM random_" + typ + "_0 AS a FULL JOIN " + name + " AS b USING (id)"
				if err := pool.QueryRowContext(t.Context(), query).Scan(&count, &differ); err != nil || count != n || differ != 0 {
					t.Errorf("%s: %d of %d values differ, %v", w.name, differ, count, err)
				}
			}
		})
	}
}

// randomNumber has up to 38 digits, with a point anywhere.
func randomNumber(r *rand.Rand) any {
	var text strings.Builder
	if r.IntN(2) == 0 {
		text.WriteByte('-')
	}
	n := 1 + r.IntN(38)
	point := r.IntN(40)
	for i := range n {
		if i > 0 && i == point {
			text.WriteByte('.')
		}
		text.WriteByte(byte('0' + r.IntN(10)*r.IntN(2)))
	}
	return text.String()
}

// randomReal is one that has a binary form.
func randomReal(r *rand.Rand) any {
	for {
		if f := float64(math.Float32frombits(r.Uint32())); math.Abs(f) > 1e-37 {
			return f
		}
	}
}
