package mongosink

import (
	"encoding/binary"
	"errors"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// NumberPolicy says what becomes of DynamoDB's numbers, which have up to 38 digits, in a collection of [Document]s.
type NumberPolicy uint8

// What a number becomes that is a whole one of 64 bits is an int64 with every policy.
const (
	// ExactNumbers makes other numbers Decimal128, which has 34 digits; more digits are a permanent error of the record. It
	// is the default.
	ExactNumbers NumberPolicy = iota
	// LongNumbersAsText is ExactNumbers, but makes a string of a number with more than 34 digits.
	LongNumbersAsText
	// DoubleNumbers makes other numbers doubles, rounded to about 16 digits.
	DoubleNumbers
)

// Numbers sets the policy for numbers of a collection of [Document]s.
func Numbers(p NumberPolicy) CollectionOption {
	return collectionOption(func(c *collection) { c.item.numbers, c.item.used = p, true })
}

func (p NumberPolicy) valid() bool { return p <= DoubleNumbers }

var (
	errNoNumber = errors.New("this is no number")
	errDigits   = errors.New("the number has more than the 34 digits of a Decimal128 (see Numbers)")
)

func (e *itemEncoder) number(name, text string) error {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		e.int64(name, n)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f-f != 0 { // NaN and infinity are numbers for strconv
		return errNoNumber
	}
	d, err := bson.ParseDecimal128(text)
	if n, fits := whole(d); err == nil && fits {
		e.int64(name, n)
		return nil
	}
	return e.broken(name, text, f, d, err == nil)
}

// broken writes a number that is not a whole one of 64 bits; d is exact or not.
func (e *itemEncoder) broken(name, text string, f float64, d bson.Decimal128, exact bool) error {
	switch {
	case e.numbers == DoubleNumbers:
		e.double(name, f)
	case exact:
		e.decimal(name, d)
	case e.numbers == LongNumbersAsText:
		e.text(name, text)
	default:
		return errDigits
	}
	return nil
}

// whole finds integers that are not written like one: 1E2, 1.0.
func whole(d bson.Decimal128) (int64, bool) {
	n, err := strconv.ParseInt(decimalDigits(d), 10, 64)
	return n, err == nil
}

func (b *builder) decimal(name string, d bson.Decimal128) {
	b.name(bson.TypeDecimal128, name)
	high, low := d.GetBytes()
	b.bytes = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b.bytes, low), high)
}
