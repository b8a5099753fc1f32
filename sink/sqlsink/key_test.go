package sqlsink

import (
	"reflect"
	"testing"
)

type twoKeys struct {
	A string `db:"a,key"`
	B []byte `db:"b,key"`
}

// FuzzKeyText: different keys have different texts, equal ones equal texts.
func FuzzKeyText(f *testing.F) {
	f.Add("a", []byte("b"), "ab", []byte(""))
	f.Add("\x01a", []byte("b"), "", []byte("\x01ab"))
	f.Add("", []byte("a"), "a", []byte(""))
	columns, err := columnsOf(reflect.TypeFor[twoKeys]())
	if err != nil {
		f.Fatal(err)
	}
	text := func(k twoKeys) (string, error) {
		return columns.keyText(reflect.ValueOf(&k).Elem(), columns.keys, PostgreSQL)
	}
	f.Fuzz(func(t *testing.T, a1 string, b1 []byte, a2 string, b2 []byte) {
		one, err1 := text(twoKeys{a1, append([]byte{}, b1...)})
		two, err2 := text(twoKeys{a2, append([]byte{}, b2...)})
		if (err1 != nil) != (a1 == "" && len(b1) == 0) {
			t.Fatalf("%q %q: error %v", a1, b1, err1)
		}
		same := a1 == a2 && string(b1) == string(b2)
		if err1 == nil && err2 == nil && (one == two) != same {
			t.Errorf("%q %q and %q %q have the texts %q and %q", a1, b1, a2, b2, one, two)
		}
	})
}

func TestKeyHashIsInjective(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"a", "b"}, {"ab", ""}, {"", "ab"}, {"ab"}, {"a"}, {"\x01a"}} {
		h := keyHash(parts...)
		if other, ok := seen[h]; ok {
			t.Errorf("%q and %q have one hash", parts, other)
		}
		seen[h] = parts
	}
}

func TestKeysThatCannotBeKeys(t *testing.T) {
	t.Parallel()
	type anyKey struct {
		K any `db:"k,key"`
	}
	columns, err := columnsOf(reflect.TypeFor[anyKey]())
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]any{}
	for _, key := range []any{nil, "", []byte{}, "a", 1, -1, 1.5, true, []byte("b"), fixedTime} {
		text, err := columns.keyText(reflect.ValueOf(&anyKey{key}).Elem(), columns.keys, PostgreSQL)
		empty := key == nil || reflect.ValueOf(key).Kind() != reflect.Int && reflect.ValueOf(key).IsZero() || text == "" && err != nil
		if (err != nil) != empty {
			t.Errorf("key %v: text %q, error %v", key, text, err)
		}
		if other, ok := texts[text]; ok && err == nil {
			t.Errorf("%v and %v have the text %q", key, other, text)
		}
		texts[text] = key
	}
}
