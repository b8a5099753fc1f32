package mongosink

import (
	"math/big"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// decimalNumber is what DynamoDB calls a number, with exponents that a test can afford.
var decimalNumber = regexp.MustCompile(`^-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?$`)

// FuzzNumber stores numbers exactly or not at all, and numbers that are equal under keys that are equal.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0.0", "1", "1.0", "1E2", "9223372036854775807", "9223372036854775808", "1E-130", "9.99E125", "00012.3400", "1e", "NaN", "0x1p-2", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := &collection{keys: []string{"n"}}
		doc, err := c.encodeItem(Document{"n": &types.AttributeValueMemberN{Value: text}}, false)
		if err != nil || !decimalNumber.MatchString(text) {
			return
		}
		if err := doc.Validate(); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		value := doc.Lookup("n")
		want, _ := new(big.Rat).SetString(text)
		if got := rational(value); got.Cmp(want) != 0 {
			t.Fatalf("%s became %v", text, got)
		}
		again, err := c.encodeItem(Document{"n": &types.AttributeValueMemberN{Value: text + "e0"}}, false)
		if err == nil && string(appendKey(nil, again.Lookup("n"))) != string(appendKey(nil, value)) {
			t.Fatalf("%s has two keys", text)
		}
	})
}

// rational is an int64 or a Decimal128 as a fraction.
func rational(v bson.RawValue) *big.Rat {
	if n, ok := v.Int64OK(); ok {
		return new(big.Rat).SetInt64(n)
	}
	r, _ := new(big.Rat).SetString(v.Decimal128().String())
	return r
}
