package handlertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// Record is a stream record as JSON. Its methods return new records; it may be used by several goroutines.
type Record struct {
	json     json.RawMessage
	err      error
	sequence string
	key      string // the same for all records of an item
	created  int64  // seconds since the epoch
}

// newRecord reads what a stream must know of a record.
func newRecord(text json.RawMessage) Record {
	return Record{json: text}.read()
}

// read takes over what can be told from the JSON. What is damaged stays as it was: the stream knows its own numbers.
func (r Record) read() Record {
	var doc struct {
		Change struct{ Keys, SequenceNumber, ApproximateCreationDateTime json.RawMessage } `json:"dynamodb"`
	}
	if json.Unmarshal(r.json, &doc) != nil {
		return r
	}
	var sequence string
	if json.Unmarshal(doc.Change.SequenceNumber, &sequence) == nil {
		if _, err := sink.PadSequence(sequence); err == nil {
			r.sequence = sequence
		}
	}
	var keys map[string]any
	if json.Unmarshal(doc.Change.Keys, &keys) == nil && len(keys) > 0 {
		text, _ := json.Marshal(keys) // sorted by name
		r.key = string(text)
	}
	var created float64
	if json.Unmarshal(doc.Change.ApproximateCreationDateTime, &created) == nil {
		r.created = int64(created)
	}
	return r
}

// JSON returns the record as it stands in an event, or nil if it could not be built.
func (r Record) JSON() json.RawMessage { return r.json }

// Err returns why the record could not be built.
func (r Record) Err() error { return r.err }

// SequenceNumber returns the record's sequence number: the one in its JSON, or the one before it was damaged.
func (r Record) SequenceNumber() string { return r.sequence }

// String returns the record's JSON, or its error.
func (r Record) String() string {
	if r.err != nil {
		return r.err.Error()
	}
	return string(r.json)
}

// With returns the record with the member at path set to the text value, which need not be JSON: a record as damaged as
// wanted. A path is made of names joined by dots, as in "dynamodb.NewImage.total"; names that hold dots cannot be reached.
// Objects on the way are made if they are absent.
func (r Record) With(path, value string) Record { return r.edit(path, &value) }

// Without returns the record without the member at path (see [Record.With]); one that is absent changes nothing.
func (r Record) Without(path string) Record { return r.edit(path, nil) }

func (r Record) edit(path string, value *string) Record {
	if r.err != nil {
		return r
	}
	text, err := edited(r.json, strings.Split(path, "."), value)
	if err != nil {
		r.err = fmt.Errorf("handlertest: set %q: %w", path, err)
		return r
	}
	r.json = text
	return r.read()
}

var errNoObject = errors.New("there is something else than a JSON object on the way")

// edited returns an object with the member at path replaced; nil removes it.
func edited(object json.RawMessage, path []string, value *string) (json.RawMessage, error) {
	members, err := membersOf(object)
	if err != nil {
		return nil, err
	}
	at := find(members, path[0])
	switch {
	case value == nil && at == len(members):
		return object, nil
	case value == nil && len(path) == 1:
		return joined(append(members[:at], members[at+1:]...)), nil
	case at == len(members):
		members = append(members, member{name: path[0], value: json.RawMessage("{}")})
	}
	if len(path) == 1 {
		members[at].value = json.RawMessage(*value)
		return joined(members), nil
	}
	members[at].value, err = edited(members[at].value, path[1:], value)
	return joined(members), err
}

type member struct {
	name  string
	value json.RawMessage
}

// membersOf lists an object's members in their order.
func membersOf(object json.RawMessage) ([]member, error) {
	d := json.NewDecoder(strings.NewReader(string(object)))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errNoObject
	}
	var members []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errNoObject
		}
		m := member{name: name.(string)}
		if err := d.Decode(&m.value); err != nil {
			return nil, errNoObject
		}
		members = append(members, m)
	}
	return members, nil
}

func find(members []member, name string) int {
	for i := range members {
		if members[i].name == name {
			return i
		}
	}
	return len(members)
}

// joined does not use json.Marshal, which would refuse a damaged value.
func joined(members []member) json.RawMessage {
	texts := make([]string, len(members))
	for i, m := range members {
		name, _ := json.Marshal(m.name)
		texts[i] = string(name) + ":" + string(m.value)
	}
	return json.RawMessage("{" + strings.Join(texts, ",") + "}")
}
