package model

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/dynasink/dynasink/handler/handlertest"
	"github.com/dynasink/dynasink/sink"
)

// Item is an item of the DynamoDB table: a task in a list, with parts.
type Item struct {
	ID    string   `dynamodbav:"id"`
	List  string   `dynamodbav:"list"`
	Title string   `dynamodbav:"title"`
	Parts []string `dynamodbav:"parts"`
}

// poison is a title that the database refuses.
var poison = strings.Repeat("too long ", 5)

// History is a stream and what its target must look like in the end.
type History struct {
	Records []handlertest.Record
	// Effects tells, for each record that stages work at least once, how many records must have been applied by then.
	Effects map[string]int
	Final   map[string]string // item → sequence number of its last record, set aside or not
	Want    State
	scope   scope
}

// State is what the tables hold.
type State struct {
	Rows     map[string]string // item → list and title, in all tables of items
	Changes  []string          // what the history tells of each record that took effect
	Parts    map[string]string // item → its parts in order
	Counts   map[string]int    // list → how many items it has
	Applied  int               // how many records took effect
	Last     map[string]string // item → sequence number of its last change
	Letters  []string          // sequence numbers that were set aside
	Breaches []string          // work that ran before the records before it had been applied
}

func newState() State {
	return State{Rows: map[string]string{}, Parts: map[string]string{}, Counts: map[string]int{}, Last: map[string]string{}}
}

// differences describes how another state differs, "" if it does not.
func (s State) differences(got State) string {
	var b strings.Builder
	compare := func(what string, want, got any) {
		if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g { // maps print in the order of their keys
			fmt.Fprintf(&b, "%s:\n  want %s\n  got  %s\n", what, w, g)
		}
	}
	compare("rows", s.Rows, got.Rows)
	compare("changes", s.Changes, got.Changes)
	compare("parts", s.Parts, got.Parts)
	compare("counts", s.Counts, got.Counts)
	compare("applied records", s.Applied, got.Applied)
	compare("last change", s.Last, got.Last)
	compare("dead letters", s.Letters, got.Letters)
	compare("effects before their turn", s.Breaches, got.Breaches)
	return b.String()
}

// NewHistory makes a random history of n records.
func NewHistory(rng *rand.Rand, n int) *History {
	h := &History{Effects: map[string]int{}, Final: map[string]string{}, Want: newState()}
	b := builder{h: h, rng: rng, live: map[string]Item{}, table: &handlertest.Table{Name: "tasks", Keys: []string{"id"}}}
	for range n {
		b.step()
	}
	slices.Sort(h.Want.Letters) // as text, like those that are read back
	slices.Sort(h.Want.Changes)
	for list, count := range h.Want.Counts {
		if count == 0 {
			delete(h.Want.Counts, list)
		}
	}
	return h
}

// limit takes away what is not staged.
func (h *History) limit(s scope) {
	if h.scope = s; s == everything {
		return
	}
	less := newState()
	less.Rows = h.Want.Rows
	if s == rows {
		less.Changes, less.Letters = h.Want.Changes, h.Want.Letters
	}
	h.Want, h.Effects = less, map[string]int{}
}

type builder struct {
	h     *History
	rng   *rand.Rand
	table *handlertest.Table
	live  map[string]Item // as DynamoDB holds them
	made  int
}

// step makes the next change of a random item: few items, so that most changes meet.
func (b *builder) step() {
	id := fmt.Sprint("item-", b.rng.IntN(5))
	before, exists := b.live[id]
	switch {
	case !exists:
		item := b.item(id)
		b.live[id] = item
		b.record(b.table.Insert(item), nil, &item)
	case b.rng.IntN(10) == 0:
		after := before
		after.Title = poison
		b.live[id] = after
		record := b.table.Modify(before, after)
		b.h.Records = append(b.h.Records, record)
		b.h.Want.Letters = append(b.h.Want.Letters, record.SequenceNumber())
		b.h.Final[id] = record.SequenceNumber()
	case b.rng.IntN(3) == 0:
		delete(b.live, id)
		b.record(b.table.Remove(before), &before, nil)
	default:
		after := b.item(id)
		b.live[id] = after
		b.record(b.table.Modify(before, after), &before, &after)
	}
}

func (b *builder) item(id string) Item {
	b.made++
	item := Item{ID: id, List: fmt.Sprint("list-", b.rng.IntN(3)), Title: fmt.Sprint("title ", b.made)}
	for range b.rng.IntN(3) {
		item.Parts = append(item.Parts, fmt.Sprint("part ", b.rng.IntN(100)))
	}
	return item
}

// record adds a change that takes effect, to the stream and to the model.
func (b *builder) record(record handlertest.Record, before, after *Item) {
	want, sequence := &b.h.Want, record.SequenceNumber()
	b.h.Records = append(b.h.Records, record)
	want.Applied++
	want.Changes = append(want.Changes, changeText(sequence, before, after))
	if before != nil {
		b.h.Final[before.ID] = sequence
		want.Counts[before.List]--
		delete(want.Rows, before.ID)
		delete(want.Parts, before.ID)
		want.Last[before.ID] = sequence
	}
	if after != nil {
		b.h.Final[after.ID] = sequence
		want.Counts[after.List]++
		want.Rows[after.ID] = after.List + "/" + after.Title
		want.Last[after.ID] = sequence
		if len(after.Parts) > 0 {
			want.Parts[after.ID] = strings.Join(after.Parts, ",")
		}
	}
	if hasEffect(sequence) {
		b.h.Effects[sequence] = want.Applied
	}
}

// changeText is what the history tells of a record.
func changeText(sequence string, before, after *Item) string {
	padded := strings.Repeat("0", sink.SequenceDigits-len(sequence)) + sequence
	switch {
	case after == nil:
		return padded + "/REMOVE/"
	case before == nil:
		return padded + "/INSERT/" + after.Title
	}
	return padded + "/MODIFY/" + after.Title
}

// hasEffect chooses the records that stage work at least once: a third of them.
func hasEffect(sequence string) bool { return (sequence[len(sequence)-1]-'0')%3 == 0 }

// breaches lists the effects that ran too early; seen maps a sequence number to how many records had been applied.
func (h *History) breaches(seen map[string]int) []string {
	var early []string
	for _, sequence := range slices.Sorted(maps.Keys(seen)) {
		if seen[sequence] < h.Effects[sequence] {
			early = append(early, fmt.Sprintf("%s ran after %d of %d records", sequence, seen[sequence], h.Effects[sequence]))
		}
	}
	return early
}
