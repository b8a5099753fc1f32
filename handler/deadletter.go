package handler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/dynasink/dynasink/sink"
)

// DeadLetter is a record that was set aside: everything needed to understand it and to handle it again later. It has db
// and bson tags, so that a table or a collection can hold it; its key is (source, event_id), so that a record that is set
// aside twice is one row.
type DeadLetter struct {
	Source         string    `json:"source" db:"source,key" bson:"source"`        // ARN of the stream
	EventID        string    `json:"eventID" db:"event_id,key" bson:"event_id"`   // a record without one has its sequence number, or else a hash, here
	EventName      string    `json:"eventName" db:"event_name" bson:"event_name"` // INSERT, MODIFY, REMOVE
	SequenceNumber string    `json:"sequenceNumber" db:"sequence_number" bson:"sequence_number"`
	Reason         string    `json:"reason" db:"reason" bson:"reason"`         // the error that failed it, its first 2,000 bytes
	Record         RawRecord `json:"record" db:"record" bson:"record"`         // the stream record as Lambda delivered it, with its images
	FailedAt       time.Time `json:"failedAt" db:"failed_at" bson:"failed_at"` // UTC
}

// DeadLetters sets records with a [sink.Permanent] error aside on target and goes on with the batch. The letter is
// committed before the batch goes on; if that fails, the record is reported like any other failure and nothing is lost.
// Without this option permanent errors are reported too, and block the shard until the mapping gives up.
//
// A letter may be written again when its batch is redelivered. A table of letters of sqlsink must be sqlsink.Unguarded: the
// same letter is the same row, and a guard would refuse the letter of a record whose sequence number is the trouble. Letters
// hold the item's values: protect their target accordingly. Each is logged as a warning. [RedriveEvent] hands letters to a
// handler again.
//
// With several sinks, what an earlier sink has committed of a record stays there when a later one refuses the record.
func DeadLetters(target sink.Target[DeadLetter]) Option {
	return option(func(o *options) {
		if isNil(target) {
			o.misused("DeadLetters", "the target of dead letters is nil")
		}
		o.deadLetters = target
	})
}

// DeadLetterUnmarked sets records with unmarked errors and panics aside too. They may well pass on a retry, and a bug
// that fails every record drains the stream into the dead letters: use it only where a blocked shard is worse.
func DeadLetterUnmarked() Option {
	return option(func(o *options) { o.unmarked = true })
}

// setsAside reports whether a record that failed with err becomes a dead letter.
func (o *options) setsAside(err error) bool {
	if o.deadLetters == nil || isConfig(err) || sink.IsTransient(err) || sink.IsUncertain(err) {
		return false
	}
	return sink.IsPermanent(err) || o.unmarked
}

// setAside commits the dead letter of a record in a unit of its own.
func (o *options) setAside(ctx context.Context, raw *rawRecord, reason error) error {
	unit := sink.NewUnit()
	batch := unit.Begin(raw.origin())
	o.deadLetters.Upsert(batch, newDeadLetter(raw, reason))
	if err := batch.End(nil); err != nil {
		return err
	}
	return unit.Commit(ctx, nil)
}

func newDeadLetter(raw *rawRecord, reason error) DeadLetter {
	return DeadLetter{
		Source: raw.EventSourceARN, EventID: letterID(raw), EventName: raw.EventName, SequenceNumber: raw.SequenceNumber,
		Reason: cut(plain(reason.Error()), maxReason), Record: RawRecord(raw.Raw), FailedAt: time.Now().UTC(),
	}
}

// maxReason bounds a reason: a panic's has a stack.
const maxReason = 2000

// plain is text as every target can hold it: PostgreSQL knows no U+0000, and an error may quote an item that does.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", `\x00`)
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("...")], "") + "..."
}

// letterID tells dead letters apart, those of damaged records too.
func letterID(raw *rawRecord) string {
	switch {
	case raw.EventID != "":
		return raw.EventID
	case raw.SequenceNumber != "":
		return raw.SequenceNumber
	}
	sum := sha256.Sum256([]byte(raw.Raw))
	return "sha256:" + hex.EncodeToString(sum[:])
}
