package streamjson

// Source returns the eventSourceARN of the first record that tells it, reading
// no further; "" if none does before the payload ends or is damaged.
func Source(payload string) string {
	s := splitter{s: payload, first: true}
	_ = s.all() // Split tells what is wrong
	if len(s.records) == 0 {
		return ""
	}
	return s.records[len(s.records)-1].EventSourceARN
}
