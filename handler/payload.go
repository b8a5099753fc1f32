package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dynasink/dynasink/internal/seqnum"
	"github.com/dynasink/dynasink/internal/streamjson"
	"github.com/dynasink/dynasink/sink"
)

// rawRecord is a stream record whose envelope is decoded and whose images are not.
type rawRecord struct {
	*streamjson.Record
	identity *UserIdentity
	size     int64
	err      error // what is wrong with the envelope
}

func (r *rawRecord) origin() sink.Origin {
	return sink.Origin{Source: r.EventSourceARN, EventID: r.EventID, EventName: r.EventName, Sequence: r.SequenceNumber}
}

// split takes a payload apart into records. It does not look into their images. Damage inside one record is that record's
// error; only a payload that is no event at all is an error here.
//
// events.DynamoDBEvent is no alternative: one malformed attribute fails its whole event, and some make it panic.
func split(payload string) ([]rawRecord, error) {
	found, err := streamjson.Split(payload)
	return rawRecords(payload, []streamjson.Part{{Records: found}}, err)
}

// rawRecords are the records that payload has been split into, unless that failed.
func rawRecords(payload string, parts []streamjson.Part, err error) ([]rawRecord, error) {
	switch {
	case errors.Is(err, streamjson.ErrNoRecords), errors.Is(err, streamjson.ErrNotPayload):
		return nil, &ConfigError{"event source", fmt.Errorf("the payload is no DynamoDB stream event: %w", err)}
	case err != nil:
		return nil, fmt.Errorf("handler: the payload of %d bytes is no DynamoDB stream event: %w", len(payload), err)
	}
	n := 0
	for _, p := range parts {
		n += len(p.Records)
	}
	records := make([]rawRecord, 0, n)
	for _, p := range parts {
		for i := range p.Records {
			records = append(records, rawRecord{Record: &p.Records[i]})
			records[len(records)-1].decode()
		}
	}
	return records, nil
}

func (r *rawRecord) decode() {
	err := r.Err
	if err == nil && r.UserIdentity != "" {
		r.identity = new(UserIdentity)
		err = within("userIdentity", valueFree(json.Unmarshal([]byte(r.UserIdentity), r.identity)))
	}
	if err == nil && r.SizeBytes != "" {
		if r.size, err = strconv.ParseInt(r.SizeBytes, 10, 64); err != nil {
			err = errors.New("dynamodb.SizeBytes: not a whole number")
		}
	}
	r.err = within("record envelope", err)
}

func within(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// check finds what is wrong with an envelope before its images are decoded.
func (r *rawRecord) check() error {
	switch {
	case r.EventSource != "" && r.EventSource != "aws:dynamodb":
		return &ConfigError{"event source", fmt.Errorf("a record comes from %q and not from aws:dynamodb", clip(r.EventSource))}
	case r.EventSource == "" && r.SequenceNumber == "":
		return &ConfigError{"event source", errors.New("a record has neither eventSource nor dynamodb.SequenceNumber, so it is no stream record")}
	case r.err != nil:
		return sink.Permanent(r.err)
	case !seqnum.Valid(r.SequenceNumber):
		return sink.Permanent(errors.New("dynamodb.SequenceNumber is not a number of 1 to 40 digits, so the record can neither be ordered nor reported"))
	case !r.eventName().known():
		return sink.Permanent(fmt.Errorf("unknown eventName %q", clip(r.EventName)))
	case r.Keys == "":
		return sink.Permanent(errors.New("dynamodb.Keys is missing"))
	}
	return nil
}

func (r *rawRecord) eventName() EventName { return EventName(r.EventName) }

func (e EventName) known() bool { return e == Insert || e == Modify || e == Remove }

// clip bounds a string from the payload that goes into an error.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// creationTime reads ApproximateCreationDateTime: seconds since the epoch, with a fraction in some events, and milli- or
// microseconds where a record came through Kinesis. Absent is the zero time.
func creationTime(n string) (time.Time, error) {
	if n == "" {
		return time.Time{}, nil
	}
	if whole, err := strconv.ParseInt(n, 10, 64); err == nil {
		return epoch(whole), nil
	}
	seconds, err := strconv.ParseFloat(n, 64)
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
