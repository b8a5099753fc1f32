package e2e

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/mongosink"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// mongoValues are values of row types. What the driver makes of them is what has to be stored.
var mongoValues = map[string]any{
	"text": "žluť 🦆 e\u0301 \u2028", "NUL": "a\x00b", "operators": "$set", "empty text": "", "long text": strings.Repeat("x", 1<<20),
	"true": true, "false": false, "nil": nil, "nil pointer": (*string)(nil), "pointer": ptr("p"),
	"int": -7, "int32": int32(math.MinInt32), "min": int64(math.MinInt64), "max": int64(math.MaxInt64), "2^53+1": int64(1<<53 + 1),
	"float": 0.1, "whole float": 2.0, "smallest": math.SmallestNonzeroFloat64, "infinite": math.Inf(-1), "negative zero": math.Copysign(0, -1),
	"decimal": exact("1234567890123456789012345678901234"), "decimal with zeros": exact("1.500"), "small decimal": exact("1E-6176"), "decimal infinity": exact("Infinity"),
	"bytes": []byte{0, 0xff, '\''}, "no bytes": []byte{}, "UUID": bson.Binary{Subtype: 4, Data: bytes.Repeat([]byte{7}, 16)}, "array of bytes": [3]byte{1, 2, 3},
	"date": time.Date(2024, 2, 29, 23, 59, 58, 123_000_000, time.FixedZone("", -5*3600)), "date before 1970": time.Unix(-1, 0), "year 9999": time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	"object ID": bson.ObjectID{1, 2, 3}, "regular expression": bson.Regex{Pattern: "^a", Options: "i"}, "timestamp": bson.Timestamp{T: 1, I: 2},
	"list": []any{1, "two", nil, []string{"three"}}, "empty list": []string{}, "struct": doc[int]{"x", 1}, "structs": []doc[string]{{"x", "y"}},
	"map": map[string]any{"k": 1}, "empty map": map[string]int{}, "order": bson.D{{Key: "z", Value: 1}, {Key: "a", Value: 2}},
	"names": bson.D{{Key: "a.b", Value: 1}, {Key: "c$", Value: 2}, {Key: " ", Value: 3}}, "deep": nested(40), "named type": named("n"),
}

func exact(text string) bson.Decimal128 {
	d, err := bson.ParseDecimal128(text)
	if err != nil {
		panic(err)
	}
	return d
}

func nested(depth int) any {
	if depth == 0 {
		return "end"
	}
	return bson.D{{Key: "d", Value: nested(depth - 1)}}
}

// TestMongoValuesAreStoredExactly compares bytes, of documents that were inserted and then replaced.
func TestMongoValuesAreStoredExactly(t *testing.T) {
	t.Parallel()
	rows, target := newMongo[doc[any]](t)
	for sequence := range 2 {
		err := at(t, fmt.Sprint(sequence+1), func(b *sink.Batch) {
			for id, v := range mongoValues {
				target.Upsert(b, doc[any]{id, v})
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := found[bson.Raw](t.Context(), rows, bson.D{})
		if err != nil || len(stored) != len(mongoValues) {
			t.Fatalf("%d of %d documents, %v", len(stored), len(mongoValues), err)
		}
		for _, raw := range stored {
			id := raw.Lookup("_id").StringValue()
			guard := fmt.Sprintf("%040d", sequence+1)
			want, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "v", Value: mongoValues[id]}, {Key: mongosink.GuardField, Value: guard}})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(raw, want) {
				t.Errorf("%s: stored %.300v, want %.300v", id, raw, bson.Raw(want))
			}
		}
	}
}
