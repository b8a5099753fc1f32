package mapping

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Overflow holds the attributes of an item that no field takes, so that
// nothing is lost when a table's items gain attributes. A struct that items
// decode into has at most one field of this type, not embedded itself but
// perhaps in an embedded struct:
//
//	type Order struct {
//		ID   string           `dynamodbav:"pk" db:"id,key"`
//		Rest mapping.Overflow `dynamodbav:"rest" db:"rest"`
//	}
//
// A [Decoder] fills it with every attribute that no other field takes, by its
// name or by one that matches but for case. The name of the field itself takes
// none, and one that is tagged "-" is left alone. [Marshal] writes the
// attributes back beside those of the other fields, exactly as they were.
// attributevalue's own functions do neither.
//
// In a row it is a column of JSON or text: plain JSON by the rules of
// [ToJSON], NULL if there are no attributes. Plain JSON does not tell a set
// from a list or a binary from a string, so [Overflow.Scan] reads back lists
// and strings.
//
// It knows top-level attributes only. What a map gains is lost if the map
// decodes into a struct, but not if it decodes into a map or an interface.
//
// A database may be stricter than DynamoDB or change what it is given:
// PostgreSQL's jsonb refuses the character NUL, and MySQL's type JSON rounds
// to a double what has a fraction or more than 64 bits. A column of text keeps
// everything. Sources: "JSON Types", PostgreSQL documentation; "The JSON Data
// Type", MySQL Reference Manual.
//
// The zero value holds none. Values can be compared; two that hold the same
// attributes in another order are different. An Overflow never changes but by
// decoding into it, and is safe for concurrent use otherwise.
type Overflow struct {
	item string // in DynamoDB JSON, checked; "" if there are no attributes
}

var overflowType = reflect.TypeFor[Overflow]()

// ParseOverflow returns the attributes of an item in DynamoDB JSON, such as
// {"gift":{"BOOL":true}}. It is as strict as ParseItem; the error is of type
// *Error.
func ParseOverflow(item []byte) (Overflow, error) {
	attributes, err := ParseItem(item)
	if err != nil || len(attributes) == 0 {
		return Overflow{}, err
	}
	return Overflow{strings.TrimSpace(string(item))}, nil
}

// Item returns the attributes in DynamoDB JSON, which ParseItem and Unmarshal
// read: in the order and the very text of the item that they come from, or {}
// if there are none.
func (o Overflow) Item() []byte { return []byte(o.text()) }

func (o Overflow) text() string {
	if o.item == "" {
		return "{}"
	}
	return o.item
}

// IsZero reports whether there are no attributes. It has encoding/json leave
// out a field with the option omitzero.
func (o Overflow) IsZero() bool { return o.item == "" }

// Value returns plain JSON as a string, or nil if there are no attributes. It
// implements driver.Valuer.
func (o Overflow) Value() (driver.Value, error) {
	if o.item == "" {
		return nil, nil
	}
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return string(text), nil
}

// Scan reads what Value returns, as a string or bytes, or nil. It implements
// sql.Scanner; see UnmarshalJSON.
func (o *Overflow) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*o = Overflow{}
		return nil
	case string:
		return o.fromJSON(src)
	case []byte:
		return o.fromJSON(string(src))
	}
	return fail(fmt.Errorf("cannot scan %T into mapping.Overflow: want a JSON object", src))
}

// MarshalJSON returns the attributes as ToJSON does: {} if there are none.
func (o Overflow) MarshalJSON() ([]byte, error) {
	w := jsonWriter{parser: parser{s: o.text()}, out: make([]byte, 0, len(o.item))}
	if err := w.item(); err != nil {
		return nil, asError(err)
	}
	return w.out, nil
}

// UnmarshalJSON reads a plain JSON object, or null, which has no attributes.
// Its strings, numbers, arrays and objects become S, N, L and M. The error is
// of type *Error: DynamoDB's rules hold, such as 38 digits for a number.
func (o *Overflow) UnmarshalJSON(text []byte) error { return o.fromJSON(string(text)) }

func (o *Overflow) fromJSON(text string) error {
	w := jsonWriter{parser: parser{s: text}}
	if err := w.typedItem(); err != nil {
		return asError(err)
	}
	if *o = (Overflow{}); len(w.out) > len("{}") {
		o.item = string(w.out)
	}
	return nil
}

// MarshalDynamoDBAttributeValue returns the attributes as an M, which is what
// attributevalue makes of the field. Marshal puts them where they belong.
func (o Overflow) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	item, err := parseItem(o.text())
	return &types.AttributeValueMemberM{Value: item}, err
}

// spread moves the attributes of the Overflow in v, if there is one, from
// where attributevalue puts them in v's item to beside the other fields'.
func spread(v reflect.Value, item map[string]types.AttributeValue) error {
	f, err := overflowIn(v)
	if f == nil || err != nil {
		return err
	}
	rest, _ := item[f.name].(*types.AttributeValueMemberM)
	delete(item, f.name)
	if rest == nil { // behind a nil pointer, or left out by omitempty
		return nil
	}
	for name, av := range rest.Value {
		if _, taken := item[name]; taken {
			return withinName(name, errTaken)
		}
		item[name] = av
	}
	return nil
}

// overflowIn returns the field that spread is about, nil if there is none or
// if v encodes itself.
func overflowIn(v reflect.Value) (*field, error) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil, nil
	}
	f, err := overflowOf(v.Type())
	if v.Type().Implements(marshalerType) || v.CanAddr() && v.Addr().Type().Implements(marshalerType) {
		return nil, err
	}
	return f, err
}

// overflows holds what overflowOf has found.
var overflows sync.Map // of reflect.Type to *field

// overflowOf returns the Overflow of struct type t, nil if there is none.
func overflowOf(t reflect.Type) (*field, error) {
	if known, ok := overflows.Load(t); ok {
		return known.(*field), nil
	}
	isOverflow := func(f reflect.StructField) bool { return f.Type == overflowType }
	var f *field
	var err error
	if slices.ContainsFunc(reflect.VisibleFields(t), isOverflow) {
		_, f, err = structFields(t, "dynamodbav")
	}
	if err == nil {
		overflows.Store(t, f)
	}
	return f, err
}
