package streamjson

import (
	"errors"
	"strings"
	"sync"
)

// A Part is the records of a stretch of a payload.
type Part struct {
	Number  int // of the stretch: 0 is the payload's beginning
	Records []Record
}

// SplitParts is SplitWith for up to n goroutines. Each takes a stretch of the
// payload, and has a reader of its own, which counts records from the start of
// the stretch. It returns the parts in the payload's order; all that has been
// started has ended by then.
//
// Stretches begin where records seem to begin. Whether they do shows when the
// stretch before has been split up to there; one that turns out to begin
// elsewhere, in the text of an attribute, say, has been read in vain. So the
// records are always the ones that Split finds.
func SplitParts(payload string, n int, reader func(part int) ImageReader) ([]Part, error) {
	s := splitter{s: payload, read: reader(0)}
	var running sync.WaitGroup
	defer running.Wait() // also for those that nobody has met
	s.share = func(first int) []*part {
		parts := stretches(payload, first, n)
		for i, p := range parts {
			p.s, p.read, p.parts = payload, reader(p.number), parts[i+1:]
			running.Go(p.run)
		}
		return parts
	}
	if err := s.all(); err != nil {
		return nil, err
	}
	return append([]Part{{0, s.records}}, s.rest...), nil
}

// part splits a stretch of the payload, and the ones behind it.
type part struct {
	splitter
	number int
	start  int
	end    int // behind the array
	err    error
	done   chan struct{} // closed when the others may be read
}

// stretches cuts the payload's records, the first of which begins at first,
// into n parts of about the same length, where the text is that of a record's
// beginning; it returns those behind the first.
func stretches(payload string, first, n int) []*part {
	const longest = 64
	name := strings.IndexByte(payload[first:min(len(payload), first+longest)], ':')
	if name < 0 || payload[first] != '{' {
		return nil
	}
	beginning := payload[first : first+name]
	var parts []*part
	last := first
	for i := 1; i < n; i++ {
		from := max(last+1, first+(len(payload)-first)/n*i)
		at := strings.Index(payload[from:], beginning)
		if at < 0 {
			break
		}
		last = from + at
		parts = append(parts, &part{number: i, start: last, done: make(chan struct{}), err: errUnfinished})
	}
	return parts
}

// errUnfinished is the error of a part that is not one, or whose reader has
// ended its goroutine.
var errUnfinished = errors.New("a part of the payload was not split")

func (p *part) run() {
	defer close(p.done)
	if p.plausible() {
		p.end, p.err = p.elements(p.start)
	}
}

// plausible reports whether it is a stream record that the part begins with,
// and nothing that only begins like one.
func (p *part) plausible() bool {
	first := splitter{s: p.s}
	_, err := first.element(p.start)
	return err == nil && first.records[0].Err == nil && first.records[0].SequenceNumber != ""
}

// joined reports whether the record at start, and so all that follow, are
// another goroutine's, and where these end. An error is left to be found again,
// because it may be one of text that no record begins in.
func (s *splitter) joined(start int) (end int, ok bool) {
	for len(s.parts) > 0 && s.parts[0].start <= start {
		p := s.parts[0]
		s.parts = s.parts[1:]
		if p.start < start {
			continue // no record begins there
		}
		if <-p.done; p.err == nil {
			s.rest = append([]Part{{p.number, p.records}}, p.rest...)
			return p.end, true
		}
		p.records, p.rest = nil, nil // they are found again
	}
	return start, false
}
