package mapping

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func parsedOverflow(t *testing.T, item string) Overflow {
	t.Helper()
	o, err := ParseOverflow([]byte(item))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestParseOverflow(t *testing.T) {
	t.Parallel()
	if o := parsedOverflow(t, ` { } `); o != (Overflow{}) || string(o.Item()) != `{}` {
		t.Errorf("no attributes: %q", o.item)
	}
	if o := parsedOverflow(t, "\n{\"a\":{\"N\":\"1\"}}\t"); string(o.Item()) != `{"a":{"N":"1"}}` {
		t.Errorf("white space: %q", o.item)
	}
	for _, bad := range badItems {
		if _, err := ParseOverflow([]byte(bad.item)); err == nil {
			t.Errorf("%.100s was accepted", bad.item)
		}
	}
}

// badJSON are texts that no Overflow is made of.
var badJSON = []string{
	``, ` `, `[]`, `"` + secret + `"`, `1`, `true`, `nul`, `{`, `{"a"}`, `{"a":}`, `{"a":`, `{"a":1`, `{"a":1}}`, `{"a":1,}`, `{"a":01}`, `{"a":+1}`, `{"a":[1,]}`, `{"a":tru}`,
	`{"a":nul}`, `{"a":"` + secret, "{\"a\":\"\xff\"}", `{"a":"\ud800"}`, `{"a":1,"a":2}`, `{"m":{"a":1,"\u0061":2}}`, `{"a":1e126}`, `null null`,
	`{"a":123456789012345678901234567890123456789}`, `{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
	`{"a":` + strings.Repeat(`{"a":`, 70) + `1` + strings.Repeat("}", 71),
}

func TestOverflowFromBadJSON(t *testing.T) {
	t.Parallel()
	before := parsedOverflow(t, `{"a":{"S":"x"}}`)
	for _, text := range badJSON {
		o := before
		if err := o.Scan(text); err == nil || o != before || strings.Contains(err.Error(), secret) {
			t.Errorf("%.100s: %s, %v", text, o.Item(), err)
		}
	}
	o := before
	if err := o.Scan(7); err == nil || !strings.Contains(err.Error(), "cannot scan int into mapping.Overflow") || o != before {
		t.Errorf("an int: %s, %v", o.Item(), err)
	}
}

func TestOverflowJSON(t *testing.T) {
	t.Parallel()
	type row struct {
		Rest Overflow `json:"rest,omitzero"`
	}
	for in, want := range map[string]string{
		`{}`: `{}`, `{"rest":null}`: `{}`, `{"rest":{}}`: `{}`,
		`{"rest":{"z":[1.50,"a",null,false],"a":{"b":-0}}}`: `{"rest":{"z":[1.50,"a",null,false],"a":{"b":-0}}}`,
	} {
		var v row
		if err := json.Unmarshal([]byte(in), &v); err != nil {
			t.Fatal(err)
		}
		if out, err := json.Marshal(v); err != nil || string(out) != want {
			t.Errorf("%s became %s, %v", in, out, err)
		}
	}
	var o Overflow
	if err := o.Scan([]byte(`{"z":[1,true]}`)); err != nil || string(o.Item()) != `{"z":{"L":[{"N":"1"},{"BOOL":true}]}}` {
		t.Errorf("%s, %v", o.Item(), err)
	}
	if err := o.Scan(nil); err != nil || !o.IsZero() {
		t.Errorf("NULL: %s, %v", o.Item(), err)
	}
}

func TestAutoCarriesOverflow(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    string   `db:"pk,key"`
		Extra Overflow `db:"extra"`
		Text  string
		Whole json.RawMessage
	}
	m, err := Auto[restItem, row](
		Set("Text", func(v restItem) (Overflow, error) { return v.Extra, nil }),
		Set("Whole", func(v restItem) (restItem, error) { return v, nil }),
	)
	if err != nil {
		t.Fatal(err)
	}
	rest := parsedOverflow(t, `{"s":{"SS":["a"]}}`)
	got, err := m.Map(context.Background(), restItem{restBase: restBase{rest}, ID: "x"})
	want := row{ID: "x", Extra: rest, Text: `{"s":["a"]}`, Whole: json.RawMessage(`{"Nested":{"A":""},"pk":"x","s":["a"],"status":""}`)}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}
