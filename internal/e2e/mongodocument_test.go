package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// everyType is an item with all attribute types, in DynamoDB's JSON, and the document that it becomes, in extended JSON.
const everyType, everyTypeStored = `{"pk": {"S": "žluť 🦆"}, "sk": {"N": "7"},
	"bin": {"B": "AP8n"}, "bins": {"BS": ["AA==", "AQ=="]}, "empty": {"S": ""}, "emptylist": {"L": []}, "emptymap": {"M": {}},
	"exact": {"N": "1234567890123456.000000000000000001"}, "false": {"BOOL": false}, "large": {"N": "9223372036854775808"},
	"list": {"L": [{"S": "x"}, {"N": "1"}, {"L": [{"NULL": true}]}, {"M": {"b": {"N": "2"}, "a": {"N": "0.5"}}}]},
	"max": {"N": "9223372036854775807"}, "min": {"N": "-9223372036854775808"}, "null": {"NULL": true}, "nul": {"S": "a\u0000b"},
	"nums": {"NS": ["3", "-1.5"]}, "strs": {"SS": ["b", "a"]}, "tiny": {"N": "1E-130"}, "true": {"BOOL": true}, "whole": {"N": "1.50E2"}}`,
	`{"_id": {"pk": "žluť 🦆", "sk": {"$numberLong": "7"}},
	"bin": {"$binary": {"base64": "AP8n", "subType": "00"}},
	"bins": [{"$binary": {"base64": "AA==", "subType": "00"}}, {"$binary": {"base64": "AQ==", "subType": "00"}}], "empty": "",
	"emptylist": [], "emptymap": {}, "exact": {"$numberDecimal": "1234567890123456.000000000000000001"}, "false": false,
	"large": {"$numberDecimal": "9223372036854775808"},
	"list": ["x", {"$numberLong": "1"}, [null], {"a": {"$numberDecimal": "0.5"}, "b": {"$numberLong": "2"}}],
	"max": {"$numberLong": "9223372036854775807"}, "min": {"$numberLong": "-9223372036854775808"}, "nul": "a\u0000b", "null": null,
	"nums": [{"$numberLong": "3"}, {"$numberDecimal": "-1.5"}], "pk": "žluť 🦆", "sk": {"$numberLong": "7"}, "strs": ["b", "a"],
	"tiny": {"$numberDecimal": "1E-130"}, "true": true, "whole": {"$numberLong": "150"}}`

// TestMongoDocumentOfEveryType mirrors an item without a Go type: inserted, changed and removed.
func TestMongoDocumentOfEveryType(t *testing.T) {
	t.Parallel()
	c, target := newMongo[mongosink.Document](t, mongosink.Key("pk", "sk"))
	h := handler.NewDynamoDBEventHandler(handler.Mirror(target), quiet)
	table := &handlertest.Table{Name: "items", Keys: []string{"pk", "sk"}}
	whole := image(item(t, everyType))
	first := image{"pk": whole["pk"], "sk": whole["sk"], "gone": whole["list"]}
	for _, step := range []struct {
		record handlertest.Record
		want   string
	}{
		{table.Insert(whole), everyTypeStored},
		{table.Modify(whole, first), `{"_id": {"pk": "žluť 🦆", "sk": {"$numberLong": "7"}}, "gone": ["x", {"$numberLong": "1"}, [null],
			{"a": {"$numberDecimal": "0.5"}, "b": {"$numberLong": "2"}}], "pk": "žluť 🦆", "sk": {"$numberLong": "7"}}`},
		{table.Modify(first, whole), everyTypeStored},
		{table.Remove(whole), ""},
	} {
		for range 2 {
			response, err := h.Invoke(t.Context(), handlertest.Payload(t, step.record))
			if err != nil || string(response) != `{"batchItemFailures":[]}` {
				t.Fatalf("%s, %v", response, err)
			}
			if got := canonical(t, c, target); got != indented(t, step.want) {
				t.Errorf("stored\n%s\nwant\n%s", got, indented(t, step.want))
			}
		}
	}
}

// image is an item that tests of handlers take.
type image map[string]types.AttributeValue

func (i image) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberM{Value: i}, nil
}

func item(t *testing.T, text string) mongosink.Document {
	t.Helper()
	m, err := mapping.ParseItem([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// canonical prints the one live document as extended JSON, without the guard's field; "" if there is none.
func canonical[D any](t *testing.T, c *mongo.Collection, target *mongosink.Collection[D]) string {
	t.Helper()
	all, err := found[bson.D](t.Context(), c, target.Live())
	if err != nil || len(all) > 1 {
		t.Fatalf("%d documents, %v", len(all), err)
	}
	if len(all) == 0 {
		return ""
	}
	last := len(all[0]) - 1
	if name := all[0][last].Key; name != mongosink.GuardField {
		t.Errorf("the last field is %q", name)
	}
	return printed(t, all[0][:last])
}

func indented(t *testing.T, text string) string {
	t.Helper()
	if text == "" {
		return ""
	}
	var d bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), true, &d); err != nil {
		t.Fatal(err)
	}
	return printed(t, d)
}

func printed(t *testing.T, d bson.D) string {
	t.Helper()
	text, err := bson.MarshalExtJSONIndent(d, true, false, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMongoIDs: what the _id can be made of, and that different keys are different documents.
func TestMongoIDs(t *testing.T) {
	t.Parallel()
	byFunc := mongosink.IDFunc(func(d mongosink.Document) (any, error) {
		pk, sk := d["pk"].(*types.AttributeValueMemberS), d["sk"].(*types.AttributeValueMemberS)
		return []byte(pk.Value + "\x00" + sk.Value), nil
	})
	for name, c := range map[string]struct {
		option mongosink.CollectionOption
		items  []string
		want   string
	}{
		"text":     {mongosink.Key("pk"), []string{`{"pk": {"S": "a"}}`, `{"pk": {"S": "A"}}`, `{"pk": {"S": "a "}}`}, `"A" "a" "a "`},
		"numbers":  {mongosink.Key("pk"), []string{`{"pk": {"N": "2"}}`, `{"pk": {"N": "1.5"}}`, `{"pk": {"N": "2.0"}}`}, `{"$numberDecimal":"1.5"} {"$numberLong":"2"}`},
		"binary":   {mongosink.Key("pk"), []string{`{"pk": {"B": "AA=="}}`, `{"pk": {"B": "AAA="}}`}, `{"$binary":{"base64":"AA==","subType":"00"}} {"$binary":{"base64":"AAA=","subType":"00"}}`},
		"compound": {mongosink.Key("sk", "pk"), []string{`{"pk": {"S": "a"}, "sk": {"S": "b#c"}}`, `{"pk": {"S": "a#b"}, "sk": {"S": "c"}}`}, `{"sk": "b#c","pk": "a"} {"sk": "c","pk": "a#b"}`},
		"function": {byFunc, []string{`{"pk": {"S": "a"}, "sk": {"S": "b"}}`}, `{"$binary":{"base64":"YQBi","subType":"00"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, target := newMongo[mongosink.Document](t, c.option)
			ids := func() string {
				all, err := found[bson.Raw](t.Context(), rows, target.Live())
				if err != nil {
					t.Fatal(err)
				}
				var text []string
				for _, d := range all {
					text = append(text, d.Lookup("_id").String())
				}
				return strings.Join(text, " ")
			}
			each := func(sequence string, stage func(b *sink.Batch, d mongosink.Document)) {
				err := at(t, sequence, func(b *sink.Batch) {
					for _, text := range c.items {
						stage(b, item(t, text))
					}
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			each("1", target.Upsert)
			if got := ids(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			each("2", target.Delete)
			if got := ids(); got != "" {
				t.Errorf("left over: %s", got)
			}
		})
	}
}

// TestMongoFieldNames stores names that need no renaming, and those that do under names that a query finds.
func TestMongoFieldNames(t *testing.T) {
	t.Parallel()
	rows, target := newMongo[mongosink.Document](t, mongosink.Key("pk"), mongosink.FieldNames(mongosink.EscapeName))
	const strange = `{"pk": {"S": "a"}, "a.b": {"M": {"$c": {"S": "found"}}}, "d$e": {"S": ""}, "f g\u00a0": {"S": ""}, "0": {"S": ""}, "ž": {"S": ""}, "__proto__": {"S": ""}}`
	for range 2 {
		if err := at(t, "1", func(b *sink.Batch) { target.Upsert(b, item(t, strange)) }); err != nil {
			t.Fatal(err)
		}
		for _, filter := range []bson.D{
			{{Key: "a．b.＄c", Value: "found"}}, {{Key: "d＄e", Value: ""}}, {{Key: "f g\u00a0", Value: ""}},
			{{Key: "0", Value: ""}}, {{Key: "ž", Value: ""}}, {{Key: "__proto__", Value: ""}},
		} {
			if n, err := rows.CountDocuments(t.Context(), filter); err != nil || n != 1 {
				t.Errorf("%v finds %d documents, %v", filter, n, err)
			}
		}
	}
}

// TestMongoLargeDocuments: what the server takes is stored, also where a batch is larger than a command may be, and what is too
// large fails its record.
func TestMongoLargeDocuments(t *testing.T) {
	t.Parallel()
	rows, target := newMongo[doc[string]](t)
	size := func(n int) string {
		raw, err := bson.Marshal(append(bson.D{{Key: "_id", Value: "0"}, {Key: "v", Value: ""}}, bson.E{Key: mongosink.GuardField, Value: strings.Repeat("0", 40)}))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Repeat("x", n-len(raw))
	}
	err := at(t, "1", func(b *sink.Batch) {
		for i := range 4 {
			target.Upsert(b, doc[string]{string(rune('0' + i)), size(mongosink.MaxDocumentSize)})
		}
	})
	if n, errCount := rows.CountDocuments(t.Context(), bson.D{}); err != nil || errCount != nil || n != 4 {
		t.Errorf("%d documents of the largest size, %v, %v", n, err, errCount)
	}
	err = at(t, "2", func(b *sink.Batch) { target.Upsert(b, doc[string]{"0", size(mongosink.MaxDocumentSize + 1)}) })
	if !sink.IsPermanent(err) || len(err.Error()) > 300 {
		t.Errorf("one byte more: %.300v", err)
	}
}
