package mapping

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// checkOverflow gives struct type typ an Overflow and wants it to change
// nothing for the other fields, and to hold what they do not take.
func checkOverflow(t *testing.T, item string, typ reflect.Type) {
	t.Helper()
	o := newOptions(nil)
	with := withOverflow(typ)
	if checkTarget(with, o.tagKey()) != nil {
		return
	}
	got, want := reflect.New(with), reflect.New(typ)
	err, wantErr := decodeBoth(item, &o, got, want)
	if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("%s into %v: with an Overflow %v, without %v", item, typ, err, wantErr)
	}
	if err != nil {
		return
	}
	for i := range typ.NumField() {
		if !reflect.DeepEqual(got.Elem().Field(i).Interface(), want.Elem().Field(i).Interface()) {
			t.Fatalf("%s into %v: field %d differs with an Overflow", item, typ, i)
		}
	}
	rest := got.Elem().Field(typ.NumField()).Interface().(Overflow)
	if want := notTaken(t, item, typ); string(rest.Item()) != want {
		t.Fatalf("%s into %v: overflow\n got %s\nwant %s", item, typ, rest.Item(), want)
	}
	checkWayBack(t, rest, got.Interface())
}

// decodeBoth decodes twice into got, the second time by the plan's guesses.
func decodeBoth(item string, o *options, got, want reflect.Value) (err, wantErr error) {
	c := compiler{options: o, plans: map[planKey]*plan{}}
	decode := func(v reflect.Value) error {
		v.Elem().SetZero()
		end, err := decodeItem(c.plan(planKey{typ: v.Type().Elem()}), item, 0, v.Elem(), o)
		if err == nil && streamjson.Space(item, end) != len(item) {
			err = fail(errTrailing)
		}
		return err
	}
	_ = decode(got)
	return decode(got), decode(want)
}

func withOverflow(typ reflect.Type) reflect.Type {
	fields := []reflect.StructField{}
	for i := range typ.NumField() {
		fields = append(fields, typ.Field(i))
	}
	rest := reflect.StructField{Name: "Rest", Type: overflowType, Tag: `dynamodbav:"m"`}
	return reflect.StructOf(append(fields, rest))
}

// notTaken works out with encoding/json what no field of a flat struct takes.
func notTaken(t *testing.T, item string, typ reflect.Type) string {
	t.Helper()
	names, values := rawMembers(t, item)
	taken := map[int]bool{} // by place in the item
	for i := range typ.NumField() {
		if at := slices.Index(names, attributeName(typ.Field(i))); at >= 0 {
			taken[at] = true
			continue
		}
		at := slices.IndexFunc(names, func(name string) bool { return foldsInto(typ, name) == i })
		if at >= 0 {
			taken[at] = true
		}
	}
	var rest []string
	for at, value := range values {
		if !taken[at] {
			rest = append(rest, value)
		}
	}
	return "{" + strings.Join(rest, ",") + "}"
}

// foldsInto returns the first field whose name matches but for case, -1 for
// none or if a field has the very name.
func foldsInto(typ reflect.Type, name string) int {
	first := -1
	for i := range typ.NumField() {
		switch field := attributeName(typ.Field(i)); {
		case field == name:
			return -1
		case first < 0 && strings.EqualFold(field, name):
			first = i
		}
	}
	return first
}

func attributeName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("dynamodbav"), ",")
	return name
}

// rawMembers lists the names of a JSON object's members, and the text of each.
func rawMembers(t *testing.T, object string) (names, texts []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(object))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		start := int(d.InputOffset())
		name, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		texts = append(texts, strings.TrimLeft(object[start:d.InputOffset()], ", \t\r\n"))
	}
	return names, texts
}

// checkWayBack wants Marshal to write the attributes of an Overflow as they
// were, if it can write the value at all, and plain JSON to survive.
func checkWayBack(t *testing.T, rest Overflow, v any) {
	t.Helper()
	want, err := ParseItem(rest.Item())
	if err != nil {
		t.Fatalf("%s: %v", rest.Item(), err)
	}
	if text, err := Marshal(v); err == nil {
		all, err := ParseItem(text)
		if err != nil {
			t.Fatal(err)
		}
		for name := range all {
			if _, ok := want[name]; !ok {
				delete(all, name)
			}
		}
		if got, want := canonical(t, all), canonical(t, want); got != want {
			t.Fatalf("%s became %s", want, got)
		}
	}
	plain, err := rest.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var scanned Overflow
	if err := scanned.Scan(plain); err != nil {
		t.Fatalf("%s: %v", plain, err)
	}
	if again, err := scanned.MarshalJSON(); err != nil || !bytes.Equal(again, plain) {
		t.Fatalf("%s became %s, %v", plain, again, err)
	}
}

func canonical(t *testing.T, item map[string]types.AttributeValue) string {
	t.Helper()
	text, err := MarshalItem(item)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzOverflowJSON wants every JSON object to be refused or to come back.
func FuzzOverflowJSON(f *testing.F) {
	for _, item := range corpus(f) {
		plain, err := ToJSON([]byte(item))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(plain))
	}
	for _, text := range append(badJSON, `null`, ` { } `, `{"a":[1,-0.5e3,"x",null,true,{"b":{}}],"\u00e9":[]}`) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var o Overflow
		if err := o.UnmarshalJSON([]byte(text)); err != nil {
			return
		}
		got, err := o.MarshalJSON()
		var want bytes.Buffer
		if json.Compact(&want, []byte(text)) != nil || err != nil {
			t.Fatalf("%s: accepted: %v", text, err)
		}
		if want.String() != string(got) && want.String() != "null" {
			t.Fatalf("%s became %s", text, got)
		}
		checkWayBack(t, o, struct{ Rest Overflow }{o})
	})
}
