// Package seqnum is what packages sink and handler take for a sequence number of a stream record.
package seqnum

// MostDigits is how many digits one has at most:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
const MostDigits = 40

// Valid accepts 1 to [MostDigits] decimal digits. DynamoDB's have 21 or more; emulators and hand-made events have fewer.
func Valid(s string) bool {
	if s == "" || len(s) > MostDigits {
		return false
	}
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return true
}
