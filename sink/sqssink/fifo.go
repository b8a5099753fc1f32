package sqssink

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// fifoSuffix ends the name of every FIFO queue and of no other:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
const fifoSuffix = ".fifo"

// maxID is the length limit of MessageGroupId and MessageDeduplicationId.
const maxID = 128

func (s *sender) fifo() bool { return strings.HasSuffix(s.queue, fifoSuffix) }

// bounded returns text if SQS takes it for an identifier, else its hash.
func bounded(text string) string {
	bad := func(r rune) bool { return r <= ' ' || r > '~' }
	if text != "" && len(text) <= maxID && strings.IndexFunc(text, bad) < 0 {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// deduplicationID is the same whenever the nth message of a record is sent again, and another for every other message:
// a wrong match would lose one.
func (s *sender) deduplicationID(w *sink.Write[*message], nth int) string {
	h := sha256.New()
	o := &w.Origin
	if s.byEvent && (o.EventID != "" || o.Sequence != "") {
		add(h, "event", s.sentBy)
	} else {
		add(h, "body", s.row, w.Row.group, w.Row.body)
	}
	add(h, o.Source, o.EventID, o.Sequence, fmt.Sprint(nth))
	return hex.EncodeToString(h.Sum(nil))
}

// add keeps its texts apart from each other: "a", "bc" is not "ab", "c".
func add(h hash.Hash, texts ...string) {
	for _, text := range texts {
		fmt.Fprintf(h, "%d:%s", len(text), text)
	}
}
