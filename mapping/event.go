package mapping

import (
	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// FromEvent converts an attribute value of aws-lambda-go into the SDK's, with
// the checks of ParseItem. Binaries share memory with v. The zero value of
// events.DynamoDBAttributeValue, which would panic when read, is an error.
func FromEvent(v events.DynamoDBAttributeValue) (types.AttributeValue, error) {
	av, err := fromEvent(v, 0)
	if err != nil {
		return nil, asError(err)
	}
	return av, nil
}

// FromEventItem converts a whole image or key; see FromEvent.
func FromEventItem(item map[string]events.DynamoDBAttributeValue) (map[string]types.AttributeValue, error) {
	m, err := fromEventMap(item, 0)
	if err != nil {
		return nil, asError(err)
	}
	return m, nil
}

func fromEvent(v events.DynamoDBAttributeValue, depth int) (types.AttributeValue, error) {
	if v.DataType() != events.DataTypeNull && v.IsNull() {
		return nil, errNilAttribute
	}
	switch v.DataType() {
	case events.DataTypeNull:
		return &types.AttributeValueMemberNULL{Value: true}, nil
	case events.DataTypeString:
		return checked(&types.AttributeValueMemberS{Value: v.String()})
	case events.DataTypeNumber:
		return checked(&types.AttributeValueMemberN{Value: v.Number()})
	case events.DataTypeBoolean:
		return &types.AttributeValueMemberBOOL{Value: v.Boolean()}, nil
	case events.DataTypeBinary:
		return &types.AttributeValueMemberB{Value: v.Binary()}, nil
	case events.DataTypeStringSet:
		return checked(&types.AttributeValueMemberSS{Value: v.StringSet()})
	case events.DataTypeNumberSet:
		return checked(&types.AttributeValueMemberNS{Value: v.NumberSet()})
	case events.DataTypeBinarySet:
		return checked(&types.AttributeValueMemberBS{Value: v.BinarySet()})
	case events.DataTypeList:
		l, err := fromEventList(v.List(), depth+1)
		return &types.AttributeValueMemberL{Value: l}, err
	case events.DataTypeMap:
		m, err := fromEventMap(v.Map(), depth+1)
		return &types.AttributeValueMemberM{Value: m}, err
	}
	return nil, errUnknownTag
}

func fromEventMap(from map[string]events.DynamoDBAttributeValue, depth int) (map[string]types.AttributeValue, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	to := make(map[string]types.AttributeValue, len(from))
	for name, v := range from {
		var err error
		if to[name], err = fromEvent(v, depth); err != nil {
			return nil, withinName(name, err)
		}
	}
	return to, nil
}

func fromEventList(from []events.DynamoDBAttributeValue, depth int) ([]types.AttributeValue, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	to := make([]types.AttributeValue, len(from))
	for i, v := range from {
		var err error
		if to[i], err = fromEvent(v, depth); err != nil {
			return nil, withinIndex(i, err)
		}
	}
	return to, nil
}

// ToEvent converts an attribute value of the SDK into aws-lambda-go's, with
// the checks of ParseItem. Binaries share memory with av. A nil or unknown
// attribute value is an error.
func ToEvent(av types.AttributeValue) (events.DynamoDBAttributeValue, error) {
	v, err := toEvent(av, 0)
	if err != nil {
		return events.DynamoDBAttributeValue{}, asError(err)
	}
	return v, nil
}

// ToEventItem converts a whole item; see ToEvent.
func ToEventItem(item map[string]types.AttributeValue) (map[string]events.DynamoDBAttributeValue, error) {
	m, err := toEventMap(item, 0)
	if err != nil {
		return nil, asError(err)
	}
	return m, nil
}

func toEvent(av types.AttributeValue, depth int) (v events.DynamoDBAttributeValue, err error) {
	if av, err = checked(av); err != nil {
		return v, err
	}
	switch av := av.(type) {
	case *types.AttributeValueMemberS:
		return events.NewStringAttribute(av.Value), nil
	case *types.AttributeValueMemberN:
		return events.NewNumberAttribute(av.Value), nil
	case *types.AttributeValueMemberBOOL:
		return events.NewBooleanAttribute(av.Value), nil
	case *types.AttributeValueMemberB:
		return events.NewBinaryAttribute(av.Value), nil
	case *types.AttributeValueMemberSS:
		return events.NewStringSetAttribute(av.Value), nil
	case *types.AttributeValueMemberNS:
		return events.NewNumberSetAttribute(av.Value), nil
	case *types.AttributeValueMemberBS:
		return events.NewBinarySetAttribute(av.Value), nil
	case *types.AttributeValueMemberL:
		l, err := toEventList(av.Value, depth+1)
		return events.NewListAttribute(l), err
	case *types.AttributeValueMemberM:
		m, err := toEventMap(av.Value, depth+1)
		return events.NewMapAttribute(m), err
	}
	return events.NewNullAttribute(), nil
}

func toEventMap(from map[string]types.AttributeValue, depth int) (map[string]events.DynamoDBAttributeValue, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	to := make(map[string]events.DynamoDBAttributeValue, len(from))
	for name, av := range from {
		var err error
		if to[name], err = toEvent(av, depth); err != nil {
			return nil, withinName(name, err)
		}
	}
	return to, nil
}

func toEventList(from []types.AttributeValue, depth int) ([]events.DynamoDBAttributeValue, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	to := make([]events.DynamoDBAttributeValue, len(from))
	for i, av := range from {
		var err error
		if to[i], err = toEvent(av, depth); err != nil {
			return nil, withinIndex(i, err)
		}
	}
	return to, nil
}
