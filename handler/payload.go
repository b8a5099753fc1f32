package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dynasink/dynasink/sink"
)

// rawRecord is a stream record whose envelope is decoded and whose images are not.
type rawRecord struct {
	envelope
	json json.RawMessage // the whole record, for dead letters
	err  error           // why the envelope could not be decoded
}

type envelope struct {
	EventID        string        `json:"eventID"`
	EventName      EventName     `json:"eventName"`
	EventVersion   string        `json:"eventVersion"`
	EventSource    string        `json:"eventSource"`
	AWSRegion      string        `json:"awsRegion"`
	EventSourceARN string        `json:"eventSourceARN"`
	UserIdentity   *UserIdentity `json:"userIdentity"`
	Change         struct {
		ApproximateCreationDateTime json.Number     `json:"ApproximateCreationDateTime"`
		Keys                        json.RawMessage `json:"Keys"`
		NewImage                    json.RawMessage `json:"NewImage"`
		OldImage                    json.RawMessage `json:"OldImage"`
		SequenceNumber              string          `json:"SequenceNumber"`
		SizeBytes                   int64           `json:"SizeBytes"`
		StreamViewType              StreamViewType  `json:"StreamViewType"`
	} `json:"dynamodb"`
}

func (r *rawRecord) origin() sink.Origin {
	return sink.Origin{Source: r.EventSourceARN, EventID: r.EventID, Sequence: r.Change.SequenceNumber}
}

// split takes a payload apart into records without looking into their images. Damage inside one record is that record's
// error; only a payload that is no event at all is an error here.
//
// events.DynamoDBEvent is no alternative: one malformed attribute fails its whole event, and some make it panic.
func split(payload []byte) ([]rawRecord, error) {
	var event struct {
		Records *[]json.RawMessage `json:"Records"`
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("handler: the payload of %d bytes is no DynamoDB stream event: %w", len(payload), valueFree(err))
	}
	if event.Records == nil {
		return nil, &ConfigError{"event source", errors.New("the payload has no Records, so it is no DynamoDB stream event")}
	}
	records := make([]rawRecord, len(*event.Records))
	for i, raw := range *event.Records {
		records[i].decode(raw)
	}
	return records, nil
}

func (r *rawRecord) decode(raw json.RawMessage) {
	r.json = raw
	if err := json.Unmarshal(raw, &r.envelope); err != nil {
		r.err = fmt.Errorf("record envelope: %w", valueFree(err))
		r.Change.SequenceNumber = sequenceOf(raw)
	}
}

// sequenceOf finds the sequence number of a record whose envelope is damaged elsewhere, to be able to report it.
func sequenceOf(raw json.RawMessage) string {
	var record struct {
		Change struct{ SequenceNumber json.RawMessage } `json:"dynamodb"`
	}
	var sequence string
	if json.Unmarshal(raw, &record) != nil || json.Unmarshal(record.Change.SequenceNumber, &sequence) != nil {
		return ""
	}
	return sequence
}

// check finds what is wrong with an envelope before its images are decoded.
func (r *rawRecord) check() error {
	switch {
	case r.EventSource != "" && r.EventSource != "aws:dynamodb":
		return &ConfigError{"event source", fmt.Errorf("a record comes from %q and not from aws:dynamodb", clip(r.EventSource))}
	case r.err != nil:
		return sink.Permanent(r.err)
	case !validSequence(r.Change.SequenceNumber):
		return sink.Permanent(fmt.Errorf("dynamodb.SequenceNumber is not a number of 1 to 40 digits, so the record can neither be ordered nor reported"))
	case r.EventName != Insert && r.EventName != Modify && r.EventName != Remove:
		return sink.Permanent(fmt.Errorf("unknown eventName %q", clip(string(r.EventName))))
	case !present(r.Change.Keys):
		return sink.Permanent(errors.New("dynamodb.Keys is missing"))
	}
	return nil
}

// validSequence accepts the digits that DynamoDB documents (21 to 40) and shorter ones, as emulators and hand-made events
// have them: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
func validSequence(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// clip bounds a string from the payload that goes into an error.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// creationTime reads ApproximateCreationDateTime: seconds since the epoch, with a fraction in some events, and milli- or
// microseconds where a record came through Kinesis. Absent is the zero time.
func creationTime(n json.Number) (time.Time, error) {
	if n == "" {
		return time.Time{}, nil
	}
	if whole, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return epoch(whole), nil
	}
	seconds, err := strconv.ParseFloat(string(n), 64)
	if err != nil || math.Abs(seconds) > 1e11 {
		return time.Time{}, errors.New("dynamodb.ApproximateCreationDateTime is out of range")
	}
	return time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC(), nil
}

func epoch(n int64) time.Time {
	const year5138 = 100_000_000_000 // as seconds; as milliseconds it is 1973, before any stream
	switch {
	case n < year5138:
		return time.Unix(n, 0).UTC()
	case n < year5138*1000:
		return time.UnixMilli(n).UTC()
	default:
		return time.UnixMicro(n).UTC()
	}
}
