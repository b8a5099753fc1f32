package handler

import (
	"runtime"

	"github.com/dynasink/dynasink/internal/streamjson"
)

// Decoding in passing: while a payload is taken apart, its items are decoded on the way, so that each byte is looked at
// once. What fails there is left alone, and fails again when its record's turn comes; nothing else of the record-by-record
// order changes. A batch that filters drop records of by their envelope alone is decoded record by record instead.

// splitDecoding takes a payload apart and decodes in passing. Where there are several processors, and enough for each to do, each
// takes a part of the payload: the user's own unmarshalers may then be called by several goroutines at once.
func (d *decoder[T]) splitDecoding(payload string) (records []rawRecord, passed []*slot[T], err error) {
	const mostParts, worthwhile = 4, 128 << 10 // bytes, which take longer than to wake a processor
	parts := max(1, min(runtime.GOMAXPROCS(0), mostParts, len(payload)/worthwhile))
	slots := make([][]*slot[T], parts)
	found, err := streamjson.SplitParts(payload, parts, func(part int) streamjson.ImageReader {
		return d.reader(payload, &slots[part])
	})
	if records, err = rawRecords(payload, found, err); err != nil {
		return nil, nil, err
	}
	passed = make([]*slot[T], 0, len(records))
	for _, p := range found {
		at := len(passed)
		passed = passed[:at+len(p.Records)]
		copy(passed[at:], slots[p.Number]) // which may be fewer: those behind have no images
	}
	return records, passed, nil
}

// slot is a record and its images, in one allocation but for the old one, which many handlers do not look at.
type slot[T any] struct {
	record Record[T]
	new    T
	old    *T
	have   [streamjson.OldImage + 1]bool // which of them have been decoded
}

// item is where an image belongs, nil for one that the handler does not look at.
func (s *slot[T]) item(d *decoder[T], image streamjson.Image) *T {
	switch {
	case image == streamjson.Keys:
		return &s.record.Keys
	case image == streamjson.NewImage && !d.skip.has(NewImage):
		return &s.new
	case image == streamjson.OldImage && !d.skip.has(OldImage):
		s.old = new(T)
		return s.old
	}
	return nil
}

// reader decodes the images of text in passing, into slots.
func (d *decoder[T]) reader(text string, slots *[]*slot[T]) streamjson.ImageReader {
	var free []slot[T]
	return func(record int, image streamjson.Image, at int) (end int, ok bool) {
		for len(*slots) <= record {
			if len(free) == 0 {
				free = make([]slot[T], 32) // records share the memory of their batch anyway
			}
			*slots, free = append(*slots, &free[0]), free[1:]
		}
		s := (*slots)[record]
		item := s.item(d, image)
		if item == nil {
			return at, false
		}
		err := guard(func() (err error) { // the user's own unmarshalers may panic
			end, err = d.item.DecodePrefix(text, at, item)
			return err
		})
		s.have[image] = err == nil
		return end, err == nil
	}
}

// take returns the slot of record i with what was decoded in passing, once: the handler may change what it gets, so a
// second attempt decodes afresh.
func (r *run[T]) take(i int) *slot[T] {
	if i >= len(r.passed) || r.passed[i] == nil {
		return new(slot[T])
	}
	s := r.passed[i]
	r.passed[i] = nil
	return s
}
