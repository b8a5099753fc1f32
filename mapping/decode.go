package mapping

import (
	"reflect"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// Decoder decodes items in DynamoDB JSON, {"pk":{"S":"x"},...} as in the Keys,
// NewImage and OldImage of a stream record, into values of type T. It is safe
// for concurrent use; what T looks like is worked out once per type.
type Decoder[T any] struct {
	options options
	plan    *plan
}

// NewDecoder returns a Decoder for T: a struct, a map, an interface, or
// anything that implements attributevalue.Unmarshaler. It is an error, of type
// *Error, if an item can never be decoded into T, or if two fields of T, or of
// a struct within T, claim the same attribute name.
func NewDecoder[T any](opts ...Option) (*Decoder[T], error) {
	d := &Decoder[T]{options: newOptions(opts)}
	var err error
	if d.plan, err = planFor(reflect.TypeFor[T](), &d.options); err != nil {
		return nil, err
	}
	return d, nil
}

// Decode decodes one item. It first sets *into to its zero value, so that
// nothing of an earlier record stays behind; after an error *into holds what
// was decoded until then. The strings in *into have an allocation of their own
// per item and do not refer to item.
//
// The error is of type *Error.
func (d *Decoder[T]) Decode(item []byte, into *T) error {
	return d.DecodeString(string(item), into)
}

// DecodeString is Decode for an item that is already a string. The strings
// decoded are substrings of item wherever it has no escapes, which costs no
// allocation, and keeps all of item in memory as long as one of them is used.
// With item itself a substring of a whole payload, that is the payload.
func (d *Decoder[T]) DecodeString(item string, into *T) error {
	end, err := d.DecodePrefix(item, 0, into)
	if err == nil && streamjson.Space(item, end) != len(item) {
		err = fail(errTrailing)
	}
	return err
}

// DecodePrefix is DecodeString for the item that starts at text[at], and
// returns the index behind it. It lets a payload be decoded in passing.
func (d *Decoder[T]) DecodePrefix(text string, at int, into *T) (end int, err error) {
	if into == nil || at < 0 || at > len(text) {
		return at, fail(errNilTarget)
	}
	var zero T
	*into = zero
	return decodeItem(d.plan, text, at, reflect.ValueOf(into).Elem(), &d.options)
}

// Unmarshal decodes one item into the value that into points to, like
// attributevalue.UnmarshalMap does: what the item does not mention keeps its
// value. Errors are of type *Error.
func Unmarshal(item []byte, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fail(errNilTarget)
	}
	o := newOptions(nil)
	p, err := planFor(v.Type().Elem(), &o)
	if err != nil {
		return err
	}
	text := string(item)
	end, err := decodeItem(p, text, 0, v.Elem(), &o)
	if err == nil && streamjson.Space(text, end) != len(text) {
		err = fail(errTrailing)
	}
	return err
}
