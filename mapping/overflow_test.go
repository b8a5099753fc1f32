package mapping

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type restBase struct {
	Extra Overflow `dynamodbav:"extra"`
}

// restItem has an Overflow in an embedded struct.
type restItem struct {
	restBase
	ID     string `dynamodbav:"pk"`
	Status string `dynamodbav:"status"`
	Nested struct {
		A string
	}
	Ignored string `dynamodbav:"-"`
}

func TestOverflow(t *testing.T) {
	t.Parallel()
	d := benchDecoder[restItem](t)
	for _, c := range []struct{ what, item, rest, plain string }{
		{"no attribute at all", `{}`, `{}`, ``},
		{"none left", `{"pk":{"S":"x"},"status":{"S":"NEW"}}`, `{}`, ``},
		{"some left, in the item's order", `{"z":{"S":"1"},"pk":{"S":"x"},"a":{"SS":["b","a"]}}`, `{"z":{"S":"1"},"a":{"SS":["b","a"]}}`, `{"z":"1","a":["b","a"]}`},
		{"NULL is an attribute", `{"gone":{"NULL":true}}`, `{"gone":{"NULL":true}}`, `{"gone":null}`},
		{"all types", `{"n":{"N":"12345678901234567890.5"},"b":{"B":"AAE="},"t":{"BOOL":true},"l":{"L":[{"NS":["1","2"]},{"M":{"x":{"BS":["AA=="]}}}]}}`,
			`{"n":{"N":"12345678901234567890.5"},"b":{"B":"AAE="},"t":{"BOOL":true},"l":{"L":[{"NS":["1","2"]},{"M":{"x":{"BS":["AA=="]}}}]}}`,
			`{"n":12345678901234567890.5,"b":"AAE=","t":true,"l":[[1,2],{"x":["AA=="]}]}`},
		{"a name in another case is taken", `{"STATUS":{"S":"NEW"}}`, `{}`, ``},
		{"unless the very name follows", `{"STATUS":{"S":"OLD"},"status":{"S":"NEW"}}`, `{"STATUS":{"S":"OLD"}}`, `{"STATUS":"OLD"}`},
		{"or is there already", `{"status":{"S":"NEW"},"STATUS":{"S":"OLD"}}`, `{"STATUS":{"S":"OLD"}}`, `{"STATUS":"OLD"}`},
		{"or another case is", `{"Status":{"S":"NEW"},"STATUS":{"S":"OLD"}}`, `{"STATUS":{"S":"OLD"}}`, `{"STATUS":"OLD"}`},
		{"its own name", `{"extra":{"M":{"a":{"S":"x"}}},"Extra":{"S":"y"}}`, `{"extra":{"M":{"a":{"S":"x"}}},"Extra":{"S":"y"}}`, `{"extra":{"a":"x"},"Extra":"y"}`},
		{"a field that is ignored", `{"Ignored":{"S":"x"}}`, `{"Ignored":{"S":"x"}}`, `{"Ignored":"x"}`},
		{"top level only", `{"Nested":{"M":{"A":{"S":"x"},"B":{"S":"y"}}}}`, `{}`, ``},
		{"white space and escapes", " { \"a\\u0041\" : { \"S\" : \"\\n\" } , \"pk\":{\"S\":\"x\"} } ", "{\"a\\u0041\" : { \"S\" : \"\\n\" }}", `{"a\u0041":"\n"}`},
	} {
		for range 2 { // the second time by what the plan has guessed
			var v restItem
			if err := d.Decode([]byte(c.item), &v); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
			plain, err := v.Extra.Value()
			if string(v.Extra.Item()) != c.rest || err != nil || plain != any(c.plain) && (c.plain != "" || plain != nil) {
				t.Errorf("%s: %s, %v, %v", c.what, v.Extra.Item(), plain, err)
			}
		}
	}
}

func TestOverflowKeepsWhatTheItemDoesNotMention(t *testing.T) {
	t.Parallel()
	var v restItem
	for _, item := range []string{`{"a":{"S":"1"}}`, `{"pk":{"S":"x"}}`, `{}`} {
		if err := Unmarshal([]byte(item), &v); err != nil || string(v.Extra.Item()) != `{"a":{"S":"1"}}` {
			t.Errorf("%s: %s, %v", item, v.Extra.Item(), err)
		}
	}
	if err := benchDecoder[restItem](t).Decode([]byte(`{"pk":{"S":"x"}}`), &v); err != nil || !v.Extra.IsZero() {
		t.Errorf("a Decoder begins with the zero value: %s, %v", v.Extra.Item(), err)
	}
}

type restTree struct {
	Rest  Overflow
	Child *restTree
}

func TestOverflowOutOfPlace(t *testing.T) {
	t.Parallel()
	nested := "must be a field of the struct that items decode into"
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[struct{ A, B Overflow }]():         "has two fields of type mapping.Overflow",
		reflect.TypeFor[struct{ Overflow }]():              "embeds mapping.Overflow",
		reflect.TypeFor[struct{ *Overflow }]():             "embeds mapping.Overflow",
		reflect.TypeFor[struct{ A *Overflow }]():           nested,
		reflect.TypeFor[struct{ A []Overflow }]():          nested,
		reflect.TypeFor[struct{ A map[string]restItem }](): nested,
		reflect.TypeFor[map[string]restItem]():             nested,
		reflect.TypeFor[restTree]():                        nested,
		reflect.TypeFor[Overflow]():                        "no item can be decoded into",
		reflect.TypeFor[*restItem]():                       "",
		reflect.TypeFor[struct {
			A Overflow `dynamodbav:"-"`
		}](): "",
		reflect.TypeFor[struct {
			restBase
			Other string `dynamodbav:"extra"`
		}](): "two fields claim the attribute extra",
	} {
		o := newOptions(nil)
		_, err := planFor(typ, &o)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", typ, err)
		}
	}
}

func TestMarshalOverflow(t *testing.T) {
	t.Parallel()
	const item = `{"pk":{"S":"x"},"s":{"SS":["b","a"]},"b":{"B":"AAE="},"n":{"N":"1.50"},"Nested":{"M":{"A":{"S":""}}},"status":{"S":"NEW"}}`
	var v restItem
	if err := Unmarshal([]byte(item), &v); err != nil {
		t.Fatal(err)
	}
	want, err := ParseItem([]byte(item))
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []any{v, &v, any(&v)} {
		text, err := Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseItem(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s became %s, %v", item, text, err)
		}
	}
}

// ownItem encodes itself, and is left alone.
type ownItem struct{ Rest Overflow }

func (ownItem) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"Rest": &types.AttributeValueMemberM{}}}, nil
}

// ownPointer encodes itself only where it can be addressed.
type ownPointer struct{ Rest Overflow }

func (*ownPointer) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return ownItem{}.MarshalDynamoDBAttributeValue()
}

func TestMarshalOverflowAtTheEdges(t *testing.T) {
	t.Parallel()
	rest := parsedOverflow(t, `{"pk":{"S":"`+secret+`"},"Rest":{"S":"y"}}`)
	for _, c := range []struct {
		what string
		v    any
		want string // an item, or part of an error
	}{
		{"none", struct{ Rest Overflow }{}, `{}`},
		{"none, left out", struct {
			Rest Overflow `dynamodbav:",omitempty"`
		}{}, `{}`},
		{"its own name", struct{ Rest Overflow }{parsedOverflow(t, `{"Rest":{"S":"y"}}`)}, `{"Rest":{"S":"y"}}`},
		{"behind nil", struct {
			A int
			*restBase
		}{}, `{"A":{"N":"0"}}`},
		{"a name that a field has", struct {
			ID   string `dynamodbav:"pk"`
			Rest Overflow
		}{"x", rest}, "attribute pk: attribute of an Overflow that another field has, too"},
		{"embedded", struct{ Overflow }{rest}, "embeds mapping.Overflow"},
		{"two", struct{ A, B Overflow }{rest, rest}, "two fields of type mapping.Overflow"},
		{"encodes itself", ownItem{rest}, `{"Rest":{"M":{}}}`},
		{"encodes itself by pointer", &ownPointer{rest}, `{"Rest":{"M":{}}}`},
		{"would by pointer", ownPointer{parsedOverflow(t, `{"a":{"S":"y"}}`)}, `{"a":{"S":"y"}}`},
		{"an Overflow is an item", rest, `{"Rest":{"S":"y"},"pk":{"S":"` + secret + `"}}`},
	} {
		text, err := Marshal(c.v)
		if got := string(text); err == nil && got != c.want || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret)) {
			t.Errorf("%s: %s, %v", c.what, text, err)
		}
	}
}
