package sqlsink

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/onetrip"
	"github.com/dynasink/dynasink/sink"
)

// flights is a sender that takes every batch, but for the first that is tried by COPY.
type flights struct {
	refuse bool
	held   []bool
	doing  [][]string
}

func (f *flights) Send(_ context.Context, _ any, b *onetrip.Batch, write func(add func(onetrip.Statement)) error) error {
	var doing []string
	err := write(func(s onetrip.Statement) {
		b.Statements = append(b.Statements, s)
		doing = append(doing, s.Doing)
	})
	f.held, f.doing = append(f.held, b.Whole), append(f.doing, doing)
	copied := slices.IndexFunc(b.Statements, func(s onetrip.Statement) bool { return s.Copy != nil })
	if err != nil || !f.refuse || copied < 0 {
		return err
	}
	return &onetrip.Failure{Statement: copied, Err: pgError("23505")}
}

// stageItems stages a new row for each of some tables.
func stageItems(t *testing.T, tables []*Table[item]) error {
	t.Helper()
	u := sink.NewUnit()
	b := u.Begin(sink.Origin{Source: "arn", EventID: "e", EventName: "INSERT", Sequence: "123456789012345678901"})
	for _, table := range tables {
		table.Upsert(b, item{PK: "a", SK: "b"})
	}
	if err := b.End(nil); err != nil {
		t.Fatal(err)
	}
	return u.Commit(t.Context(), nil)
}

func itemTables(t *testing.T, db *DB, n int) []*Table[item] {
	t.Helper()
	var tables []*Table[item]
	for i := range n {
		tables = append(tables, mustTable[item](t, db, fmt.Sprint("items", i), SoftDelete("gone", "")))
	}
	return tables
}

// TestTablesAreLookedAtOnce: a batch of tables that are not known yet begins again after each, and its tries by COPY count once.
func TestTablesAreLookedAtOnce(t *testing.T) {
	t.Parallel()
	f, n := &fake{rows: map[string][][]driver.Value{"pg_attribute": itemCatalog}}, &flights{refuse: true}
	db := f.open(t, PostgreSQL, OneTrip(n, 1))
	tables := itemTables(t, db, 4)
	if err := stageItems(t, tables); err != nil {
		t.Fatal(err)
	}
	if looks := strings.Count(f.statements(), "pg_attribute"); looks != len(tables) {
		t.Errorf("the catalogue was asked %d times for %d tables", looks, len(tables))
	}
	for name, o := range db.store.optimism.tables {
		if o.failures != 1 {
			t.Errorf("%s has failed once, and %d times are counted", name, o.failures)
		}
	}
	last := n.doing[len(n.doing)-1]
	want := []string{"upsert into items0", "upsert into items1", "upsert into items2", "upsert into items3"}
	if !slices.Equal(last, want) {
		t.Errorf("at the end there was %q", last)
	}
}

// TestUnknownTablesHoldTheBatch: once a table had to be looked at, more may follow, and nothing is sent that would be rolled back.
func TestUnknownTablesHoldTheBatch(t *testing.T) {
	t.Parallel()
	f, n := &fake{rows: map[string][][]driver.Value{"pg_attribute": itemCatalog}}, &flights{}
	db := f.open(t, PostgreSQL, OneTrip(n, 0))
	tables := itemTables(t, db, 3)
	for range 2 {
		if err := stageItems(t, tables); err != nil {
			t.Fatal(err)
		}
	}
	if want := []bool{false, true, true, true, false}; !slices.Equal(n.held, want) {
		t.Errorf("flights were held %v, want %v", n.held, want)
	}
}

// TestABatchThatChangesItsMind: a list that has to be read back comes after rows that are on their way; the next batch holds them.
func TestABatchThatChangesItsMind(t *testing.T) {
	t.Parallel()
	type part struct {
		PK string `db:"pk,key,owner"`
		N  int    `db:"n,key"`
	}
	type owner struct {
		PK string `db:"pk,key"`
	}
	f, n := &fake{rows: map[string][][]driver.Value{"pg_attribute": itemCatalog}}, &flights{}
	db := f.open(t, PostgreSQL, OneTrip(n, 0))
	tables := itemTables(t, db, 1)
	if err := stageItems(t, tables); err != nil { // by now the table is known
		t.Fatal(err)
	}
	parts, err := NewChildren[owner, part](db, "parts")
	if err != nil {
		t.Fatal(err)
	}
	n.held = nil
	for range 2 {
		u := sink.NewUnit()
		b := u.Begin(sink.Origin{Source: "arn", EventID: "e", EventName: "INSERT", Sequence: "123456789012345678901"})
		tables[0].Upsert(b, item{PK: "a", SK: "b"})
		parts.Replace(b, owner{"a"}, part{"a", 1})
		if err := b.End(nil); err != nil {
			t.Fatal(err)
		}
		if err := u.Commit(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if want := []bool{false, true}; !slices.Equal(n.held, want) {
		t.Errorf("flights were held %v, want %v", n.held, want)
	}
}

// TestATableThatIsNotThere is looked at once in a batch; its statement says what is wrong.
func TestATableThatIsNotThere(t *testing.T) {
	t.Parallel()
	f, n := &fake{}, &flights{}
	db := f.open(t, PostgreSQL, OneTrip(n, 0))
	tables := itemTables(t, db, 2)
	for range 2 { // the next batch looks again: somebody may have made it
		if err := stageItems(t, tables); err != nil {
			t.Fatal(err)
		}
		if looks := strings.Count(f.statements(), "pg_attribute"); looks != len(tables) {
			t.Errorf("the catalogue was asked %d times for %d tables", looks, len(tables))
		}
	}
}
