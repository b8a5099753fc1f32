package streamjson

import "strings"

// Split finds the records of a Lambda payload, {"Records":[...]}, checking
// that all of it is valid JSON (see Valid) without decoding the images.
//
// What is wrong within one record is that record's Err, as long as its
// brackets match, so that the records around it can still be handled; the
// record's sequence number is found even then, if it is there. Split itself
// fails if the payload is damaged outside of a record or is not of this shape:
// then there is no telling which records are missing.
func Split(payload string) ([]Record, error) { return SplitWith(payload, nil) }

// An ImageReader reads an image in passing, so that it need not be scanned
// twice. It is told the index of the record, which of its images it is, and
// where in the payload that starts, and returns the index behind it; ok is
// false if it did not read it, or in vain: then Split passes over the image
// itself. It may be asked more than once for one image.
type ImageReader func(record int, image Image, at int) (end int, ok bool)

// SplitWith is Split with a reader for the images; nil is none. A record whose
// Err is set may have been read in part.
func SplitWith(payload string, read ImageReader) ([]Record, error) {
	s := splitter{s: payload, read: read}
	if err := s.all(); err != nil {
		return nil, err
	}
	return s.records, nil
}

// SplitArray is Split for a bare array of records.
func SplitArray(payload string) ([]Record, error) {
	s := splitter{s: payload}
	i, err := s.array(Space(payload, 0))
	if err == nil && Space(payload, i) != len(payload) {
		err = ErrTrailing
	}
	if err != nil {
		return nil, err
	}
	return s.records, nil
}

type splitter struct {
	s       string
	records []Record
	read    ImageReader
	enough  func(*Record) bool // ends the split behind the first record that it is true for; nil reads all
	found   bool
	// lenient is set while a damaged record is read again, only matching the
	// brackets of what it holds.
	lenient bool
	// have has a bit for each member that the record has had so far, and spans
	// says where those are that differ from record to record.
	have      uint32
	spans     []span
	templates []template
	learnt    int

	// For SplitParts: share has other goroutines split the records behind the
	// first one; parts are those ahead that may be met, and rest what they have
	// found when one was met.
	share func(first int) []*part
	parts []*part
	rest  []Part
}

// all splits the whole payload.
func (s *splitter) all() error {
	i, err := s.payload(Space(s.s, 0))
	switch {
	case err != nil:
		return err
	case Space(s.s, i) != len(s.s):
		return ErrTrailing
	case !s.found:
		return ErrNoRecords
	}
	return nil
}

func (s *splitter) payload(i int) (int, error) {
	if i >= len(s.s) || s.s[i] != '{' {
		return i, ErrNotPayload
	}
	return s.object(i+1, func(name string, i int) (int, error) {
		if name != "Records" {
			return SkipValue(s.s, i)
		}
		if s.found {
			return i, &MemberError{"Records", ErrDuplicate}
		}
		s.found = true
		return s.array(i)
	})
}

// object calls value for each member of the object whose brace is behind.
func (s *splitter) object(i int, value func(name string, i int) (int, error)) (int, error) {
	if i = Space(s.s, i); i < len(s.s) && s.s[i] == '}' {
		return i + 1, nil
	}
	for more := true; more; {
		name, next, err := s.name(i)
		if err != nil {
			return next, err
		}
		if i, err = value(name, next); err != nil {
			return i, err
		}
		if i, more, err = Comma(s.s, i, '}'); err != nil {
			return i, err
		}
	}
	return i, nil
}

// name reads a member's name and returns the index of its value.
func (s *splitter) name(i int) (string, int, error) {
	start, err := Open(s.s, i)
	if err != nil {
		return "", i, err
	}
	name, i, err := s.text(start)
	if err != nil {
		return "", i, err
	}
	i, err = Colon(s.s, i)
	return name, i, err
}

func (s *splitter) text(start int) (string, int, error) {
	end, plain, err := ScanString(s.s, start)
	if err != nil {
		return "", end, err
	}
	if plain {
		return s.s[start:end], end + 1, nil
	}
	return string(AppendUnquoted(nil, s.s[start:end])), end + 1, nil
}

func (s *splitter) array(i int) (int, error) {
	if i >= len(s.s) || s.s[i] != '[' {
		return i, ErrNoRecords
	}
	if i = Space(s.s, i+1); i < len(s.s) && s.s[i] == ']' {
		return i + 1, nil
	}
	if s.share != nil {
		s.parts = s.share(i)
	}
	return s.elements(i)
}

// elements reads the record at i and those behind it, up to the end of the
// array.
func (s *splitter) elements(i int) (end int, err error) {
	for more := true; more; {
		start := Space(s.s, i)
		if end, ok := s.joined(start); ok {
			return end, nil
		}
		if end, err = s.element(start); err != nil {
			return end, err
		}
		if s.enough != nil && s.enough(&s.records[len(s.records)-1]) {
			return end, errEnough
		}
		if i, more, err = Comma(s.s, end, ']'); err != nil {
			return i, err
		}
		s.reserve(start, i-start)
	}
	return i, nil
}

// reserve makes room for the records to come, judging by the first.
func (s *splitter) reserve(start, size int) {
	if len(s.records) == 1 {
		until := len(s.s)
		if len(s.parts) > 0 {
			until = s.parts[0].start
		}
		const least = 128 // bytes; of a record, which this may turn out not to be
		rest := (until - start - size) / max(size, least)
		s.records = append(make([]Record, 0, 2+rest+rest/8), s.records...)
	}
}

// element reads one record into s.records. Its error is the payload's.
func (s *splitter) element(i int) (int, error) {
	if end, ok := s.another(i); ok {
		return end, nil
	}
	s.records = append(s.records, Record{})
	r := &s.records[len(s.records)-1]
	end, err := s.record(i, r)
	if err == nil {
		r.Raw = s.s[i:end]
		s.learn(r, i, end)
		return end, nil
	}
	if end, err = s.damaged(i, r, err); err == nil {
		r.Raw = strings.TrimRight(s.s[i:end], " \t\r\n")
	}
	return end, err
}

// damaged reads a record that err was found in once more, without looking
// into the values: for its end, and for its sequence number.
func (s *splitter) damaged(i int, r *Record, err error) (int, error) {
	*r = Record{}
	s.lenient = true
	defer func() { s.lenient = false }()
	end, worse := s.record(i, r)
	if worse != nil {
		end, worse = Match(s.s, i)
	}
	r.Err = err
	return end, worse
}

func (s *splitter) record(i int, r *Record) (int, error) {
	if i >= len(s.s) || s.s[i] != '{' {
		return i, ErrNotRecord
	}
	s.have, s.spans = 0, s.spans[:0]
	return s.envelope(i+1, r, false)
}

// envelope reads the members of a record, or of its "dynamodb".
func (s *splitter) envelope(i int, r *Record, inner bool) (int, error) {
	return s.object(i, func(name string, i int) (int, error) {
		id := lookup(name, inner)
		if id < 0 {
			return s.skip(i)
		}
		return s.value(i, r, id)
	})
}

func (s *splitter) value(i int, r *Record, id int) (int, error) {
	m := &members[id]
	if s.have&(1<<id) != 0 {
		return i, &MemberError{m.path(), ErrDuplicate}
	}
	s.have |= 1 << id
	end, err := s.store(i, r, m)
	if m.varies {
		s.spans = append(s.spans, span{id, i, end})
	}
	return end, err
}

func (s *splitter) store(i int, r *Record, m *member) (end int, err error) {
	switch {
	case i >= len(s.s):
		return i, ErrTruncated
	case s.s[i] == 'n':
		return skipWord(s.s, i, "null")
	case !m.accepts(s.s[i]):
		if end, err = s.skip(i); err == nil {
			err = &MemberError{m.path(), ErrWrongType}
		}
		if s.lenient {
			err = nil
		}
		return end, err
	case m.field == nil:
		return s.envelope(i+1, r, true)
	case m.first == '"':
		*m.field(r), end, err = s.text(i + 1)
		return end, err
	}
	if m.image > 0 && s.read != nil && !s.lenient {
		if end, ok := s.read(len(s.records)-1, m.image, i); ok {
			*m.field(r) = s.s[i:end]
			return end, nil
		}
	}
	if end, err = s.skip(i); err == nil {
		*m.field(r) = s.s[i:end]
	}
	return end, err
}

func (s *splitter) skip(i int) (int, error) {
	if s.lenient {
		return Match(s.s, i)
	}
	return SkipValue(s.s, i)
}
