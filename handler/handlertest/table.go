package handlertest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/dynasink/dynasink/handler"
)

// Table is a table whose stream a test makes up. Each method adds a change to the stream and returns its record, numbered
// and dated in the order of the calls; nothing checks that the changes fit together. Two tables with equal fields make
// equal streams.
//
// Items are structs or maps with the tags of mapping.Marshal (dynamodbav). What is wrong with one is reported when the
// record is used, by [Payload] or [Record.Err].
//
// Its methods may be called by several goroutines at once. A Table must not be copied after its first record.
type Table struct {
	Name     string                 // default "table"
	Keys     []string               // names of the key attributes, the partition key first; required
	ViewType handler.StreamViewType // decides which images a record has; default NEW_AND_OLD_IMAGES
	Label    string                 // names the stream; one that was disabled and enabled has a new label. Default "2026-01-01T00:00:00.000"
	Start    time.Time              // when the first change was made, the others follow by a second each; default 2026-01-01

	mu      sync.Mutex
	changes int64
}

// Insert adds the creation of item.
func (t *Table) Insert(item any) Record { return t.record(change{name: handler.Insert, after: item}) }

// Modify adds the change of an item from one state to another. Both must have the same key.
func (t *Table) Modify(before, after any) Record {
	return t.record(change{name: handler.Modify, before: before, after: after})
}

// Remove adds the removal of an item by a caller.
func (t *Table) Remove(item any) Record { return t.record(change{name: handler.Remove, before: item}) }

// Expire adds the removal of an item by Time to Live.
func (t *Table) Expire(item any) Record {
	return t.record(change{name: handler.Remove, before: item, expired: true})
}

// StreamARN returns the ARN that the records have as their eventSourceARN.
func (t *Table) StreamARN() string {
	return fmt.Sprintf("arn:aws:dynamodb:%s:123456789012:table/%s/stream/%s",
		region, or(t.Name, "table"), or(t.Label, "2026-01-01T00:00:00.000"))
}

const region = "eu-west-1"

// change is what becomes a record. An absent image is nil.
type change struct {
	name          handler.EventName
	before, after any
	expired       bool
	number        int64 // from 1, within the stream
}

func (t *Table) record(c change) Record {
	t.mu.Lock()
	t.changes++
	c.number = t.changes
	t.mu.Unlock()
	r, err := t.encode(c)
	if err != nil {
		return Record{err: fmt.Errorf("handlertest: %s %d of %s: %w", c.name, c.number, or(t.Name, "table"), err)}
	}
	return r
}

// sequence numbers the changes of a stream. The tenth number has a digit more than the ninth, as it happens in long-lived
// streams, so that a test finds code that compares sequence numbers as text.
func sequence(number int64) string {
	first, _ := new(big.Int).SetString("999999999999999999990", 10)
	return first.Add(first, big.NewInt(number)).String()
}

// eventID is unique within a stream and the same in every delivery.
func (t *Table) eventID(number int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", t.StreamARN(), number))
	return hex.EncodeToString(sum[:16])
}

func (t *Table) time(number int64) time.Time {
	start := t.Start
	if start.IsZero() {
		start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return start.Add(time.Duration(number-1) * time.Second)
}

var errNoKeys = errors.New("the Table has no Keys: name its key attributes")

func or(s, standard string) string {
	if s == "" {
		return standard
	}
	return s
}
