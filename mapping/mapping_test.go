package mapping

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const allTypes = `{"s":{"S":"a\"\\\n\u0001é"},"n":{"N":"-1.50"},"b":{"B":"AAEC"},"t":{"BOOL":true},"z":{"NULL":true},` +
	`"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AA=="]},"l":{"L":[{"S":"x"},{"L":[]}]},"m":{"M":{"k":{"M":{}}}}}`

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	item, err := ParseItem([]byte(allTypes))
	if err != nil {
		t.Fatal(err)
	}
	ev, err := ToEventItem(item)
	if err != nil {
		t.Fatal(err)
	}
	back, err := FromEventItem(ev)
	if err != nil || !reflect.DeepEqual(back, item) {
		t.Errorf("FromEventItem(ToEventItem(item)) = %v, %v", back, err)
	}
	text, err := MarshalItem(item)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseItem(text)
	if err != nil || !reflect.DeepEqual(again, item) {
		t.Errorf("ParseItem(MarshalItem(item)) = %v, %v", again, err)
	}
}

func TestToJSON(t *testing.T) {
	t.Parallel()
	got, err := ToJSON([]byte(allTypes))
	want := `{"s":"a\"\\\n\u0001é","n":-1.50,"b":"AAEC","t":true,"z":null,"ss":["a","b"],"ns":[1,2],"bs":["AA=="],"l":["x",[]],"m":{"k":{}}}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if got, err := AppendJSON([]byte("keep"), []byte(`{"a":{}}`)); err == nil || string(got) != "keep" {
		t.Errorf("after an error: %s, %v", got, err)
	}
}

func TestNumbersInJSON(t *testing.T) {
	t.Parallel()
	for n, want := range map[string]string{
		"0": "0", "-0": "-0", "+5": "5", "007": "7", ".5": "0.5", "-.5": "-0.5", "5.": "5", "00.50": "0.50", "1E+2": "1E+2", "-5.e3": "-5e3",
		"12345678901234567890123456789012345678": "12345678901234567890123456789012345678", "00": "0", "0e5": "0e5",
	} {
		got, err := ToJSON([]byte(`{"n":{"N":"` + n + `"}}`))
		if err != nil || string(got) != `{"n":`+want+`}` || !json.Valid(got) {
			t.Errorf("%s: got %s, %v", n, got, err)
		}
	}
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	type device struct {
		ID   string `dynamodbav:"pk"`
		At   time.Time
		Tags []string `dynamodbav:"tags,stringset"`
		N    float64
		Null *int
	}
	got, err := Marshal(device{ID: "x<&>", At: time.Unix(0, 0).UTC(), Tags: []string{"a"}, N: 1.5})
	want := `{"At":{"S":"1970-01-01T00:00:00Z"},"N":{"N":"1.5"},"Null":{"NULL":true},"pk":{"S":"x<&>"},"tags":{"SS":["a"]}}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
}

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	type node struct{ Next *node }
	ring := &node{}
	ring.Next = ring
	self := map[string]any{}
	self["a"] = []any{self}
	for name, v := range map[string]any{
		"nil": nil, "int": 1, "string": "x", "NaN": map[string]float64{"a": math.NaN()}, "huge": map[string]float64{"a": 1e200},
		"UTF-8": map[string]string{"a": "\xff"}, "name": map[string]string{"\xff": "a"}, "ring": ring, "self": self,
		"set": map[string]any{"a": &types.AttributeValueMemberSS{}}, "panics": map[string]any{"a": panicEncoder{}},
	} {
		var e *Error
		if got, err := Marshal(v); !errors.As(err, &e) {
			if name == "set" { // attributevalue sees a struct with a field Value
				continue
			}
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
}

func TestMarshalFollowsOnlyWhatIsEncoded(t *testing.T) {
	t.Parallel()
	type node struct {
		parent, Skipped *node `dynamodbav:"-"`
		Twice           []*node
	}
	v := &node{Twice: []*node{{}, nil}}
	v.parent, v.Skipped, v.Twice[1] = v, v, v.Twice[0]
	if got, err := Marshal(v); err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

type panicEncoder struct{}

func (panicEncoder) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) { panic(secret) }

func TestEventsThatAreNoValues(t *testing.T) {
	t.Parallel()
	deep := events.NewListAttribute(nil)
	for range MaxDepth + 1 {
		deep = events.NewListAttribute([]events.DynamoDBAttributeValue{deep})
	}
	for name, v := range map[string]events.DynamoDBAttributeValue{
		"zero": {}, "number": events.NewNumberAttribute("x"), "set": events.NewStringSetAttribute(nil), "text": events.NewStringAttribute("\xff"),
		"in list": events.NewListAttribute([]events.DynamoDBAttributeValue{{}}), "deep": deep,
		"in map": events.NewMapAttribute(map[string]events.DynamoDBAttributeValue{"a": {}}),
	} {
		if got, err := FromEvent(v); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
	var none *types.AttributeValueMemberS
	for name, av := range map[string]types.AttributeValue{
		"nil": nil, "nil pointer": none, "unknown": &types.UnknownUnionMember{}, "number": &types.AttributeValueMemberN{},
		"set": &types.AttributeValueMemberBS{}, "in list": &types.AttributeValueMemberL{Value: []types.AttributeValue{nil}},
		"in map": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"a": nil}},
	} {
		if got, err := ToEvent(av); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestDecodeDoesNotAliasItsInput(t *testing.T) {
	t.Parallel()
	d, err := NewDecoder[map[string]string]()
	if err != nil {
		t.Fatal(err)
	}
	item := []byte(`{"a":{"S":"hello"}}`)
	var got map[string]string
	if err := d.Decode(item, &got); err != nil {
		t.Fatal(err)
	}
	copy(item, strings.Repeat("x", len(item)))
	if got["a"] != "hello" {
		t.Errorf("got %q after the input was overwritten", got)
	}
}
