package mapping

import (
	"reflect"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// checked returns av if it is one of the ten types and DynamoDB could hold it,
// not looking into lists and maps.
func checked(av types.AttributeValue) (types.AttributeValue, error) {
	if av == nil || reflect.ValueOf(av).Kind() == reflect.Pointer && reflect.ValueOf(av).IsNil() {
		return nil, errNilAttribute
	}
	switch av := av.(type) {
	case *types.AttributeValueMemberS:
		return av, checkText(av.Value)
	case *types.AttributeValueMemberN:
		return av, checkNumber(av.Value)
	case *types.AttributeValueMemberSS:
		return av, checkSet(av.Value, checkText)
	case *types.AttributeValueMemberNS:
		return av, checkSet(av.Value, checkNumber)
	case *types.AttributeValueMemberBS:
		return av, checkSet(av.Value, func([]byte) error { return nil })
	case *types.AttributeValueMemberB, *types.AttributeValueMemberBOOL, *types.AttributeValueMemberNULL,
		*types.AttributeValueMemberL, *types.AttributeValueMemberM:
		return av, nil
	}
	return nil, errUnknownTag
}

func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errInvalidUTF8
	}
	return nil
}

func checkSet[E any](set []E, check func(E) error) error {
	if len(set) == 0 {
		return errEmptySet
	}
	for i, e := range set {
		if err := check(e); err != nil {
			return withinIndex(i, err)
		}
	}
	return nil
}
