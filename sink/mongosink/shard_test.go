package mongosink

import (
	"strings"
	"testing"

	"github.com/dynasink/dynasink/sink"
)

type customer struct {
	ID      string `bson:"_id"`
	Country string `bson:"country"`
	Name    string `bson:"name"`
}

// TestShardKeyInFilters looks at what a router would route by.
func TestShardKeyInFilters(t *testing.T) {
	t.Parallel()
	for name, guard := range map[string]CollectionOption{"tombstones": Tombstones("", ""), "soft deletes": SoftDelete("", ""), "unguarded": Unguarded()} {
		f := newFake()
		f.router = true
		c := collect[customer](t, open(t, f), ShardKey("country"), guard)
		must(t, deliver(t, put(c, 1, customer{"a", "FR", "x"})))
		must(t, deliver(t, put(c, 2, customer{"a", "FR", "y"})))
		if name != "unguarded" {
			if got := f.last(t, "find").body.Lookup("filter", "country", "$in", "0").StringValue(); got != "FR" {
				t.Errorf("%s: the versions were asked of country %q", name, got)
			}
		}
		if got := f.last(t, "update").ops[0].Lookup("q", "country").StringValue(); got != "FR" {
			t.Errorf("%s: a replacement's filter has country %q", name, got)
		}
		must(t, deliver(t, remove(c, 3, customer{ID: "a", Country: "FR"})))
		if name == "unguarded" {
			if got := f.last(t, "delete").ops[0].Lookup("q", "country").StringValue(); got != "FR" {
				t.Errorf("a delete's filter has country %q", got)
			}
			continue
		}
		if got := f.held("a"); !strings.Contains(got, `"country":"FR"`) || !strings.Contains(got, DeletedField) {
			t.Errorf("%s: what is left of the document is %s", name, got)
		}
		must(t, deliver(t, remove(c, 4, customer{ID: "b", Country: "DE"})))
		if got := f.held("b"); !strings.Contains(got, `"country":"DE"`) {
			t.Errorf("%s: what is left of a document that never was is %s", name, got)
		}
	}
}

func TestShardKeyThatChanges(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.router = true
	c := collect[customer](t, open(t, f), ShardKey("country"))
	old, moved := customer{"a", "FR", "x"}, customer{"a", "DE", "x"}
	if c.SameKey(old, moved) || !c.SameKey(old, customer{"a", "FR", "y"}) || !c.DeletesByState() {
		t.Error("a mirror would not ask for old images, or not see the change")
	}
	for name, stage := range map[string]func(b *sink.Batch){
		"removed first":  func(b *sink.Batch) { c.Delete(b, old); c.Upsert(b, moved) },
		"inserted first": func(b *sink.Batch) { c.Upsert(b, moved); c.Delete(b, old) },
	} {
		err := deliver(t, put(c, 1, customer{"b", "FR", "x"}), delivery{2, stage})
		if !sink.IsPermanent(err) || failedRecord(err) != 1 || f.held("a") != "" {
			t.Errorf("%s: error %v, and there is %s", name, err, f.held("a"))
		}
	}
}

// TestShardKeyThatChangesBetweenRecords blames the record that would make a second document, wherever its key is sorted.
func TestShardKeyThatChangesBetweenRecords(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.router = true
	c := collect[customer](t, open(t, f), ShardKey("country"))
	for _, to := range []string{"AT", "ZA"} {
		if err := deliver(t, remove(c, 1, customer{"a", "FR", "x"}), put(c, 2, customer{"a", to, "x"})); failedRecord(err) != 1 {
			t.Errorf("to %s: error %v", to, err)
		}
	}
}

// TestShardKeyAtAnotherPlace has a document of the same _id that is not ours.
func TestShardKeyAtAnotherPlace(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.router = true
	c := collect[customer](t, open(t, f), ShardKey("country"))
	must(t, deliver(t, put(c, 5, customer{"a", "FR", "x"})))
	if err := deliver(t, put(c, 4, customer{"a", "DE", "y"})); !sink.IsPermanent(err) || strings.Contains(f.held("a"), "DE") {
		t.Errorf("error %v, and there is %s", err, f.held("a"))
	}
}

func TestShardKeyOfTheKey(t *testing.T) {
	t.Parallel()
	db := open(t, newFake())
	for name, c := range map[string]*Collection[line]{
		"a field of the key": collect[line](t, db, Key("pk", "sk"), ShardKey("pk")),
		"within the _id":     collect[line](t, db, Key("pk", "sk"), ShardKey("_id.pk")),
		"the _id":            collect[line](t, db, Key("pk"), ShardKey("_id")),
	} {
		if c.DeletesByState() {
			t.Errorf("%s: a delete would need the old image", name)
		}
		must(t, deliver(t, put(c, 1, line{"p " + name, 1, 1}), remove(c, 2, line{PK: "q " + name, SK: 1})))
	}
	missing := collect[customerWithout](t, db, ShardKey("country"))
	for _, record := range []delivery{put(missing, 1, customerWithout{ID: "a"}), remove(missing, 1, customerWithout{ID: "a"})} {
		if err := deliver(t, record); !sink.IsPermanent(err) || !strings.Contains(err.Error(), "OldImage") {
			t.Errorf("without the shard key the error is %v", err)
		}
	}
}

type customerWithout struct {
	ID      string  `bson:"_id"`
	Country *string `bson:"country"`
}
