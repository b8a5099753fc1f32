package mongosink

import (
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dynasink/dynasink/sink"
)

func TestCommandsOfACommit(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[order](t, open(t, f))
	a1, a2 := order{ID: "a", State: "new"}, order{ID: "a", State: "paid"}
	for _, step := range []struct {
		what    string
		records []delivery
		want    []string
	}{
		{"new documents", []delivery{put(c, 1, a1), put(c, 2, order{ID: "b"})}, []string{"find", "insert"}},
		{"known documents", []delivery{put(c, 3, a2), remove(c, 4, order{ID: "b"})}, []string{"find", "update"}},
		{"both", []delivery{put(c, 5, a2), put(c, 6, order{ID: "c"})}, []string{"find", "insert", "update"}},
		{"stale ones", []delivery{put(c, 1, a1), put(c, 2, order{ID: "b"})}, []string{"find"}},
	} {
		must(t, deliver(t, step.records...))
		if got := f.names(); !slices.Equal(got, step.want) {
			t.Errorf("%s: the commands were %v and should be %v", step.what, got, step.want)
		}
	}
	if c.Stale() != 2 {
		t.Errorf("%d stale writes were counted, and 2 were", c.Stale())
	}
}

// TestCommandsWhereOnlyNewItemsCome leaves the reading out as long as it finds nothing.
func TestCommandsWhereOnlyNewItemsCome(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[order](t, open(t, f))
	for i, step := range []struct {
		records []delivery
		want    []string
	}{
		{[]delivery{put(c, 1, order{ID: "a"})}, []string{"find", "insert"}},
		{[]delivery{put(c, 2, order{ID: "b"})}, []string{"insert"}},
		{[]delivery{put(c, 3, order{ID: "c"}), put(c, 4, order{ID: "a", State: "4"})}, []string{"insert", "find", "update"}},
		{[]delivery{put(c, 5, order{ID: "d"})}, []string{"find", "insert"}},
		{[]delivery{put(c, 1, order{ID: "a", State: "1"})}, []string{"insert", "find"}},
		{[]delivery{put(c, 6, order{ID: "e"})}, []string{"find", "insert"}},
		{[]delivery{remove(c, 7, order{ID: "a"}), put(c, 8, order{ID: "f"})}, []string{"find", "insert", "update"}},
	} {
		must(t, deliver(t, step.records...))
		if got := f.names(); !slices.Equal(got, step.want) {
			t.Errorf("step %d: the commands were %v and should be %v", i, got, step.want)
		}
	}
	if got := f.held("a"); !strings.Contains(got, padded(7)) || c.Stale() != 1 {
		t.Errorf("there is %s, and %d writes were stale", got, c.Stale())
	}
}

// TestRaces has another writer come between the reading of the versions and the write.
func TestRaces(t *testing.T) {
	t.Parallel()
	live := func(sequence int) bson.D {
		return bson.D{{Key: "_id", Value: "a"}, {Key: "state", Value: "other"}, {Key: GuardField, Value: padded(sequence)}}
	}
	tomb := func(sequence int) bson.D {
		return bson.D{{Key: "_id", Value: "a"}, {Key: GuardField, Value: padded(sequence)}, {Key: DeletedField, Value: bson.DateTime(1)}}
	}
	for name, race := range map[string]struct {
		before bson.D // what is read
		meets  bson.D // what is there when the write arrives
		ours   bool
	}{
		"older insert before ours":       {nil, live(4), true},
		"newer insert before ours":       {nil, live(6), false},
		"older deletion before ours":     {nil, tomb(4), true},
		"newer deletion before ours":     {nil, tomb(6), false},
		"older change of a document":     {live(2), live(4), true},
		"newer change of a document":     {live(2), live(6), false},
		"newer deletion of a document":   {live(2), tomb(6), false},
		"a document without a version":   {bson.D{{Key: "_id", Value: "a"}}, live(4), true},
		"a version that is not a text":   {bson.D{{Key: "_id", Value: "a"}, {Key: GuardField, Value: 7}}, live(6), false},
		"a tombstone that has come back": {tomb(2), live(6), false},
	} {
		for _, deletes := range []bool{false, true} {
			f := newFake()
			c := collect[order](t, open(t, f))
			if race.before != nil {
				f.hold(race.before)
			}
			statement := map[bool]string{true: "insert", false: "update"}[race.before == nil]
			f.once(statement, 1, func() (bson.D, error) { f.hold(race.meets); return nil, nil })
			change := put(c, 5, order{ID: "a", State: "ours"})
			if deletes {
				change = remove(c, 5, order{ID: "a"})
			}
			must(t, deliver(t, change))
			if got := strings.Contains(f.held("a"), padded(5)); got != race.ours {
				t.Errorf("%s (delete: %v): our change was applied: %v; there is %s", name, deletes, got, f.held("a"))
			}
		}
	}
}

// TestRaceOfOneDocument does not have the others of its commit written again.
func TestRaceOfOneDocument(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[order](t, open(t, f))
	f.hold(bson.D{{Key: "_id", Value: "a"}})
	f.hold(bson.D{{Key: "_id", Value: "b"}})
	f.once("update", 1, func() (bson.D, error) {
		f.hold(bson.D{{Key: "_id", Value: "a"}, {Key: GuardField, Value: padded(9)}})
		return nil, nil
	})
	must(t, deliver(t, put(c, 5, order{ID: "a"}), put(c, 6, order{ID: "b"})))
	if got := f.names(); !slices.Equal(got, []string{"find", "update", "find"}) {
		t.Errorf("the commands were %v", got)
	}
}

// TestRaceWithTheSameRecord writes again what another delivery has written, which may not be acknowledged.
func TestRaceWithTheSameRecord(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[order](t, open(t, f))
	f.once("insert", 1, func() (bson.D, error) {
		f.hold(bson.D{{Key: "_id", Value: "a"}, {Key: GuardField, Value: padded(5)}})
		return nil, nil
	})
	must(t, deliver(t, put(c, 5, order{ID: "a"})))
	if got := f.names(); !slices.Equal(got, []string{"find", "insert", "find", "update"}) {
		t.Errorf("the commands were %v", got)
	}
}

// TestVanishedDocument is what a TTL index does between the reading and the write.
func TestVanishedDocument(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[order](t, open(t, f))
	must(t, deliver(t, remove(c, 1, order{ID: "a"})))
	f.once("update", 1, func() (bson.D, error) { f.data.documents["rows"] = nil; return nil, nil })
	must(t, deliver(t, put(c, 2, order{ID: "a", State: "back"})))
	if !strings.Contains(f.held("a"), "back") {
		t.Errorf("there is %s", f.held("a"))
	}
}

func TestUniqueValueMovesInOneCommit(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.data.unique["rows"] = []string{"email"}
	c := collect[order](t, open(t, f))
	must(t, deliver(t, put(c, 1, order{ID: "a", Email: "x"}), put(c, 2, order{ID: "b", Email: "y"}), put(c, 3, order{ID: "c", Email: "z"})))
	must(t, deliver(t, put(c, 4, order{ID: "a", Email: "y"}), put(c, 5, order{ID: "b", Email: "z"}), remove(c, 6, order{ID: "c"}), put(c, 7, order{ID: "d", Email: "x"})))
	for id, email := range map[string]string{"a": `"y"`, "b": `"z"`, "d": `"x"`} {
		if !strings.Contains(f.held(id), email) {
			t.Errorf("%s is %s and should have %s", id, f.held(id), email)
		}
	}
}

// TestUniqueValueOfARemovedDocument is what a transaction can do too, which ends with the first refusal.
func TestUniqueValueOfARemovedDocument(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.set = true
	f.data.unique["rows"] = []string{"email"}
	c := collect[order](t, open(t, f, Transactions()))
	must(t, deliver(t, put(c, 1, order{ID: "a", Email: "x"}), put(c, 2, order{ID: "b", Email: "y"})))
	must(t, deliver(t, put(c, 3, order{ID: "0", Email: "x"}), put(c, 4, order{ID: "b", Email: "z"}), remove(c, 5, order{ID: "a"})))
	if !strings.Contains(f.held("0"), "x") || !strings.Contains(f.held("b"), "z") {
		t.Errorf("there are %s and %s", f.held("0"), f.held("b"))
	}
}

func TestUniqueValueTaken(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]Option{nil, {Transactions()}} {
		f := newFake()
		f.set = opts != nil
		f.data.unique["rows"] = []string{"email"}
		c := collect[order](t, open(t, f, opts...))
		must(t, deliver(t, put(c, 1, order{ID: "a", Email: "secret"}), put(c, 2, order{ID: "b"})))
		for _, thief := range []order{{ID: "b", Email: "secret"}, {ID: "new", Email: "secret"}} {
			err := deliver(t, put(c, 3, order{ID: "c"}), put(c, 4, thief))
			if !sink.IsPermanent(err) || failedRecord(err) != 1 || strings.Contains(err.Error(), "secret") {
				t.Errorf("transactions %v: error %v", opts != nil, err)
			}
		}
		if opts == nil && f.held("c") == "" {
			t.Error("the other document was not written")
		}
	}
}

// TestTakenAmongOthers looks again at the document that was refused, and not at the others.
func TestTakenAmongOthers(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.data.unique["rows"] = []string{"email"}
	c := collect[order](t, open(t, f))
	must(t, deliver(t, put(c, 1, order{ID: "a", Email: "x"}), put(c, 2, order{ID: "b"}), put(c, 3, order{ID: "c"})))
	if err := deliver(t, put(c, 4, order{ID: "b", Email: "x"}), put(c, 5, order{ID: "c"})); !sink.IsPermanent(err) {
		t.Errorf("error %v", err)
	}
	if ids, _ := f.last(t, "find").body.Lookup("filter", "_id", "$in").Array().Values(); len(ids) != 1 {
		t.Errorf("%d documents were looked at again", len(ids))
	}
}

// TestTakenForever is an _id that is always taken and never seen, as at another shard key.
func TestTakenForever(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[order](t, open(t, f))
	taken := bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000 …"}, {Key: "keyPattern", Value: bson.D{{Key: "_id", Value: 1}}}}
	f.interfere = func(c command) (bson.D, error) {
		if c.name != "insert" {
			return nil, nil
		}
		return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}, {Key: "writeErrors", Value: bson.A{taken}}}, nil
	}
	if err := deliver(t, put(c, 1, order{ID: "a"})); !sink.IsPermanent(err) || failedRecord(err) != 0 {
		t.Errorf("error %v", err)
	}
	if n := len(f.names()); n != 2*(settled+1) {
		t.Errorf("%d commands", n)
	}
}

// TestEndlessRace has every replacement come too late.
func TestEndlessRace(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[order](t, open(t, f))
	must(t, deliver(t, put(c, 1, order{ID: "a"})))
	f.interfere = func(c command) (bson.D, error) {
		if c.name == "update" {
			return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}}, nil
		}
		return nil, nil
	}
	if err := deliver(t, put(c, 2, order{ID: "a"})); !sink.IsTransient(err) {
		t.Errorf("error %v", err)
	}
}
