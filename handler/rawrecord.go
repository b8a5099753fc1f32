package handler

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// RawRecord is a stream record as JSON, in a [DeadLetter]: a part of a JSON document as it is, and a column of type JSON,
// JSONB or text, written by sqlsink and read by database/sql.
type RawRecord []byte

// MarshalJSON implements json.Marshaler.
func (r RawRecord) MarshalJSON() ([]byte, error) { return json.RawMessage(r).MarshalJSON() }

// UnmarshalJSON implements json.Unmarshaler.
func (r *RawRecord) UnmarshalJSON(text []byte) error {
	return (*json.RawMessage)(r).UnmarshalJSON(text)
}

// Value implements driver.Valuer: text, which every engine takes for JSON; NULL if it is empty.
func (r RawRecord) Value() (driver.Value, error) {
	if len(r) == 0 {
		return nil, nil
	}
	return string(r), nil
}

// Scan implements sql.Scanner.
func (r *RawRecord) Scan(column any) error {
	switch text := column.(type) {
	case nil:
		*r = nil
	case string:
		*r = RawRecord(text)
	case []byte:
		*r = append(RawRecord(nil), text...)
	default:
		return fmt.Errorf("handler: a record cannot be read from a %T", column)
	}
	return nil
}
