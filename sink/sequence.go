package sink

import (
	"fmt"

	"github.com/dynasink/dynasink/internal/seqnum"
)

// SequenceDigits is how many digits a DynamoDB sequence number has at most:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
const SequenceDigits = seqnum.MostDigits

// PadSequence returns a sequence number left-padded with zeros to [SequenceDigits], so that comparing the texts compares
// the numbers. Anything but 1 to 40 decimal digits is a [Permanent] error.
func PadSequence(sequence string) (string, error) {
	if !seqnum.Valid(sequence) {
		return "", Permanent(fmt.Errorf("sink: the sequence number is not a number of 1 to %d digits (it has %d characters)", SequenceDigits, len(sequence)))
	}
	const zeros = "0000000000000000000000000000000000000000"
	return zeros[len(sequence):] + sequence, nil
}
