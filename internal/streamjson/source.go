package streamjson

import "errors"

// Source returns the eventSourceARN of the first record for whose telling is
// true, reading no further; "" if there is none before the payload ends or is
// damaged.
func Source(payload string, telling func(arn string) bool) string {
	s := splitter{s: payload, enough: func(r *Record) bool { return telling(r.EventSourceARN) }}
	if !errors.Is(s.all(), errEnough) {
		return "" // Split tells what is wrong
	}
	return s.records[len(s.records)-1].EventSourceARN
}
