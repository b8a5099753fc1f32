package handlertest

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/mapping"
)

// document is a stream record on its way to JSON, in the order of the documentation's examples.
type document struct {
	EventID        string                `json:"eventID"`
	EventName      handler.EventName     `json:"eventName"`
	EventVersion   string                `json:"eventVersion"`
	EventSource    string                `json:"eventSource"`
	AWSRegion      string                `json:"awsRegion"`
	Change         documentChange        `json:"dynamodb"`
	UserIdentity   *handler.UserIdentity `json:"userIdentity,omitempty"`
	EventSourceARN string                `json:"eventSourceARN"`
}

type documentChange struct {
	Created        int64                  `json:"ApproximateCreationDateTime"`
	Keys           json.RawMessage        `json:"Keys"`
	NewImage       json.RawMessage        `json:"NewImage,omitempty"`
	OldImage       json.RawMessage        `json:"OldImage,omitempty"`
	SequenceNumber string                 `json:"SequenceNumber"`
	SizeBytes      int                    `json:"SizeBytes"`
	StreamViewType handler.StreamViewType `json:"StreamViewType"`
}

func (t *Table) encode(c change) (Record, error) {
	doc := document{
		EventID: t.eventID(c.number), EventName: c.name, EventVersion: "1.1", EventSource: "aws:dynamodb", AWSRegion: region,
		EventSourceARN: t.StreamARN(),
		Change: documentChange{
			Created: t.time(c.number).Unix(), SequenceNumber: sequence(c.number),
			StreamViewType: handler.StreamViewType(or(string(t.ViewType), string(handler.NewAndOldImages))),
		},
	}
	if c.expired {
		doc.UserIdentity = &handler.UserIdentity{Type: "Service", PrincipalID: "dynamodb.amazonaws.com"}
	}
	if err := t.images(&doc.Change, c); err != nil {
		return Record{}, err
	}
	doc.Change.SizeBytes = len(doc.Change.Keys) + len(doc.Change.NewImage) + len(doc.Change.OldImage)
	text, err := json.Marshal(doc)
	return newRecord(text), err
}

// images sets the keys, and the images that the view type has.
func (t *Table) images(to *documentChange, c change) error {
	before, oldKeys, err := t.item(c.before, "old image")
	if err != nil {
		return err
	}
	after, newKeys, err := t.item(c.after, "new image")
	switch {
	case err != nil:
		return err
	case c.name == handler.Modify && string(oldKeys) != string(newKeys):
		return errors.New("the two images have different keys; that is a removal and an insertion")
	}
	to.Keys = newKeys
	if newKeys == nil {
		to.Keys = oldKeys
	}
	if v := to.StreamViewType; v == handler.NewImageOnly || v == handler.NewAndOldImages {
		to.NewImage = after
	}
	if v := to.StreamViewType; v == handler.OldImageOnly || v == handler.NewAndOldImages {
		to.OldImage = before
	}
	return nil
}

// item encodes an image and its key attributes; nil has neither.
func (t *Table) item(v any, image string) (item, keys json.RawMessage, err error) {
	if v == nil {
		return nil, nil, nil
	}
	if item, err = mapping.Marshal(v); err == nil {
		keys, err = t.keys(item)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", image, err)
	}
	return item, keys, nil
}

func (t *Table) keys(item json.RawMessage) (json.RawMessage, error) {
	if len(t.Keys) == 0 {
		return nil, errNoKeys
	}
	attributes, err := mapping.ParseItem(item)
	if err != nil {
		return nil, err
	}
	keys := map[string]types.AttributeValue{}
	for _, name := range t.Keys {
		if err := checkKey(name, attributes[name]); err != nil {
			return nil, err
		}
		keys[name] = attributes[name]
	}
	return mapping.MarshalItem(keys)
}

// checkKey refuses what DynamoDB refuses as a key.
func checkKey(name string, v types.AttributeValue) error {
	empty := false
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		empty = v.Value == ""
	case *types.AttributeValueMemberB:
		empty = len(v.Value) == 0
	case *types.AttributeValueMemberN:
	case nil:
		return fmt.Errorf("it has no key attribute %q", name)
	default:
		return fmt.Errorf("its key attribute %q is no string, number or binary", name)
	}
	if empty {
		return fmt.Errorf("its key attribute %q is empty", name)
	}
	return nil
}
