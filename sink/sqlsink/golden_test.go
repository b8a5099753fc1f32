package sqlsink

import (
	"database/sql/driver"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
)

var update = flag.Bool("update", false, "write the golden files")

var fixedTime = time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC)

type wide struct {
	A string `db:"a,key"`
	B int    `db:"b,key"`
	V string `db:"v"`
	N int64  `db:"n"`
}

type keyOnly struct {
	ID string `db:"id,key"`
}

type part struct {
	A string `db:"a,owner"`
	B int    `db:"b,owner"`
	N int    `db:"n,key"`
}

// TestGoldenSQL compares what is sent to each engine, for every guard, with the files in testdata.
func TestGoldenSQL(t *testing.T) {
	t.Parallel()
	for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			f := &fake{rows: map[string][][]driver.Value{
				"FROM dynasink_newest": {{ownerHash(t, d), sequence7}}, "pg_attribute": catalogRows,
			}}
			db := f.open(t, d)
			var got strings.Builder
			for _, c := range goldenCases(t, db) {
				err := stage(t, c.stage)
				got.WriteString("-- " + c.name + "\n" + f.statements() + "\n\n")
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
			}
			compareGolden(t, "testdata/"+strings.ToLower(d.String())+".sql", got.String())
		})
	}
}

var sequence7, _ = sink.PadSequence("7")

// ownerHash is what stands for the owner of the case "children".
func ownerHash(t *testing.T, d Dialect) string {
	t.Helper()
	columns, err := columnsOf(reflect.TypeFor[wide]())
	if err != nil {
		t.Fatal(err)
	}
	key, err := columns.keyText(reflect.ValueOf(&wide{A: "x"}).Elem(), columns.keys, d)
	if err != nil {
		t.Fatal(err)
	}
	return keyHash(key)
}

// catalogRows is what PostgreSQL says of the columns of the cases' tables.
var catalogRows = [][]driver.Value{
	{"a", "25", "text"}, {"b", "23", "integer"}, {"v", "1043", "character varying"}, {"n", "20", "bigint"}, {"id", "1042", "bpchar"},
	{"stream_sequence", "1042", "bpchar"}, {"seq", "1700", "numeric"}, {"gone", "1184", "timestamp with time zone"},
}

type goldenCase struct {
	name  string
	stage func(b *sink.Batch)
}

func goldenCases(t *testing.T, db *DB) []goldenCase {
	both := func(target sink.Target[wide]) func(*sink.Batch) {
		return func(b *sink.Batch) {
			target.Upsert(b, wide{A: "x", B: 1})
			target.Upsert(b, wide{A: "x", B: 2})
			target.Delete(b, wide{A: "x", B: 3, N: 5})
		}
	}
	children, err := NewChildren[wide, part](db, "parts")
	if err != nil {
		t.Fatal(err)
	}
	only := mustTable[keyOnly](t, db, "Odd.key only", Unguarded())
	return []goldenCase{
		{"tombstones", both(mustTable[wide](t, db, "shop.orders"))},
		{"version", both(mustTable[wide](t, db, "orders", GuardVersion("n")))},
		{"soft delete", both(mustTable[wide](t, db, "orders", SoftDelete("gone", "seq")))},
		{"unguarded", both(mustTable[wide](t, db, "orders", Unguarded()))},
		{"key only", func(b *sink.Batch) { only.Upsert(b, keyOnly{"a"}) }},
		{"children", func(b *sink.Batch) { children.Replace(b, wide{A: "x"}, part{A: "x", N: 1}, part{A: "x", N: 2}) }},
		{"once", func(b *sink.Batch) { db.Once(b, "name", nothing) }},
		{"newest", func(b *sink.Batch) { db.Newest(b, "name", "key", nothing) }},
	}
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
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\ngo test -run TestGoldenSQL -update writes it", path, got, want)
	}
}
