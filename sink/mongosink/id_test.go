package mongosink

import (
	"errors"
	"math"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dynasink/dynasink/sink"
)

type line struct {
	PK    string `bson:"pk"`
	SK    int    `bson:"sk"`
	Count int    `bson:"count"`
}

func TestKeys(t *testing.T) {
	t.Parallel()
	byFunc := IDFunc(func(l line) (any, error) { return bson.D{{Key: "line", Value: l.SK}, {Key: "of", Value: l.PK}}, nil })
	for name, c := range map[string]struct {
		option CollectionOption
		id     any
		want   string
	}{
		"one field":      {Key("pk"), "p", `{"_id":"p","pk":"p","sk":2,"count":1,`},
		"two fields":     {Key("sk", "pk"), bson.D{{Key: "sk", Value: int32(2)}, {Key: "pk", Value: "p"}}, `{"_id":{"sk":2,"pk":"p"},"pk":"p","sk":2,"count":1,`},
		"a function":     {byFunc, bson.D{{Key: "line", Value: int32(2)}, {Key: "of", Value: "p"}}, `{"_id":{"line":2,"of":"p"},"pk":"p",`},
		"a whole number": {Key("sk"), int32(2), `{"_id":2,"pk":"p",`},
	} {
		f := newFake()
		rows := collect[line](t, open(t, f), c.option)
		must(t, deliver(t, put(rows, 1, line{"p", 2, 1})))
		if got := f.held(c.id); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: there is %s and should be %s", name, got, c.want)
		}
		must(t, deliver(t, remove(rows, 2, line{PK: "p", SK: 2})))
		if got := f.held(c.id); !strings.Contains(got, DeletedField) || strings.Contains(got, "count") {
			t.Errorf("%s: after the deletion there is %s", name, got)
		}
	}
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	db := open(t, newFake())
	failing := errors.New("no id")
	type anyID struct {
		ID any `bson:"_id"`
	}
	byFunc := func(id any, err error) *Collection[line] {
		return collect[line](t, db, IDFunc(func(line) (any, error) { return id, err }))
	}
	plain, compound := collect[anyID](t, db), collect[line](t, db, Key("pk"))
	type parts struct {
		PK string `bson:"pk,omitempty"`
		SK string `bson:"sk"`
	}
	for name, record := range map[string]delivery{
		"empty text":           put(plain, 1, anyID{""}),
		"empty binary":         put(plain, 1, anyID{[]byte{}}),
		"nil":                  put(plain, 1, anyID{nil}),
		"an array":             put(plain, 1, anyID{bson.A{1}}),
		"a regular expression": put(plain, 1, anyID{bson.Regex{Pattern: "x"}}),
		"a zero ObjectID":      put(plain, 1, anyID{bson.NilObjectID}),
		"empty parts":          put(plain, 1, anyID{bson.D{{Key: "pk", Value: ""}, {Key: "sk", Value: nil}}}),
		"an empty document":    put(plain, 1, anyID{bson.D{}}),
		"an empty field":       put(compound, 1, line{}),
		"a part left out":      put(collect[parts](t, db, Key("pk", "sk")), 1, parts{SK: "x"}),
		"a failing function":   put(byFunc(nil, failing), 1, line{}),
		"a function's nil":     put(byFunc(nil, nil), 1, line{}),
		"a function's channel": put(byFunc(make(chan int), nil), 1, line{}),
		"a delete":             remove(compound, 1, line{}),
	} {
		if err := deliver(t, record); !sink.IsPermanent(err) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	must(t, deliver(t, put(plain, 1, anyID{0}), put(plain, 2, anyID{false}), put(plain, 3, anyID{bson.D{{Key: "pk", Value: ""}, {Key: "sk", Value: 0}}})))
}

// TestEqualKeys has keys that are one for a server, and such that are not.
func TestEqualKeys(t *testing.T) {
	t.Parallel()
	type anyID struct {
		ID any `bson:"_id"`
	}
	c := collect[anyID](t, open(t, newFake()))
	decimal := func(s string) bson.Decimal128 {
		d, err := bson.ParseDecimal128(s)
		must(t, err)
		return d
	}
	for _, same := range [][2]any{
		{int32(1), int64(1)}, {1, 1.0}, {1, decimal("1.0")}, {100, decimal("1E2")}, {decimal("0.50"), decimal("5E-1")}, {0.0, math.Copysign(0, -1)}, {0, decimal("0E5")},
		{bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "a", Value: int64(1)}}},
	} {
		if !c.SameKey(anyID{same[0]}, anyID{same[1]}) {
			t.Errorf("%#v and %#v are two keys", same[0], same[1])
		}
	}
	for _, other := range [][2]any{
		{1, 2}, {1, "1"}, {"a", "A"}, {1, 1.5}, {1.5, 2.5}, {decimal("1.5"), decimal("1.6")}, {"", "a"}, {true, 1}, {decimal("1E50"), decimal("1E51")},
		{bson.D{{Key: "a", Value: "x"}, {Key: "b", Value: "yz"}}, bson.D{{Key: "a", Value: "xy"}, {Key: "b", Value: "z"}}},
		{bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}, bson.D{{Key: "b", Value: 1}, {Key: "a", Value: 1}}},
		{bson.D{{Key: "a", Value: 1}}, bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}}, {[]byte("a"), "a"},
		{bson.Binary{Subtype: 4, Data: []byte("a")}, []byte("a")}, {bson.NewObjectID(), bson.NewObjectID()},
	} {
		if c.SameKey(anyID{other[0]}, anyID{other[1]}) {
			t.Errorf("%#v and %#v are one key", other[0], other[1])
		}
	}
}
