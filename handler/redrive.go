package handler

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dynasink/dynasink/sink"
)

// RedriveEvent returns the event that hands dead letters to a handler again, once what failed them is mended:
//
//	event, err := handler.RedriveEvent(letters...)
//	response, err := h.Invoke(ctx, event)
//
// The records are those that Lambda delivered, in the order of the stream, so a guarded target takes from each what no newer
// change has overwritten, and sqlsink's Once counts it if it has not been counted. The letters must be of one stream, so
// redrive each source by itself. A record that fails again is reported, or set aside again under the same key; whoever
// redrives deletes the letters that went well.
func RedriveEvent(letters ...DeadLetter) ([]byte, error) {
	ordered := slices.SortedStableFunc(slices.Values(letters), func(a, b DeadLetter) int {
		return cmp.Compare(padded(a.SequenceNumber), padded(b.SequenceNumber))
	})
	event := struct {
		Records []RawRecord
	}{make([]RawRecord, len(ordered))}
	for i, letter := range ordered {
		switch {
		case letter.Source != letters[0].Source:
			return nil, fmt.Errorf("handler: redrive: the letter of event %q is of the stream %s and another of %s: redrive each stream by itself",
				letter.EventID, letter.Source, letters[0].Source)
		case !json.Valid(letter.Record):
			return nil, fmt.Errorf("handler: redrive: the letter of event %q holds no record, or one that is no JSON", letter.EventID)
		}
		event.Records[i] = letter.Record
	}
	return json.Marshal(event)
}

// padded is a sequence number that compares as text; what is none comes first.
func padded(sequence string) string {
	text, err := sink.PadSequence(sequence)
	if err != nil {
		return ""
	}
	return text
}
