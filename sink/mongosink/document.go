package mongosink

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Document is an item without a Go type: a collection of Documents holds whatever the table holds. handler.Mirror and
// di.UseMirror take it as they take a struct. A nil attribute value is an error.
//
//	DynamoDB           BSON
//	-----------------  ------------------------------------------------------------------
//	S, BOOL, NULL      string, bool, null
//	N                  a whole number of 64 bits: int64; others: Decimal128; see Numbers
//	B                  binary
//	SS, NS, BS, L      array
//	M                  document
//
// Attributes are written in the order of their names. The _id is made by [Key] or [IDFunc]; other attributes than the key
// that are called _id are an error. Names that MongoDB cannot query are an error too: see [FieldNames].
type Document map[string]types.AttributeValue

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (d *Document) UnmarshalDynamoDBAttributeValue(value types.AttributeValue) error {
	m, ok := value.(*types.AttributeValueMemberM)
	if !ok {
		return fmt.Errorf("mongosink: an item is a map of attributes, not a %T", value)
	}
	*d = m.Value
	return nil
}

// MarshalDynamoDBAttributeValue implements attributevalue.Marshaler.
func (d Document) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberM{Value: d}, nil
}

// itemOptions are those of collections of Documents.
type itemOptions struct {
	numbers    NumberPolicy
	fieldNames func(name string) string
	used       bool // an option has been given
}

// FieldNames renames attributes, at every depth, on the way into a collection of [Document]s. By default a name that is
// empty, contains a dot or a NUL, or begins with $ fails its record, because MongoDB cannot query or cannot store such a
// field. With [EscapeName], for one, it gets a name that works. What the function returns must be a name that works, and
// two attributes of one map must not get the same. [Key] and [ShardKey] name fields as they are after renaming.
func FieldNames(rename func(name string) string) CollectionOption {
	return collectionOption(func(c *collection) { c.item.fieldNames, c.item.used = rename, true })
}

// EscapeName replaces dots and dollar signs by their full-width forms U+FF0E and U+FF04, for [FieldNames].
func EscapeName(name string) string { return escapes.Replace(name) }

var escapes = strings.NewReplacer(".", "\uff0e", "$", "\uff04")

// checkItem finds options that do nothing for rows of type t.
func (c *collection) checkItem(t reflect.Type) error {
	document := t == reflect.TypeFor[Document]()
	switch {
	case c.item.used && !document:
		return errors.New("Numbers and FieldNames are for collections of Document")
	case document && c.byID == nil && len(c.keys) == 0:
		return errors.New("a collection of Document needs Key or IDFunc")
	case !c.item.numbers.valid():
		return errors.New("Numbers got an unknown policy")
	}
	return nil
}

// encodeItem is the encoder of Documents. With keyOnly it encodes only what finds a document and its version, because a
// delete must not fail for an attribute that it does not need.
func (c *collection) encodeItem(d Document, keyOnly bool) (bson.Raw, error) {
	e := itemEncoder{itemOptions: c.item, builder: newBuilder(256)}
	var only []string
	if keyOnly {
		only = slices.Concat(c.keys, c.shard, []string{c.guard.version})
	}
	if err := e.fields(d, only); err != nil {
		return nil, err
	}
	return e.done(), nil
}

// itemEncoder writes one item.
type itemEncoder struct {
	itemOptions
	*builder
}

// fields writes the attributes of a map; only, if not nil, is which.
func (e *itemEncoder) fields(m map[string]types.AttributeValue, only []string) error {
	seen := make(map[string]bool, len(m))
	for _, attribute := range slices.Sorted(maps.Keys(m)) {
		name, err := e.fieldName(attribute)
		if only != nil && (err != nil || !slices.Contains(only, name)) {
			continue
		}
		if err == nil && seen[name] {
			err = fmt.Errorf("another attribute has become the field %q too", name)
		}
		if err == nil {
			err = e.attribute(name, m[attribute])
		}
		if err != nil {
			return within("."+attribute, err)
		}
		seen[name] = true
	}
	return nil
}

func (e *itemEncoder) fieldName(attribute string) (string, error) {
	name := attribute
	if e.itemOptions.fieldNames != nil {
		name = e.itemOptions.fieldNames(attribute)
	}
	if name == "" || strings.ContainsAny(name, ".\x00") || strings.HasPrefix(name, "$") {
		return "", errors.New("MongoDB cannot query a field of this name (see FieldNames)")
	}
	return name, nil
}

func (e *itemEncoder) attribute(name string, value types.AttributeValue) error {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		e.text(name, v.Value)
	case *types.AttributeValueMemberN:
		return e.number(name, v.Value)
	case *types.AttributeValueMemberBOOL:
		e.bool(name, v.Value)
	case *types.AttributeValueMemberNULL:
		e.name(bson.TypeNull, name)
	case *types.AttributeValueMemberB:
		e.binary(name, v.Value)
	case *types.AttributeValueMemberM:
		e.document(bson.TypeEmbeddedDocument, name)
		defer e.end()
		return e.fields(v.Value, nil)
	case *types.AttributeValueMemberL:
		return array(e, name, v.Value, e.attribute)
	case *types.AttributeValueMemberNS:
		return array(e, name, v.Value, e.number)
	case *types.AttributeValueMemberSS:
		return array(e, name, v.Value, func(name, s string) error { e.text(name, s); return nil })
	case *types.AttributeValueMemberBS:
		return array(e, name, v.Value, func(name string, data []byte) error { e.binary(name, data); return nil })
	default:
		return fmt.Errorf("an attribute value of type %T has no form in BSON", value)
	}
	return nil
}

func array[T any](e *itemEncoder, name string, values []T, write func(name string, value T) error) error {
	e.document(bson.TypeArray, name)
	defer e.end()
	for i, value := range values {
		if err := write(strconv.Itoa(i), value); err != nil {
			return within("["+strconv.Itoa(i)+"]", err)
		}
	}
	return nil
}

// pathError says at which attribute of an item something is wrong.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string {
	return "attribute " + strings.TrimPrefix(e.path, ".") + ": " + e.err.Error()
}
func (e *pathError) Unwrap() error { return e.err }

func within(step string, err error) error {
	var inner *pathError
	if errors.As(err, &inner) {
		return &pathError{step + inner.path, inner.err}
	}
	return &pathError{step, err}
}
