package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// compare reads the table of a kind and expects the values of that kind, and no others.
func (k kind) compare(t *testing.T, pool *sqlx.DB, d sqlsink.Dialect) {
	t.Helper()
	var got []cell[sql.NullString]
	query := "SELECT id, " + oneOf(d, k.readPG, k.readMy, k.readLi) + " AS v FROM v_" + k.name
	if err := pool.SelectContext(t.Context(), &got, query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	read := map[string]string{}
	for _, c := range got {
		read[c.ID] = k.normal(c.V)
	}
	for _, v := range values {
		if v.kind != k.name || v.unless == d {
			continue
		}
		if text, ok := read[v.id]; !ok || !k.same(text, v.want) {
			t.Errorf("%s, %s: read back %q (%v), want %q", k.name, v.id, text, ok, v.want)
		}
		delete(read, v.id)
	}
	if len(read) != 0 {
		t.Errorf("%s: more rows: %v", k.name, read)
	}
}

// normal evens out how SQLite and PostgreSQL print a time.
func (k kind) normal(v sql.NullString) string {
	if !v.Valid {
		return null
	}
	if k.name == "time" {
		text := strings.TrimSuffix(v.String, "+00:00")
		if len(text) == len(time.DateTime) {
			text += ".000000"
		}
		return text
	}
	return v.String
}

// same compares JSON as values with exact numbers: engines space and order it as they like.
func (k kind) same(got, want string) bool {
	if k.name != "json" || got == null || want == null {
		return got == want
	}
	return reflect.DeepEqual(decoded(got), decoded(want))
}

func decoded(text string) (v any) {
	decoder := json.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&v); err != nil {
		return err
	}
	return v
}

type base struct {
	ID string `db:"id,key"`
	V  []byte `db:"v"`
}

func TestEmbeddedStructs(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, pool *sqlx.DB, db *sqlsink.DB) {
		execute(t, pool, "CREATE TABLE e (id "+keyType(db.Dialect())+" PRIMARY KEY, v VARCHAR(9), other INT)")
		type row struct {
			base
			Skipped string `db:"-"`
			Other   int
		}
		target := table[row](t, db, "e", sqlsink.Unguarded())
		stageOne(t, func(b *sink.Batch) { target.Upsert(b, row{base{"a", []byte("x")}, "s", 3}) })
		var got row
		if err := pool.GetContext(t.Context(), &got, "SELECT id, v, other FROM e"); err != nil || got.ID != "a" || got.Other != 3 {
			t.Errorf("read back %+v, %v", got, err)
		}
	})
}

// stageOne commits what one handler stages.
func stageOne(t *testing.T, stage func(b *sink.Batch)) {
	t.Helper()
	if err := staging(t, stage); err != nil {
		t.Fatal(err)
	}
}

func staging(t *testing.T, stage func(b *sink.Batch)) error {
	t.Helper()
	return sinktest.Stage(t.Context(), func(_ context.Context, b *sink.Batch) error {
		stage(b)
		return nil
	})
}
