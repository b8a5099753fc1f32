package handler

import "github.com/dynasink/dynasink/internal/streamjson"

// Decoding in passing: while a payload is taken apart, its items are decoded on the way, so that each byte is looked at
// once. What fails there is left alone, and fails again when its record's turn comes; nothing else of the record-by-record
// order changes. A batch that filters drop records of by their envelope alone is decoded record by record instead.

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
