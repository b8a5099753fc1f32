package sqlsink

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

type entry struct {
	Item  string `db:"item"`
	Total int64  `db:"total"`
}

func mustAppend(t *testing.T, db *DB, name string, opts ...AppendOption) *Append[entry] {
	t.Helper()
	a, err := NewAppend[entry](db, name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestGoldenSQLInOrder is TestGoldenSQL for what is written without compaction.
func TestGoldenSQLInOrder(t *testing.T) {
	t.Parallel()
	for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			f := &fake{rows: map[string][][]driver.Value{"pg_attribute": append(catalogRows, []driver.Value{"total", "20", "bigint"})}}
			db := f.open(t, d)
			plain := mustAppend(t, db, "shop.history")
			full := mustAppend(t, db, "history", EventIn("event"), SequenceIn("seq"), EventNameIn("name"), AppendAs("orders"))
			every := mustTable[wide](t, db, "orders", Unguarded(), EveryChange())
			var got strings.Builder
			for name, fn := range steps(plain, full, every) {
				err := stage(t, fn)
				got.WriteString("-- " + name + "\n" + f.statements() + "\n\n")
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			compareGolden(t, "testdata/inorder_"+strings.ToLower(d.String())+".sql", got.String())
		})
	}
}

func steps(plain, full *Append[entry], every *Table[wide]) func(yield func(string, func(*sink.Batch)) bool) {
	return func(yield func(string, func(*sink.Batch)) bool) {
		_ = yield("append", func(b *sink.Batch) {
			plain.Upsert(b, entry{"a", 1})
			plain.Upsert(b, entry{"a", 1})
		}) && yield("append with all columns", func(b *sink.Batch) {
			full.Upsert(b, entry{"a", 1})
			full.Delete(b, entry{"a", 1})
		}) && yield("every change", func(b *sink.Batch) {
			every.Delete(b, wide{A: "x", B: 1})
			every.Upsert(b, wide{A: "x", B: 2, V: "first"})
			every.Upsert(b, wide{A: "x", B: 1})
			every.Upsert(b, wide{A: "x", B: 2, V: "second"})
			every.Delete(b, wide{A: "x", B: 3})
		})
	}
}

// TestEventHashes: rows that older versions of the library appended must be known again, so the hash never changes.
func TestEventHashes(t *testing.T) {
	t.Parallel()
	want := []string{ // SHA-256 of "", "arn", "event" and "0" or "1", each after its length
		"d8b9fef460c3cffcea9a6afe6b77b6cf5c86bd7fedbbc811765f59a954cd2bc6",
		"c833ff8fe7822a5ffbe017532bf54eb4e3875be1fa0319c26bde413c38c4a876",
	}
	hashes := appendedHashes(t, nil, "arn", "event")
	if !slices.Equal(hashes, want) {
		t.Errorf("got %q, want %q", hashes, want)
	}
	seen := map[string]bool{}
	for _, other := range [][]string{
		hashes, appendedHashes(t, []AppendOption{AppendAs("x")}, "arn", "event"),
		appendedHashes(t, nil, "arn2", "event"), appendedHashes(t, nil, "arn", "event2"), appendedHashes(t, nil, "arne", "vent"),
	} {
		for _, hash := range other {
			if seen[hash] || len(hash) != 64 {
				t.Errorf("the hash %q is not one of its own", hash)
			}
			seen[hash] = true
		}
	}
}

// appendedHashes are those of the two writes of one record.
func appendedHashes(t *testing.T, opts []AppendOption, source, event string) (hashes []string) {
	t.Helper()
	j := &journal{event: EventColumn}
	for _, o := range opts {
		o.applyAppend(j)
	}
	origin := sink.Origin{Source: source, EventID: event}
	for ordinal := range 2 {
		hashes = append(hashes, j.hash(&origin, ordinal))
	}
	return hashes
}

func TestMisuseOfAppend(t *testing.T) {
	t.Parallel()
	db := (&fake{}).open(t, SQLite)
	mustAppend(t, db, "taken")
	mustAppend(t, db, "taken", AppendAs("another"))
	for want, opts := range map[string][]AppendOption{
		`two targets append to taken as ""`: nil,
		`fills the column "item" itself`:    {EventIn("item")},
		`fills the column "total" itself`:   {SequenceIn("total")},
		`fills the column "x" itself`:       {SequenceIn("x"), EventNameIn("x")},
		`fills the column "" itself`:        {EventIn("")},
	} {
		if _, err := NewAppend[entry](db, "taken", opts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	for want, err := range map[string]error{
		"needs a DB":  second(NewAppend[entry](nil, "t")),
		"1 to 255":    second(NewAppend[entry](db, "")),
		"not string":  second(NewAppend[string](db, "t")),
		"chan int":    second(NewAppend[channel](db, "t")),
		"one version": second(NewTable[wide](db, "t", GuardVersion("n"), EveryChange())),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "sqlsink: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestRecordsThatCannotBeAppended fail alone: one that nothing names is broken, a Delete that nothing tells is a mistake of
// the program, which must not send the stream to the dead letters.
func TestRecordsThatCannotBeAppended(t *testing.T) {
	t.Parallel()
	db := (&fake{}).open(t, SQLite)
	plain, named := mustAppend(t, db, "plain"), mustAppend(t, db, "named", EventNameIn("name"), SequenceIn("seq"))
	nameless := sink.Origin{Source: "arn", Sequence: "7"}
	if err := stageAs(t, nameless, func(b *sink.Batch) { plain.Upsert(b, entry{}) }); !sink.IsPermanent(err) || !errors.Is(err, errNoEvent) {
		t.Errorf("an upsert without an event ID: %v", err)
	}
	if err := stageAs(t, nameless, func(b *sink.Batch) { named.Delete(b, entry{}) }); !sink.IsPermanent(err) || !errors.Is(err, errNoEvent) {
		t.Errorf("a delete without an event ID: %v", err)
	}
	if err := stage(t, func(b *sink.Batch) { plain.Delete(b, entry{}) }); sink.IsPermanent(err) || !errors.Is(err, errNoChange) {
		t.Errorf("a delete that nothing tells: %v", err)
	}
	numberless := sink.Origin{Source: "arn", EventID: "event", Sequence: "x"}
	var at *sink.RecordError
	if err := stageAs(t, numberless, func(b *sink.Batch) { named.Upsert(b, entry{}) }); !sink.IsPermanent(err) || !errors.As(err, &at) {
		t.Errorf("an upsert without a sequence number: %v", err)
	}
}

func stageAs(t *testing.T, o sink.Origin, handler func(b *sink.Batch)) error {
	t.Helper()
	u := sink.NewUnit()
	b := u.Begin(o)
	handler(b)
	if err := b.End(nil); err != nil {
		return err
	}
	return u.Commit(context.WithoutCancel(t.Context()), nil)
}

// TestSameKeyInOrder: a mirror asks SameKey whether a change moved a row.
func TestSameKeyInOrder(t *testing.T) {
	t.Parallel()
	db := (&fake{}).open(t, SQLite)
	if a := mustAppend(t, db, "history"); !a.SameKey(entry{"a", 1}, entry{"b", 2}) {
		t.Error("a row that was appended has moved")
	}
	every := mustTable[wide](t, db, "t", EveryChange())
	if !every.SameKey(wide{A: "a", V: "x"}, wide{A: "a", V: "y"}) || every.SameKey(wide{A: "a"}, wide{A: "b"}) {
		t.Error("SameKey does not compare keys")
	}
	if mustTable[keyOnly](t, db, "t", EveryChange()).SameKey(keyOnly{}, keyOnly{}) {
		t.Error("rows without a key are one")
	}
}

// TestAppendedWorkIsGuarded: a record that only appends is no reason to hold back others.
func TestAppendedWorkIsGuarded(t *testing.T) {
	t.Parallel()
	a := mustAppend(t, (&fake{}).open(t, SQLite), "history")
	b := sink.NewUnit().Begin(sink.Origin{EventID: "e"})
	a.Upsert(b, entry{})
	if b.Unguarded() {
		t.Error("the record counts as unguarded")
	}
}
