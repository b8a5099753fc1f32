package mongosink

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink"
)

// item decodes an item as handler does.
func item(t *testing.T, text string) Document {
	t.Helper()
	var d Document
	decoder, err := mapping.NewDecoder[Document]()
	must(t, err)
	must(t, decoder.Decode([]byte(text), &d))
	return d
}

func TestDocument(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[Document](t, open(t, f), Key("pk", "sk"))
	must(t, deliver(t, put(c, 1, item(t, `{"pk":{"S":"p"},"sk":{"N":"7"},
		"text":{"S":"é\u0000"},"empty":{"S":""},"yes":{"BOOL":true},"no":{"BOOL":false},"null":{"NULL":true},"bytes":{"B":"AAE="},
		"int":{"N":"-9223372036854775808"},"long":{"N":"9223372036854775808"},"half":{"N":"0.5"},"one":{"N":"1.0"},"hundred":{"N":"1E2"},"tiny":{"N":"1E-130"},
		"texts":{"SS":["a","b"]},"numbers":{"NS":["1","1.5"]},"blobs":{"BS":["AA==","AQ=="]},
		"list":{"L":[{"S":"x"},{"M":{"deep":{"L":[]}}}]},"map":{"M":{"z":{"N":"1"},"a":{"M":{}}}}}`))))
	want := `{"_id":{"pk":"p","sk":7},"blobs":[{"$binary":{"base64":"AA==","subType":"00"}},{"$binary":{"base64":"AQ==","subType":"00"}}],` +
		`"bytes":{"$binary":{"base64":"AAE=","subType":"00"}},"empty":"","half":{"$numberDecimal":"0.5"},"hundred":100,"int":-9223372036854775808,` +
		`"list":["x",{"deep":[]}],"long":{"$numberDecimal":"9223372036854775808"},"map":{"a":{},"z":1},"no":false,"null":null,` +
		`"numbers":[1,{"$numberDecimal":"1.5"}],"one":1,"pk":"p","sk":7,"text":"é\u0000","texts":["a","b"],"tiny":{"$numberDecimal":"1E-130"},"yes":true,` +
		`"stream_sequence":"` + padded(1) + `"}`
	if got := f.held(bson.D{{Key: "pk", Value: "p"}, {Key: "sk", Value: int64(7)}}); got != want {
		t.Errorf("there is\n%s\nand should be\n%s", got, want)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	const long = "1.2345678901234567890123456789012345678"
	for _, c := range []struct {
		policy     NumberPolicy
		text, want string
	}{
		{ExactNumbers, "0.1", `{"$numberDecimal":"0.1"}`},
		{ExactNumbers, "9.999999999999999999999999999999999E125", `{"$numberDecimal":"9.999999999999999999999999999999999E+125"}`},
		{ExactNumbers, "100000000000000000000000000000000000000", `{"$numberDecimal":"1.000000000000000000000000000000000E+38"}`},
		{ExactNumbers, "-0", `0`},
		{ExactNumbers, long, ""},
		{LongNumbersAsText, long, `"` + long + `"`},
		{LongNumbersAsText, "0.1", `{"$numberDecimal":"0.1"}`},
		{DoubleNumbers, long, `1.2345678901234567`},
		{DoubleNumbers, "0.1", `0.1`},
		{DoubleNumbers, "2", `2`},
		{DoubleNumbers, "1E-130", `1E-130`},
		{ExactNumbers, "x", ""},
		{DoubleNumbers, "NaN", ""},
		{DoubleNumbers, "Infinity", ""},
	} {
		f := newFake()
		rows := collect[Document](t, open(t, f), Key("pk"), Numbers(c.policy))
		err := deliver(t, put(rows, 1, Document{"pk": &types.AttributeValueMemberS{Value: "p"}, "n": &types.AttributeValueMemberN{Value: c.text}}))
		switch got := f.held("p"); {
		case c.want == "" && (!sink.IsPermanent(err) || strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "attribute n")):
			t.Errorf("%s (policy %d): error %v", c.text, c.policy, err)
		case c.want != "" && !strings.Contains(got, `"n":`+c.want):
			t.Errorf("%s (policy %d): there is %s, error %v", c.text, c.policy, got, err)
		}
	}
}

func TestFieldNames(t *testing.T) {
	t.Parallel()
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	in := func(m Document) types.AttributeValue { return &types.AttributeValueMemberM{Value: m} }
	awkward := Document{"pk": text("p"), "a.b": text("secret"), "$c": in(Document{"d.": text("x")})}
	for name, d := range map[string]Document{
		"attribute a.b":        {"pk": text("p"), "a.b": text("secret")},
		"attribute m.$set":     {"pk": text("p"), "m": in(Document{"$set": text("secret")})},
		"attribute l[1].":      {"pk": text("p"), "l": &types.AttributeValueMemberL{Value: []types.AttributeValue{text("x"), in(Document{"": text("secret")})}}},
		"attribute x\x00":      {"pk": text("p"), "x\x00": text("secret")},
		"an _id beside":        {"pk": text("p"), "_id": text("secret")},
		`"stream_sequence"`:    {"pk": text("p"), GuardField: text("secret")},
		`"stream_deleted_at"`:  {"pk": text("p"), DeletedField: text("secret")},
		"attribute n":          {"pk": text("p"), "n": nil},
		`no field "pk"`:        {"n": text("secret")},
		"attribute m.n: an at": {"pk": text("p"), "m": in(Document{"n": &types.UnknownUnionMember{}})},
	} {
		err := deliver(t, put(collect[Document](t, open(t, newFake()), Key("pk")), 1, d))
		if !sink.IsPermanent(err) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	f := newFake()
	c := collect[Document](t, open(t, f), Key("pk"), FieldNames(EscapeName))
	must(t, deliver(t, put(c, 1, awkward)))
	if got := f.held("p"); !strings.Contains(got, `"＄c":{"d．":"x"},"a．b":"secret"`) && !strings.Contains(got, `"a．b":"secret","pk":"p","＄c"`) {
		t.Errorf("there is %s", got)
	}
	if err := deliver(t, put(c, 2, Document{"pk": text("p"), "a.b": text("1"), "a．b": text("2")})); !sink.IsPermanent(err) {
		t.Errorf("two attributes have become one field: error %v", err)
	}
}

// TestDocumentDeletes needs nothing of the item but its key.
func TestDocumentDeletes(t *testing.T) {
	t.Parallel()
	f := newFake()
	c := collect[Document](t, open(t, f), Key("pk"), GuardVersion("version"))
	key := &types.AttributeValueMemberS{Value: "p"}
	version := func(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }
	must(t, deliver(t, put(c, 9, Document{"pk": key, "version": version("3")})))
	bad := Document{"pk": key, "version": version("3"), "a.b": nil}
	must(t, deliver(t, remove(c, 1, bad), put(c, 2, Document{"pk": key, "version": version("3")})))
	must(t, deliver(t, put(c, 3, Document{"pk": key, "version": version("3")})))
	if got := f.held("p"); !strings.Contains(got, DeletedField) {
		t.Errorf("there is %s", got)
	}
	must(t, deliver(t, put(c, 1, Document{"pk": key, "version": version("4")})))
	if got := f.held("p"); strings.Contains(got, DeletedField) {
		t.Errorf("a higher version has not come back: %s", got)
	}
	for _, v := range []types.AttributeValue{version("-1"), version("1.5"), version("99999999999999999999999999999999999999999"), key, nil} {
		if err := deliver(t, put(c, 1, Document{"pk": key, "version": v})); !sink.IsPermanent(err) {
			t.Errorf("version %v: error %v", v, err)
		}
	}
	text, err := mapping.Marshal(Document{"pk": key, "version": version("3")})
	if again := (Document{}); err != nil || mapping.Unmarshal(text, &again) != nil || len(again) != 2 {
		t.Errorf("%s, error %v", text, err)
	}
	var d Document
	if err := d.UnmarshalDynamoDBAttributeValue(key); err == nil {
		t.Error("a string is no item")
	}
}

func TestLargeDocuments(t *testing.T) {
	t.Parallel()
	type large struct {
		ID   int    `bson:"_id"`
		Data []byte `bson:"data"`
	}
	f := newFake()
	c := collect[large](t, open(t, f))
	fixed := (4 + 1) + (1 + 4 + 4) + (1 + 5 + 4 + 1) + (1 + len(GuardField) + 1 + 4 + 41) // the document, _id, data without its bytes, version
	must(t, deliver(t, put(c, 1, large{1, make([]byte, MaxDocumentSize-fixed)})))
	if err := deliver(t, put(c, 2, large{2, make([]byte, MaxDocumentSize-fixed+1)})); !sink.IsPermanent(err) {
		t.Errorf("error %v", err)
	}
}
