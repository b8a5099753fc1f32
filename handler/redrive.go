package handler

import (
	"encoding/json"
	"fmt"
)

// RedriveEvent returns the event that hands dead letters to a handler again, once what failed them is mended:
//
//	event, err := handler.RedriveEvent(letters...)
//	response, err := h.Invoke(ctx, event)
//
// The records are those that Lambda delivered, so a guarded target takes from each what no newer change has overwritten,
// and sqlsink's Once counts it if it has not been counted. The letters must be of one stream; put them in the order of
// their sequence numbers where unguarded work is staged. A record that fails again is reported, or set aside again.
func RedriveEvent(letters ...DeadLetter) ([]byte, error) {
	event := struct {
		Records []json.RawMessage
	}{make([]json.RawMessage, len(letters))}
	for i, letter := range letters {
		if letter.Source != letters[0].Source {
			return nil, fmt.Errorf("handler: redrive: letter %d is of the stream %s, and the first of %s", i, letter.Source, letters[0].Source)
		}
		event.Records[i] = letter.Record
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("handler: redrive: a letter's record is no JSON: %w", err)
	}
	return payload, nil
}
