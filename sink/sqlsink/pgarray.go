package sqlsink

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// source is rows as PostgreSQL reads them: FROM unnest(…) AS u(c0, c1, …), an array for each column. One text serves any
// number of rows.
type source struct {
	grid    *grid
	columns []sourceColumn
}

type sourceColumn struct {
	element *element
	cast    string // the type to convert to; "" for none
	compare string // the same where the value is compared with a column
}

// sourceOf chooses how each column goes: in its binary format if all its values have one, else as text, which the server
// converts as it would a literal.
func sourceOf(g *grid, columns []pgColumn) source {
	s := source{g, make([]sourceColumn, len(columns))}
	for at, c := range columns {
		if strings.HasSuffix(c.name, "[]") {
			g.listed(at, c.name)
		}
		s.columns[at] = sourceColumn{textElement, c.name, c.name}
		if e := elements[c.oid]; e != nil && g.all(at, e.fits) {
			s.columns[at] = sourceColumn{element: e}
		}
		if c.oid == bpchar { // an index on it does not serve a comparison with text
			s.columns[at].compare = c.name
		}
	}
	return s
}

// all reports whether every value of a column is NULL or fits.
func (g *grid) all(column int, fits func(*datum) bool) bool {
	for i := column; i < len(g.cells); i += g.columns {
		if v := &g.cells[i]; v.kind != null && !fits(v) {
			return false
		}
	}
	return true
}

// from writes unnest(…) AS u(…). Each array comes from a sub-select, so that the planner does not know how many elements
// it has and expects few: knowing thousands, it would read the whole table for a hash join.
func (s *statement) from(src source, binaryFormat bool) *statement {
	s.text("unnest(")
	for at := range src.columns {
		if at > 0 {
			s.text(", ")
		}
		s.text("(SELECT CAST(").array(src, at, binaryFormat).text(" AS ", src.columns[at].element.name, "[]))")
	}
	s.text(") AS u(")
	for at := range src.columns {
		if at > 0 {
			s.text(", ")
		}
		s.text("c", strconv.Itoa(at))
	}
	return s.text(")")
}

// array writes a placeholder with a column as its argument.
func (s *statement) array(src source, at int, binaryFormat bool) *statement {
	if !binaryFormat {
		return s.arg(textOf(src.grid.literalArray(at)))
	}
	s.arrays = append(s.arrays, src.grid.binaryArray(at, src.columns[at].element))
	return s.arg(datum{kind: array, n: int64(len(s.arrays) - 1)})
}

// selected writes the first n columns of the source.
func (s *statement) selected(src source, n int) *statement {
	for at := range n {
		if at > 0 {
			s.text(", ")
		}
		s.text(src.value(at))
	}
	return s
}

// value is a column of the source for a SELECT list.
func (src source) value(at int) string { return casted(at, src.columns[at].cast) }

// comparable is a column of the source for a comparison with a column of the table.
func (src source) comparable(at int) string { return casted(at, src.columns[at].compare) }

func casted(at int, typ string) string {
	c := "u.c" + strconv.Itoa(at)
	if typ == "" {
		return c
	}
	return "CAST(" + c + " AS " + typ + ")"
}

// binaryArray is the binary format of a one-dimensional array: dimensions, whether there are NULLs, the type of the elements,
// their number, the first index, the elements. See array_recv in
// https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/arrayfuncs.c
func (g *grid) binaryArray(column int, e *element) []byte {
	rows := g.rows()
	size := 20
	for i := column; i < len(g.cells); i += g.columns {
		size += g.cells[i].size()
	}
	dst := make([]byte, 0, size)
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = binary.BigEndian.AppendUint32(dst, e.oid)
	dst = binary.BigEndian.AppendUint32(dst, uint32(rows))
	dst = binary.BigEndian.AppendUint32(dst, 1)
	for i := column; i < len(g.cells); i += g.columns {
		dst = appendField(dst, &g.cells[i], e)
	}
	return dst
}

// appendField appends a value with its length before it, -1 for NULL.
func appendField(dst []byte, v *datum, e *element) []byte {
	if v.kind == null {
		return append(dst, 0xff, 0xff, 0xff, 0xff)
	}
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if e == textElement {
		dst = v.appendTextForm(dst)
	} else {
		dst = e.append(dst, v)
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// literalArray is the text form of an array, which every driver can send.
func (g *grid) literalArray(column int) string {
	dst, value := []byte{'{'}, []byte(nil)
	for i := column; i < len(g.cells); i += g.columns {
		if i > column {
			dst = append(dst, ',')
		}
		v := &g.cells[i]
		if v.kind == null {
			dst = append(dst, "NULL"...)
			continue
		}
		value = v.appendTextForm(value[:0])
		dst = appendQuoted(dst, value)
	}
	return string(append(dst, '}'))
}

func arrayLiteral(texts []string) string {
	g := newGrid(1, len(texts))
	for _, t := range texts {
		g.add(textOf(t))
	}
	return g.literalArray(0)
}

func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// copyData is the binary format of COPY: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
// It takes the first cells of each row, as many as there are columns; ok is false when one has no binary format.
func copyData(w *workspace, g *grid, columns []pgColumn) (data []byte, ok bool) {
	src := sourceOf(g, columns)
	for at := range src.columns {
		if src.columns[at].cast != "" {
			return nil, false
		}
	}
	data = w.buffer(21 + 2*g.rows() + sizeOf(g.cells))
	data = append(data, "PGCOPY\n\xff\r\n\x00"...)
	data = append(data, make([]byte, 8)...)
	for i := range g.rows() {
		data = binary.BigEndian.AppendUint16(data, uint16(len(columns)))
		for at := range src.columns {
			data = appendField(data, g.at(i, at), src.columns[at].element)
		}
	}
	return append(data, 0xff, 0xff), true
}
