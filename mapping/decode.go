package mapping

import (
	"reflect"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Decoder decodes items in DynamoDB JSON, {"pk":{"S":"x"},...} as in the Keys,
// NewImage and OldImage of a stream record, into values of type T. It is safe
// for concurrent use.
type Decoder[T any] struct {
	options options
}

// NewDecoder returns a Decoder for T: a struct, a map, an interface, or
// anything that implements attributevalue.Unmarshaler. It is an error, of type
// *Error, if an item can never be decoded into T, or if two fields of T, or of
// a struct within T, claim the same attribute name.
func NewDecoder[T any](opts ...Option) (*Decoder[T], error) {
	d := &Decoder[T]{options: newOptions(opts)}
	if err := checkTarget(reflect.TypeFor[T](), d.options.tagKey()); err != nil {
		return nil, fail(err)
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
	if into == nil {
		return fail(errNilTarget)
	}
	var zero T
	*into = zero
	return decodeInto(item, into, d.options)
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
	if err := checkTarget(v.Type().Elem(), o.tagKey()); err != nil {
		return fail(err)
	}
	return decodeInto(string(item), into, o)
}

func decodeInto(item string, into any, o options) error {
	m, err := parseItem(item)
	if err != nil {
		return err
	}
	if err := official(&types.AttributeValueMemberM{Value: m}, into, o); err != nil {
		return blame(m, reflect.TypeOf(into).Elem(), o, err)
	}
	return nil
}

// blame finds the attribute that does not decode.
func blame(m map[string]types.AttributeValue, t reflect.Type, o options, err error) error {
	for name, av := range m {
		one := map[string]types.AttributeValue{name: av}
		if err := official(&types.AttributeValueMemberM{Value: one}, reflect.New(t).Interface(), o); err != nil {
			return withinName(name, err)
		}
	}
	return asError(err)
}

// official calls AWS's decoder, which panics where a user's method does, and
// on an interface type that the value does not implement.
func official(av types.AttributeValue, into any, o options) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return valueFree(attributevalue.UnmarshalWithOptions(av, into, func(p *attributevalue.DecoderOptions) { *p = o.decoder }))
}
