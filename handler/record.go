package handler

import (
	"strings"
	"time"
)

// EventName is the kind of change: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
type EventName string

// The kinds of change of an item.
const (
	Insert EventName = "INSERT" // a new item
	Modify EventName = "MODIFY" // an existing item has changed
	Remove EventName = "REMOVE" // an item was deleted, by a caller or by Time to Live
)

// Record is one stream record with its images decoded into T, the Go type of the table's items (with dynamodbav tags).
// A handler may keep or change a Record: nothing else reads it. It shares memory with other records of its batch, and its
// strings with the whole batch: what is kept for long, in a cache, is better cloned (see [Decoding] with mapping.CloneStrings).
type Record[T any] struct {
	EventID        string // unique within the stream, the same in every delivery
	EventName      EventName
	EventVersion   string
	EventSource    string // "aws:dynamodb"
	AWSRegion      string
	EventSourceARN string        // the ARN of the stream
	UserIdentity   *UserIdentity // nil unless a service made the change

	Keys     T  // the key attributes; all other fields are zero
	NewImage *T // the item after the change; nil for REMOVE, for view types without it, and when Needs leaves it out
	OldImage *T // the item before the change; nil for INSERT, for view types without it, and when Needs leaves it out

	// ApproximateCreationDateTime is when the change was made, to the second; zero if the record does not say.
	ApproximateCreationDateTime time.Time
	SequenceNumber              string // 21 to 40 decimal digits: compare as a number, within one stream only
	SizeBytes                   int64
	StreamViewType              StreamViewType
}

// TableName returns the name of the table that the stream belongs to, or "" if the ARN is not a stream's.
func (r *Record[T]) TableName() string { return tableName(r.EventSourceARN) }

// Expired reports whether Time to Live removed the item. In a global table only the region that expired the item
// tells; the replicas see an ordinary REMOVE.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
func (r *Record[T]) Expired() bool { return r.EventName == Remove && r.UserIdentity.expired() }

// UserIdentity says which service made a change.
type UserIdentity struct {
	Type        string `json:"type"`        // "Service"
	PrincipalID string `json:"principalId"` // "dynamodb.amazonaws.com" for Time to Live
}

func (u *UserIdentity) clone() *UserIdentity {
	if u == nil {
		return nil
	}
	own := *u
	return &own
}

func (u *UserIdentity) expired() bool {
	return u != nil && u.Type == "Service" && u.PrincipalID == "dynamodb.amazonaws.com"
}

// StreamViewType says which images the records of a stream hold. It is fixed when the stream is enabled.
type StreamViewType string

// The view types of DynamoDB Streams.
const (
	KeysOnly        StreamViewType = "KEYS_ONLY"
	NewImageOnly    StreamViewType = "NEW_IMAGE"
	OldImageOnly    StreamViewType = "OLD_IMAGE"
	NewAndOldImages StreamViewType = "NEW_AND_OLD_IMAGES"
)

// Image is a set of a record's images; combine with |.
type Image uint8

// The images of a stream record.
const (
	NewImage Image = 1 << iota // present in INSERT and MODIFY
	OldImage                   // present in MODIFY and REMOVE
)

func (i Image) has(image Image) bool { return i&image != 0 }

// tableName takes the table out of arn:aws:dynamodb:region:account:table/NAME/stream/LABEL.
func tableName(arn string) string {
	_, rest, found := strings.Cut(arn, ":table/")
	if !found {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}
