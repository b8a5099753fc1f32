package mapping

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// badItems are items that no type may accept, with a part of the error's text
// that names the place and the reason.
var badItems = []struct{ item, want string }{
	{``, "item must be a JSON object"},
	{`null`, "item must be a JSON object"},
	{`[]`, "item must be a JSON object"},
	{`{"a":{"S":"x"}`, "ends too early"},
	{`{"a":{"S":"x"}}}`, "after the end"},
	{`{"a":{"S":"x"}} x`, "after the end"},
	{`{"a":{"S":"x"},}`, "not valid JSON"},
	{`{"a":{"S":"x"} "b":{"S":"x"}}`, "not valid JSON"},
	{`{"a":null}`, "attribute a: an attribute value must be an object"},
	{`{"a":"x"}`, "attribute a: an attribute value must be an object"},
	{`{"a":{}}`, "attribute a: attribute value without a type"},
	{`{"a":{"S":"x","N":"1"}}`, "attribute a: attribute value with more than one type"},
	{`{"a":{"S":"x","S":"x"}}`, "attribute a: attribute value with more than one type"},
	{`{"a":{"Q":"x"}}`, "attribute a: unknown attribute type"},
	{`{"a":{"s":"x"}}`, "attribute a: unknown attribute type"},
	{`{"a":{"S":null}}`, "attribute a: payload must be a string"},
	{`{"a":{"S":1}}`, "attribute a: payload must be a string"},
	{`{"a":{"N":1}}`, "attribute a: payload must be a string"},
	{`{"a":{"N":"abc"}}`, "attribute a: not a number"},
	{`{"a":{"N":""}}`, "attribute a: not a number"},
	{`{"a":{"N":"NaN"}}`, "attribute a: not a number"},
	{`{"a":{"N":"0x10"}}`, "attribute a: not a number"},
	{`{"a":{"N":"1_0"}}`, "attribute a: not a number"},
	{`{"a":{"N":" 1"}}`, "attribute a: not a number"},
	{`{"a":{"N":"123456789012345678901234567890123456789"}}`, "more than 38"},
	{`{"a":{"N":"1E126"}}`, "outside DynamoDB's range"},
	{`{"a":{"N":"1E-131"}}`, "outside DynamoDB's range"},
	{`{"a":{"N":"1E99999999999999999999"}}`, "attribute a: not a number"},
	{`{"a":{"BOOL":"true"}}`, "attribute a: payload must be true or false"},
	{`{"a":{"NULL":"x"}}`, "attribute a: payload must be true or false"},
	{`{"a":{"B":"%%"}}`, "attribute a: binary is not valid base64"},
	{`{"a":{"B":1}}`, "attribute a: payload must be a string"},
	{`{"a":{"BS":[1]}}`, "attribute a[0]: payload must be a string"},
	{`{"a":{"BS":["AA==","A"]}}`, "attribute a[1]: binary is not valid base64"},
	{`{"a":{"SS":[]}}`, "attribute a: empty set"},
	{`{"a":{"NS":[]}}`, "attribute a: empty set"},
	{`{"a":{"BS":[ ]}}`, "attribute a: empty set"},
	{`{"a":{"SS":["x",null]}}`, "attribute a[1]: payload must be a string"},
	{`{"a":{"SS":{}}}`, "attribute a: payload must be an array"},
	{`{"a":{"NS":["1","x"]}}`, "attribute a[1]: not a number"},
	{`{"a":{"L":{}}}`, "attribute a: payload must be an array"},
	{`{"a":{"L":[null]}}`, "attribute a[0]: an attribute value must be an object"},
	{`{"a":{"M":[]}}`, "attribute a: payload must be an object"},
	{`{"device":{"M":{"tags":{"L":[{"S":"x"},{"S":"x"},{"S":"x"},{"N":"z"}]}}}}`, "attribute device.tags[3]: not a number"},
	{`{"a b":{"M":{"c.d":{"S":1}}}}`, `attribute ["a b"]["c.d"]: payload must be a string`},
	{`{"a":{"S":"x"},"a":{"S":"x"}}`, "attribute a: attribute name occurs twice"},
	{`{"a":{"S":"x"},"\u0061":{"S":"x"}}`, "attribute a: attribute name occurs twice"},
	{`{"m":{"M":{"a":{"S":"x"},"a":{"S":"x"}}}}`, "attribute m.a: attribute name occurs twice"},
	{"{\"a\":{\"S\":\"\xff\"}}", "attribute a: string is not valid UTF-8"},
	{`{"a":{"S":"\ud800"}}`, "attribute a: string has an invalid escape"},
	{"{\"a\":{\"S\":\"\x01\"}}", "attribute a: string has a raw control character"},
	{`{"a":` + strings.Repeat(`{"L":[`, MaxDepth+1) + strings.Repeat(`]}`, MaxDepth+1) + `}`, "nested too deeply"},
	{`{"a":` + strings.Repeat(`{"M":{"a":`, 100000), "nested too deeply"},
}

func TestBadItems(t *testing.T) {
	t.Parallel()
	routes := map[string]func(string) error{
		"ParseItem": func(s string) error { _, err := ParseItem([]byte(s)); return err },
		"ToJSON":    func(s string) error { _, err := ToJSON([]byte(s)); return err },
		"any":       func(s string) error { var v any; return Unmarshal([]byte(s), &v) },
		"map":       func(s string) error { var v map[string]any; return Unmarshal([]byte(s), &v) },
		"AVs":       func(s string) error { return Unmarshal([]byte(s), &unread{}) },
		"struct":    func(s string) error { return Unmarshal([]byte(s), &struct{ A, M, Device any }{}) },
		"unread":    func(s string) error { return Unmarshal([]byte(s), &struct{}{}) },
	}
	for _, bad := range badItems {
		for route, decode := range routes {
			err := decode(bad.item)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), bad.want) {
				t.Errorf("%s: %.60s: got %v, want %s", route, bad.item, err, bad.want)
			}
		}
	}
}

// unread is decoded as a whole from the SDK's attribute value.
type unread struct{ av types.AttributeValue }

func (u *unread) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	u.av = av
	return nil
}

// secret stands for an item's value: it must not show up in an error.
const secret = "57005"

func TestErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		into any
		item string
	}{
		{new(struct{ A int8 }), `{"a":{"N":"57005"}}`},
		{new(struct{ A uint }), `{"a":{"N":"-57005"}}`},
		{new(struct{ A int }), `{"a":{"N":"57005.5"}}`},
		{new(struct{ A int }), `{"a":{"S":"57005"}}`},
		{new(struct{ A float32 }), `{"a":{"N":"57005e100"}}`},
		{new(struct {
			A int `dynamodbav:",string"`
		}), `{"a":{"S":"57005x"}}`},
		{new(struct{ A jsonTime }), `{"a":{"S":"57005"}}`},
		{new(struct{ A failing }), `{"a":{"S":"57005"}}`},
		{new(struct{ A panicking }), `{"a":{"S":"57005"}}`},
		{new(struct{ A error }), `{"a":{"S":"57005"}}`},
		{new(struct{ A map[int]int }), `{"a":{"M":{"x":{"N":"57005"}}}}`},
		{new(struct{ A any }), `{"a":{"N":"57005x"}}`},
		{new(struct{ A any }), `{"a":{"B":"57005"}}`},
		{new(struct{ A any }), `{"a":{"57005":{}}}`},
	} {
		err := Unmarshal([]byte(c.item), c.into)
		if err == nil || strings.Contains(err.Error(), secret) || !strings.HasPrefix(err.Error(), "mapping: attribute a") {
			t.Errorf("%s into %T: error %v", c.item, c.into, err)
		}
	}
}

var errFailing = errors.New("cannot use " + secret)

type failing struct{}

func (*failing) UnmarshalDynamoDBAttributeValue(types.AttributeValue) error { return errFailing }

type panicking struct{}

func (*panicking) UnmarshalDynamoDBAttributeValue(types.AttributeValue) error { panic(secret) }

func TestErrorChainReachesUnmarshaler(t *testing.T) {
	t.Parallel()
	err := Unmarshal([]byte(`{"m":{"M":{"a":{"S":"x"}}}}`), new(struct{ M struct{ A failing } }))
	if !errors.Is(err, errFailing) {
		t.Errorf("errors.Is does not find the Unmarshaler's error in %v", err)
	}
}

func TestNewDecoderRefusesTypes(t *testing.T) {
	t.Parallel()
	type Left struct{ ID string }
	type Right struct{ ID string }
	type clash struct {
		Left
		Right
	}
	type loop *loop
	for _, c := range []struct{ typ, err error }{
		{refused[int](), nil}, {refused[string](), nil}, {refused[[]byte](), nil}, {refused[jsonTime](), nil},
		{refused[clash](), nil}, {refused[struct{ In []map[string]*clash }](), nil}, {refused[loop](), nil},
		{refused[struct {
			A int `dynamodbav:"x"`
			B int `dynamodbav:"x"`
		}](), nil},
	} {
		if c.typ == nil {
			t.Error("a type that cannot be decoded was accepted")
		}
	}
	for _, err := range []error{
		refused[struct{}](), refused[*struct{ A int }](), refused[map[string]int](), refused[any](), refused[unread](), refused[jsonTree](),
	} {
		if err != nil {
			t.Errorf("a good type was refused: %v", err)
		}
	}
}

func refused[T any]() error {
	_, err := NewDecoder[T]()
	return err
}

func TestNilTargets(t *testing.T) {
	t.Parallel()
	d, err := NewDecoder[struct{}]()
	if err != nil {
		t.Fatal(err)
	}
	var none *struct{}
	for _, err := range []error{
		d.Decode([]byte(`{}`), nil), Unmarshal([]byte(`{}`), nil), Unmarshal([]byte(`{}`), none), Unmarshal([]byte(`{}`), struct{}{}),
	} {
		if !errors.Is(err, errNilTarget) {
			t.Errorf("got %v", err)
		}
	}
}

func TestPathNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a-b_c9": "a-b_c9", "": `[""]`, "a.b": `["a.b"]`, "é": `["\u00e9"]`, "a\nb": `["a\nb"]`,
		strings.Repeat("x", 99): `["` + strings.Repeat("x", 80) + `"...]`,
	} {
		if got := pathName(name); got != want {
			t.Errorf("pathName(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestDecodeResetsUnmarshalMerges(t *testing.T) {
	t.Parallel()
	type pair struct{ A, B string }
	d, err := NewDecoder[pair]()
	if err != nil {
		t.Fatal(err)
	}
	item := []byte(`{"A":{"S":"new"}}`)
	reset, merged := pair{"old", "old"}, pair{"old", "old"}
	if err := errors.Join(d.Decode(item, &reset), Unmarshal(item, &merged)); err != nil {
		t.Fatal(err)
	}
	if want := (pair{A: "new"}); !reflect.DeepEqual(reset, want) {
		t.Errorf("Decode: %v", reset)
	}
	if want := (pair{"new", "old"}); !reflect.DeepEqual(merged, want) {
		t.Errorf("Unmarshal: %v", merged)
	}
}
