package mapping

import (
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Marshal encodes v, a struct or a map (or a pointer to one), as an item in
// DynamoDB JSON, with the rules of attributevalue.MarshalMap. Attributes are
// sorted by name, so equal values give equal text. Those of an Overflow stand
// beside the others, as in the item that they come from; it is an error if
// another field has the same name.
//
// It is an error, of type *Error, what MarshalMap passes over: a v that is not
// an item, and a value that DynamoDB would refuse (NaN, an empty set, invalid
// UTF-8). So is a v that contains itself, on which MarshalMap never returns.
func Marshal(v any) ([]byte, error) {
	av, err := encode(v)
	if err != nil {
		return nil, asError(err)
	}
	m, ok := av.(*types.AttributeValueMemberM)
	if !ok {
		return nil, fail(errNotItem)
	}
	return MarshalItem(m.Value)
}

// MarshalItem encodes attribute values of the SDK as an item in DynamoDB JSON.
// ParseItem is its inverse. Attributes are sorted by name; errors are of type
// *Error.
func MarshalItem(item map[string]types.AttributeValue) ([]byte, error) {
	dst, err := appendItem(nil, item, 0)
	if err != nil {
		return nil, asError(err)
	}
	return dst, nil
}

// encode calls AWS's encoder, which panics where a user's method does, and
// spreads an Overflow.
func encode(v any) (av types.AttributeValue, err error) {
	if cyclic(v) {
		return nil, errCycle
	}
	defer func() {
		if recover() != nil {
			err = errPanicEncoding
		}
	}()
	if av, err = attributevalue.Marshal(v); err != nil {
		return nil, valueFree(err)
	}
	if m, ok := av.(*types.AttributeValueMemberM); ok {
		err = spread(reflect.ValueOf(v), m.Value)
	}
	return av, err
}

func appendItem(dst []byte, item map[string]types.AttributeValue, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(item)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if err = checkText(name); err == nil {
			dst = append(appendString(dst, name), ':')
			dst, err = appendValue(dst, item[name], depth)
		}
		if err != nil {
			return nil, withinName(name, err)
		}
	}
	return append(dst, '}'), nil
}

func appendValue(dst []byte, av types.AttributeValue, depth int) ([]byte, error) {
	av, err := checked(av)
	if err != nil {
		return nil, err
	}
	switch av := av.(type) {
	case *types.AttributeValueMemberS:
		dst = appendString(append(dst, `{"S":`...), av.Value)
	case *types.AttributeValueMemberN:
		dst = appendString(append(dst, `{"N":`...), av.Value)
	case *types.AttributeValueMemberB:
		dst = appendBinary(append(dst, `{"B":`...), av.Value)
	case *types.AttributeValueMemberBOOL:
		dst = strconv.AppendBool(append(dst, `{"BOOL":`...), av.Value)
	case *types.AttributeValueMemberNULL:
		dst = append(dst, `{"NULL":true`...)
	case *types.AttributeValueMemberSS:
		dst = appendSet(append(dst, `{"SS":`...), av.Value, appendString)
	case *types.AttributeValueMemberNS:
		dst = appendSet(append(dst, `{"NS":`...), av.Value, appendString)
	case *types.AttributeValueMemberBS:
		dst = appendSet(append(dst, `{"BS":`...), av.Value, appendBinary)
	case *types.AttributeValueMemberL:
		dst, err = appendList(append(dst, `{"L":`...), av.Value, depth+1)
	case *types.AttributeValueMemberM:
		dst, err = appendItem(append(dst, `{"M":`...), av.Value, depth+1)
	}
	return append(dst, '}'), err
}

func appendList(dst []byte, list []types.AttributeValue, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	dst = append(dst, '[')
	for i, av := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, av, depth); err != nil {
			return nil, withinIndex(i, err)
		}
	}
	return append(dst, ']'), nil
}

func appendSet[E any](dst []byte, set []E, element func([]byte, E) []byte) []byte {
	for i, e := range set {
		if i == 0 {
			dst = append(dst, '[')
		} else {
			dst = append(dst, ',')
		}
		dst = element(dst, e)
	}
	return append(dst, ']')
}

func appendBinary(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

// appendString quotes s, which is valid UTF-8.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
