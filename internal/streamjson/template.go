package streamjson

import (
	"slices"
	"strings"
)

// template is what the records of a stream have in common: the text between
// the values that differ, and the record that this text makes. Most records
// of a payload follow one of three, for INSERT, MODIFY and REMOVE; comparing
// the text is much faster than reading it.
type template struct {
	texts  []string // texts[i] is what stands before values[i]; the last one ends the record
	values []int    // members that differ, in their order
	record Record
}

const (
	maxTemplates = 4
	maxLearnt    = 64 // then the payload is too odd for templates
	maxValues    = 8  // there are fewer members that differ
)

// span is where the value of a member stands.
type span struct{ id, start, end int }

// learn makes a template of the record r, which has just been read from
// s[start:end].
func (s *splitter) learn(r *Record, start, end int) {
	if s.learnt++; s.learnt > maxLearnt {
		return
	}
	t := template{record: *r}
	for _, v := range s.spans {
		if s.s[v.start] == 'n' {
			return // null is none of the values that a template expects
		}
		t.values = append(t.values, v.id)
		t.texts = append(t.texts, s.s[start:v.start])
		start = v.end
	}
	t.texts = append(t.texts, s.s[start:end])
	s.templates = slices.Insert(s.templates, 0, t)
	if len(s.templates) > maxTemplates {
		s.templates = s.templates[:maxTemplates]
	}
}

// another reads the record at s[i] if it follows a template, which then is
// the first to try for the next one.
func (s *splitter) another(i int) (int, bool) {
	for n := range s.templates {
		if end, ok := s.follow(&s.templates[n], i); ok {
			if n > 0 {
				s.templates[0], s.templates[n] = s.templates[n], s.templates[0]
			}
			return end, true
		}
	}
	return i, false
}

// follow reads the record at s[start] by a template, if that fits.
func (s *splitter) follow(t *template, start int) (int, bool) {
	var spans [maxValues]span
	i := start
	for n, id := range t.values {
		text := t.texts[n]
		if !strings.HasPrefix(s.s[i:], text) {
			return i, false
		}
		i += len(text)
		end, ok := s.pass(i, &members[id])
		if !ok {
			return i, false
		}
		spans[n], i = span{id, i, end}, end
	}
	last := t.texts[len(t.values)]
	if !strings.HasPrefix(s.s[i:], last) {
		return i, false
	}
	i += len(last)
	s.records = append(s.records, t.record)
	r := &s.records[len(s.records)-1]
	for n, id := range t.values {
		*members[id].field(r) = unquoted(s.s[spans[n].start:spans[n].end])
	}
	r.Raw = s.s[start:i]
	return i, true
}

// pass returns the index behind the value of m at s[i]. After a failure the
// record is read again, for the reason.
func (s *splitter) pass(i int, m *member) (int, bool) {
	if i >= len(s.s) || !m.accepts(s.s[i]) {
		return i, false
	}
	if m.first == '"' {
		end := Plain(s.s, i+1)
		return end + 1, end < len(s.s) && s.s[end] == '"'
	}
	if m.image > 0 && s.read != nil {
		if end, ok := s.read(len(s.records), m.image, i); ok {
			return end, true
		}
	}
	end, err := SkipValue(s.s, i)
	return end, err == nil
}

func unquoted(s string) string {
	if s[0] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
