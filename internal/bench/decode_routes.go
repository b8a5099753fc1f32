package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/internal/streamjson"
	"github.com/dynasink/dynasink/mapping"
)

// decodeOurs makes one copy of the payload, because aws-lambda-go reuses its
// buffer, and decodes the images while it splits that into records.
func decodeOurs[T any](d *mapping.Decoder[T], payload []byte, both bool, sink func(T)) error {
	var v T
	text := string(payload)
	records, err := streamjson.SplitWith(text, func(_ int, image streamjson.Image, at int) (int, bool) {
		if image != streamjson.NewImage && (image != streamjson.OldImage || !both) {
			return at, false
		}
		end, err := d.DecodePrefix(text, at, &v)
		if err != nil {
			return at, false
		}
		sink(v)
		return end, true
	})
	if err != nil {
		return err
	}
	for i := range records {
		if records[i].Err != nil {
			return records[i].Err
		}
	}
	return nil
}

// decodeTwice splits first and decodes then, for those who want to see all
// records before they decode any.
func decodeTwice[T any](d *mapping.Decoder[T], payload []byte, both bool, sink func(T)) error {
	records, err := streamjson.Split(string(payload))
	if err != nil {
		return err
	}
	var v T
	for i := range records {
		if err := d.DecodeString(records[i].NewImage, &v); err != nil {
			return err
		}
		sink(v)
		if both {
			if err := d.DecodeString(records[i].OldImage, &v); err != nil {
				return err
			}
			sink(v)
		}
	}
	return nil
}

// decodeUsual is what functions do without this module: aws-lambda-go's
// event, converted to the SDK's attribute values, decoded by attributevalue.
func decodeUsual[T any](payload []byte, both bool, sink func(T)) error {
	var event events.DynamoDBEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return err
	}
	for _, r := range event.Records {
		if err := usualImage(r.Change.NewImage, sink); err != nil {
			return err
		}
		if both {
			if err := usualImage(r.Change.OldImage, sink); err != nil {
				return err
			}
		}
	}
	return nil
}

func usualImage[T any](image map[string]events.DynamoDBAttributeValue, sink func(T)) error {
	var v T
	if err := attributevalue.UnmarshalMap(convertMap(image), &v); err != nil {
		return err
	}
	sink(v)
	return nil
}

func convertMap(from map[string]events.DynamoDBAttributeValue) map[string]types.AttributeValue {
	to := make(map[string]types.AttributeValue, len(from))
	for name, v := range from {
		to[name] = convert(v)
	}
	return to
}

func convert(v events.DynamoDBAttributeValue) types.AttributeValue {
	switch v.DataType() {
	case events.DataTypeString:
		return &types.AttributeValueMemberS{Value: v.String()}
	case events.DataTypeNumber:
		return &types.AttributeValueMemberN{Value: v.Number()}
	case events.DataTypeBinary:
		return &types.AttributeValueMemberB{Value: v.Binary()}
	case events.DataTypeBoolean:
		return &types.AttributeValueMemberBOOL{Value: v.Boolean()}
	case events.DataTypeStringSet:
		return &types.AttributeValueMemberSS{Value: v.StringSet()}
	case events.DataTypeNumberSet:
		return &types.AttributeValueMemberNS{Value: v.NumberSet()}
	case events.DataTypeBinarySet:
		return &types.AttributeValueMemberBS{Value: v.BinarySet()}
	case events.DataTypeMap:
		return &types.AttributeValueMemberM{Value: convertMap(v.Map())}
	case events.DataTypeList:
		list := make([]types.AttributeValue, len(v.List()))
		for i, e := range v.List() {
			list[i] = convert(e)
		}
		return &types.AttributeValueMemberL{Value: list}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

type rawEvent struct {
	Records []struct {
		Dynamodb struct{ NewImage, OldImage json.RawMessage } `json:"dynamodb"`
	}
}

// images has f called with the JSON of the images to decode.
func images(payload []byte, both bool, f func([]byte) error) error {
	var event rawEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return err
	}
	for _, r := range event.Records {
		if err := f(r.Dynamodb.NewImage); err != nil {
			return err
		}
		if both {
			if err := f(r.Dynamodb.OldImage); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodeSDK leaves aws-lambda-go's attribute values out.
func decodeSDK[T any](payload []byte, both bool, sink func(T)) error {
	return images(payload, both, func(image []byte) error {
		item, err := attributevalue.UnmarshalMapJSON(image)
		if err != nil {
			return err
		}
		return decodeItem(item, sink)
	})
}

func decodeItem[T any](item map[string]types.AttributeValue, sink func(T)) error {
	var v T
	if err := attributevalue.UnmarshalMap(item, &v); err != nil {
		return err
	}
	sink(v)
	return nil
}

// decodeJSONText builds the attribute values from jsontext's tokens.
func decodeJSONText[T any](payload []byte, both bool, sink func(T)) error {
	var r tokenReader
	return images(payload, both, func(image []byte) error {
		r.Reset(bytes.NewReader(image))
		item := r.item()
		if r.err != nil {
			return fmt.Errorf("jsontext: %w", r.err)
		}
		return decodeItem(item, sink)
	})
}
