package main

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dynasink/dynasink/handler"
)

const streamARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"

// change is one stream record.
type change struct {
	event    handler.EventName
	row, old flat // after and before; only row's key is set where there is no image
	sequence string
}

// batch is what one invocation brings.
type batch struct {
	changes []change
	rows    []int  // of a batch that can be loaded: the last change of each row, in the order of keys
	payload []byte // the changes as Lambda delivers them, where asked for
}

// history makes the batches that one table sees. All items that a batch
// changes or removes are there before it. It holds no pointers, which would
// cost the routes time in the garbage collector.
type history struct {
	random   *rand.Rand
	versions []int32 // by item
	live     []int32 // items
	sequence int
}

func newHistory() *history { return &history{random: rand.New(rand.NewPCG(1, 2))} }

// items is how many there have been.
func (h *history) items() int { return len(h.versions) }

// mix is a batch of 70 % INSERT, 20 % MODIFY and 10 % REMOVE. Half of the
// changed items are those that the batch has inserted, so that a tenth of its
// records repeats a key.
func (h *history) mix(records int) batch {
	b := batch{changes: make([]change, records)}
	before := len(h.versions)
	for i := range b.changes {
		switch i % 10 {
		case 2:
			b.changes[i] = h.modify(before + h.random.IntN(len(h.versions)-before))
		case 5:
			b.changes[i] = h.modify(int(h.live[h.random.IntN(len(h.live))]))
		case 8:
			b.changes[i] = h.remove()
		default:
			b.changes[i] = h.insert()
		}
	}
	h.enliven(before)
	return b
}

// apart is a mix whose rows a bulk load can take: what changes or removes an older item is about another one, which is not
// there and has its place next to it.
func (h *history) apart(records int) batch {
	before := len(h.versions)
	b := h.mix(records)
	inserted, last := map[string]bool{}, map[string]int{}
	for id := before; id < len(h.versions); id++ {
		inserted[h.state(id).PK] = true
	}
	for i := range b.changes {
		c := &b.changes[i]
		if !inserted[c.row.PK] {
			pk := c.row.PK + "." + c.sequence
			c.row.PK, c.old.PK = pk, pk
		}
		last[c.row.PK] = i
	}
	b.rows = slices.SortedFunc(maps.Values(last), func(i, j int) int { return strings.Compare(b.changes[i].row.PK, b.changes[j].row.PK) })
	return b
}

// each goes through the changes at some indexes, or through all.
func each(changes []change, at []int) iter.Seq[*change] {
	return func(yield func(*change) bool) {
		if at == nil {
			for i := range changes {
				if !yield(&changes[i]) {
					return
				}
			}
		}
		for _, i := range at {
			if !yield(&changes[i]) {
				return
			}
		}
	}
}

// fresh is a batch of INSERTs: what a bulk load can take.
func (h *history) fresh(records int) batch {
	b := batch{changes: make([]change, records)}
	before := len(h.versions)
	for i := range b.changes {
		b.changes[i] = h.insert()
	}
	h.enliven(before)
	return b
}

// enliven lets later batches change and remove the items that are new since before.
func (h *history) enliven(before int) {
	for id := before; id < len(h.versions); id++ {
		h.live = append(h.live, int32(id))
	}
}

func (h *history) insert() change {
	h.versions = append(h.versions, 0)
	return change{event: handler.Insert, row: h.state(len(h.versions) - 1), sequence: h.next()}
}

func (h *history) modify(id int) change {
	old := h.state(id)
	h.versions[id]++
	return change{event: handler.Modify, row: h.state(id), old: old, sequence: h.next()}
}

func (h *history) remove() change {
	i := h.random.IntN(len(h.live))
	old := h.state(int(h.live[i]))
	h.live[i] = h.live[len(h.live)-1]
	h.live = h.live[:len(h.live)-1]
	return change{event: handler.Remove, row: flat{PK: old.PK, SK: old.SK}, old: old, sequence: h.next()}
}

func (h *history) next() string {
	h.sequence++
	return fmt.Sprintf("4421584500000000017450%08d", h.sequence)
}

// state is the item as it is now. New items have ascending keys, as those made
// of the time have, which a bulk load is fastest with: what is left of its
// speed is not flattered by what it costs the engine to find a place.
func (h *history) state(id int) flat {
	version := int(h.versions[id])
	n := id + version
	return flat{
		PK: fmt.Sprintf("CUSTOMER#%08d", id), SK: fmt.Sprintf("ORDER#%06d", id%1_000_000),
		Name: "Customer " + strconv.Itoa(id), Email: "user" + strconv.Itoa(n) + "@example.com",
		Status: [...]string{"NEW", "PAID", "SHIPPED"}[n%3], Qty: n % 40, Total: float64(n*7%100_000) / 100, Paid: n%2 == 0,
		Version: int64(version), Placed: time.Unix(int64(1768608000+id), 0).UTC(),
	}
}

// encode writes the changes as a payload.
func (b *batch) encode() {
	var text strings.Builder
	text.WriteString(`{"Records":[`)
	for i := range b.changes {
		if i > 0 {
			text.WriteByte(',')
		}
		b.changes[i].encode(&text)
	}
	text.WriteString(`]}`)
	b.payload = []byte(text.String())
}

func (c *change) encode(w *strings.Builder) {
	fmt.Fprintf(w, `{"eventID":"%s","eventName":"%s","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-central-1",`+
		`"dynamodb":{"ApproximateCreationDateTime":1768608000,"Keys":{"pk":{"S":"%s"},"sk":{"S":"%s"}},`,
		c.sequence, c.event, c.row.PK, c.row.SK)
	if c.event != handler.Remove {
		fmt.Fprintf(w, `"NewImage":%s,`, image(&c.row))
	}
	if c.event != handler.Insert {
		fmt.Fprintf(w, `"OldImage":%s,`, image(&c.old))
	}
	fmt.Fprintf(w, `"SequenceNumber":"%s","SizeBytes":312,"StreamViewType":"NEW_AND_OLD_IMAGES"},"eventSourceARN":"%s"}`, c.sequence, streamARN)
}

func image(f *flat) string {
	return fmt.Sprintf(`{"pk":{"S":"%s"},"sk":{"S":"%s"},"name":{"S":"%s"},"email":{"S":"%s"},"status":{"S":"%s"},"qty":{"N":"%d"},`+
		`"total":{"N":"%v"},"paid":{"BOOL":%v},"version":{"N":"%d"},"placed_at":{"N":"%d"}}`,
		f.PK, f.SK, f.Name, f.Email, f.Status, f.Qty, f.Total, f.Paid, f.Version, f.Placed.Unix())
}
