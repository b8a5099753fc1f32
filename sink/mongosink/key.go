package mongosink

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// appendKey appends text that is equal for values that are equal for a server: numbers of different types may be.
// https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
func appendKey(key []byte, v bson.RawValue) []byte {
	switch v.Type {
	case bson.TypeInt32, bson.TypeInt64:
		return appendSized(append(key, 'n'), strconv.FormatInt(v.AsInt64(), 10))
	case bson.TypeDouble:
		return appendSized(append(key, 'n'), doubleText(v.Double()))
	case bson.TypeDecimal128:
		return appendSized(append(key, 'n'), decimalText(v.Decimal128()))
	case bson.TypeEmbeddedDocument:
		elements, err := v.Document().Elements()
		if err != nil {
			break
		}
		key = binary.AppendUvarint(append(key, 'd'), uint64(len(elements)))
		for _, e := range elements {
			key = appendKey(appendSized(key, e.Key()), e.Value())
		}
		return key
	}
	return appendSized(append(key, 'v', byte(v.Type)), string(v.Value))
}

func appendSized(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}

func doubleText(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// decimalText has no trailing zeros: 1.0 is 1. An integer that is not too long is written like one.
func decimalText(d bson.Decimal128) string {
	if text := decimalDigits(d); text != "" {
		return text
	}
	digits, exponent, err := d.BigInt()
	if err != nil {
		return d.String()
	}
	return shortest(digits, exponent)
}

// decimalDigits returns the digits of a whole number of up to 40 digits, "" for anything else.
func decimalDigits(d bson.Decimal128) string {
	digits, exponent, err := d.BigInt()
	if err != nil {
		return ""
	}
	digits, exponent = trimmed(digits, exponent)
	if exponent < 0 || exponent > 40 {
		return ""
	}
	return digits.String() + strings.Repeat("0", exponent)
}

func shortest(digits *big.Int, exponent int) string {
	digits, exponent = trimmed(digits, exponent)
	return digits.String() + "e" + strconv.Itoa(exponent)
}

// trimmed moves trailing zeros into the exponent.
func trimmed(digits *big.Int, exponent int) (*big.Int, int) {
	text := digits.String()
	if digits.Sign() == 0 {
		return digits, 0
	}
	short := strings.TrimRight(text, "0")
	if n, ok := new(big.Int).SetString(short, 10); ok {
		return n, exponent + len(text) - len(short)
	}
	return digits, exponent
}
