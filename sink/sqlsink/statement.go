package sqlsink

import (
	"strconv"
	"strings"

	"github.com/dynasink/dynasink/internal/onetrip"
)

// statement builds SQL text with the dialect's placeholders.
type statement struct {
	strings.Builder
	dialect  Dialect
	literals bool // values are written into the text; MySQL only
	values   []datum
	arrays   [][]byte // in PostgreSQL's binary format; values of the kind array are indexes of it
}

func (s *statement) text(parts ...string) *statement {
	for _, part := range parts {
		s.WriteString(part)
	}
	return s
}

// arg writes a placeholder with its argument, or the argument itself.
func (s *statement) arg(value datum) *statement {
	if s.literals {
		s.literal(&value)
		return s
	}
	s.values = append(s.values, value)
	if s.dialect == PostgreSQL {
		s.WriteByte('$')
		s.WriteString(strconv.Itoa(len(s.values)))
	} else {
		s.WriteByte('?')
	}
	return s
}

// list writes placeholders, ?, ?, with their arguments.
func (s *statement) list(values []datum) *statement {
	for i := range values {
		if i > 0 {
			s.WriteString(", ")
		}
		s.arg(values[i])
	}
	return s
}

// rows writes rows of placeholders, (?, ?), (?, ?), with their arguments.
func (s *statement) rows(g *grid) *statement {
	for i := range g.rows() {
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteByte('(')
		s.list(g.row(i))
		s.WriteByte(')')
	}
	return s
}

// in writes a condition that is true for the given texts. On PostgreSQL its text is the same for any number of them, so
// that a prepared statement serves them all.
func (s *statement) in(texts []string) *statement {
	if s.dialect == PostgreSQL {
		return s.text(" = ANY(CAST(").arg(textOf(arrayLiteral(texts))).text(" AS text[]))")
	}
	s.text(" IN (")
	for i, t := range texts {
		if i > 0 {
			s.WriteString(", ")
		}
		s.arg(textOf(t))
	}
	return s.text(")")
}

// args are the arguments for database/sql.
func (s *statement) args() []any {
	args := make([]any, len(s.values))
	for i := range s.values {
		args[i] = s.values[i].arg(s.dialect)
	}
	return args
}

// gather makes the statement one of a batch that is sent at once. PostgreSQL's parameters are arrays in their binary
// format, and texts.
func (s *statement) gather(doing string) onetrip.Statement {
	params := make([]onetrip.Param, len(s.values))
	for i := range s.values {
		switch v := &s.values[i]; v.kind {
		case null:
		case array:
			params[i] = onetrip.Param{Binary: true, Data: s.arrays[v.n]}
		default:
			params[i].Data = v.appendTextForm(nil)
		}
	}
	return onetrip.Statement{Doing: doing, Text: s.String(), Params: params}
}
