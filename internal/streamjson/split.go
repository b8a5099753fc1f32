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
func Split(payload string) ([]Record, error) {
	s := splitter{s: payload}
	i, err := s.payload(Space(payload, 0))
	switch {
	case err != nil:
		return nil, err
	case Space(payload, i) != len(payload):
		return nil, ErrTrailing
	case !s.found:
		return nil, ErrNoRecords
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
	found   bool
	// lenient is set while a damaged record is read again, only matching the
	// brackets of what it holds.
	lenient bool
	// order holds the members of the latest record in their order, as a guess
	// at those of the next. at is the position within it.
	order, next []seen
	at          int
	// have has a bit for each member that the record has had so far.
	have uint32
}

// seen is a member as the latest record had it.
type seen struct {
	id   int
	head string // `"name":`
	text string // head and value, "" if the value was no good
	// value is what the record's field got.
	value string
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
	for more := true; more; {
		start := Space(s.s, i)
		end, err := s.element(start)
		if err != nil {
			return end, err
		}
		if i, more, err = Comma(s.s, end, ']'); err != nil {
			return i, err
		}
		s.reserve(i - start)
	}
	return i, nil
}

// reserve makes room for the records to come, judging by the first.
func (s *splitter) reserve(size int) {
	if len(s.records) == 1 {
		rest := (len(s.s) - size) / size
		s.records = append(make([]Record, 0, 2+rest+rest/8), s.records...)
	}
}

// element reads one record into s.records. Its error is the payload's.
func (s *splitter) element(i int) (int, error) {
	s.records = append(s.records, Record{})
	r := &s.records[len(s.records)-1]
	end, err := s.record(i, r)
	if err != nil {
		// Read it again without looking into the values: for the end, and for
		// the sequence number.
		*r = Record{}
		s.lenient = true
		var worse error
		if end, worse = s.record(i, r); worse != nil {
			if end, worse = Match(s.s, i); worse != nil {
				return end, worse
			}
		}
		s.lenient = false
		r.Err = err
	}
	r.Raw = strings.TrimRight(s.s[i:end], " \t\r\n")
	return end, nil
}

func (s *splitter) record(i int, r *Record) (int, error) {
	if i >= len(s.s) || s.s[i] != '{' {
		return i, ErrNotRecord
	}
	s.order, s.next = s.next, s.order[:0]
	s.at, s.have = 0, 0
	return s.envelope(i+1, r, false)
}

// envelope reads the members of a record, or of its "dynamodb".
func (s *splitter) envelope(i int, r *Record, inner bool) (int, error) {
	if i = Space(s.s, i); i < len(s.s) && s.s[i] == '}' {
		return i + 1, nil
	}
	for more := true; more; {
		var err error
		if i, err = s.member(Space(s.s, i), r, inner); err != nil {
			return i, err
		}
		if i, more, err = Comma(s.s, i, '}'); err != nil {
			return i, err
		}
	}
	return i, nil
}

// member reads one member, guessing that it is the one that was here in the
// latest record, maybe with the same value.
func (s *splitter) member(i int, r *Record, inner bool) (int, error) {
	if s.at < len(s.order) {
		guess := &s.order[s.at]
		if m := &members[guess.id]; m.inner == inner && strings.HasPrefix(s.s[i:], guess.head) {
			return s.guessed(i, r, m, guess)
		}
	}
	start := i
	name, i, err := s.name(i)
	if err != nil {
		return i, err
	}
	id := lookup(name, inner)
	if id < 0 {
		return s.skip(i)
	}
	s.resume(id)
	return s.value(start, i, r, id)
}

// resume goes on guessing where the latest record had this member: an INSERT
// has one image less than the MODIFY before it.
func (s *splitter) resume(id int) {
	for at := range s.order {
		if s.order[at].id == id {
			s.at = at
			return
		}
	}
}

func (s *splitter) guessed(i int, r *Record, m *member, guess *seen) (int, error) {
	end := i + len(guess.text)
	again := m.same && guess.text != "" && s.have&(1<<guess.id) == 0
	if !again || !strings.HasPrefix(s.s[i:], guess.text) || !s.ends(end) {
		return s.value(i, i+len(guess.head), r, guess.id)
	}
	*m.field(r) = guess.value
	s.have |= 1 << guess.id
	s.next = append(s.next, *guess)
	s.at++
	return end, nil
}

// ends reports whether a value surely ends at i: 12 is a prefix of 123.
func (s *splitter) ends(i int) bool {
	return i < len(s.s) && (s.s[i] == ',' || s.s[i] == '}')
}

// value reads the value at s[i] of the member that starts at s[start].
func (s *splitter) value(start, i int, r *Record, id int) (int, error) {
	m := &members[id]
	if s.have&(1<<id) != 0 {
		return i, &MemberError{m.path(), ErrDuplicate}
	}
	s.have |= 1 << id
	s.at++
	at := len(s.next)
	s.next = append(s.next, seen{id: id, head: s.s[start:i]})
	end, err := s.store(i, r, m)
	if err != nil {
		return end, err
	}
	s.next[at].text = s.s[start:end]
	if m.field != nil {
		s.next[at].value = *m.field(r)
	}
	return end, nil
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
