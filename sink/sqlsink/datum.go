package sqlsink

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"
)

// datum is one value of a row on its way to the database: what an any would hold, without the allocation of one.
type datum struct {
	kind  kind
	nanos int32  // of a moment
	n     int64  // an integer, a boolean (0 or 1), the bits of a real, the Unix seconds of a moment
	text  string // what is textual, and octets
}

type kind uint8

const (
	null kind = iota
	boolean
	integer
	real
	textual
	octets
	moment
	array // of a statement
)

func textOf(s string) datum   { return datum{kind: textual, text: s} }
func integerOf(n int64) datum { return datum{kind: integer, n: n} }
func octetsOf(b []byte) datum { return datum{kind: octets, text: string(b)} }
func realOf(f float64) datum  { return datum{kind: real, n: int64(math.Float64bits(f))} }

func booleanOf(b bool) datum {
	if b {
		return datum{kind: boolean, n: 1}
	}
	return datum{kind: boolean}
}

func momentOf(t time.Time) datum {
	return datum{kind: moment, n: t.Unix(), nanos: int32(t.Nanosecond())}
}

func (v *datum) real() float64   { return math.Float64frombits(uint64(v.n)) }
func (v *datum) time() time.Time { return time.Unix(v.n, int64(v.nanos)).UTC() }

// sqliteTime is the text form that both SQLite drivers read back as a time and SQLite's date functions understand,
// 2006-01-02 15:04:05.999999999+00:00: https://www.sqlite.org/lang_datefunc.html
func sqliteTime(t time.Time) string {
	const zulu = "2006-01-02T15:04:05.999999999Z"
	text := t.UTC().AppendFormat(make([]byte, 0, len(zulu)+len("+00:00")), time.RFC3339Nano) // the layout that package time is fastest with
	text[bytes.IndexByte(text, 'T')] = ' '
	return string(append(text[:len(text)-len("Z")], "+00:00"...))
}

// arg is the value as an argument of database/sql.
func (v *datum) arg(d Dialect) any {
	switch v.kind {
	case boolean:
		return v.n != 0
	case integer:
		return v.n
	case real:
		return v.real()
	case textual:
		return v.text
	case octets:
		return []byte(v.text)
	case moment:
		return timeArg(v.time(), d)
	}
	return nil
}

func timeArg(t time.Time, d Dialect) any {
	if d == SQLite {
		return sqliteTime(t)
	}
	return t.UTC()
}

// keyText is the value as part of a key's text; values of one column have equal texts only if they are equal.
func (v *datum) keyText() (s string, filled bool) {
	switch v.kind {
	case boolean:
		return strconv.FormatBool(v.n != 0), true
	case integer:
		return strconv.FormatInt(v.n, 10), true
	case real:
		return strconv.FormatFloat(v.real(), 'g', -1, 64), true
	case textual, octets:
		return v.text, v.text != ""
	case moment:
		return v.time().Format(time.RFC3339Nano), true
	}
	return "", false
}

// size estimates what the value takes on the wire, with its length.
func (v *datum) size() int { return 12 + len(v.text) }

// datumOf takes a value that a driver.Valuer returned.
func datumOf(value any, d Dialect) (datum, error) {
	switch v := value.(type) {
	case nil:
		return datum{}, nil
	case int64:
		return integerOf(v), nil
	case float64:
		return realDatum(v, d)
	case bool:
		return booleanOf(v), nil
	case []byte:
		return bytesDatum(v), nil
	case string:
		return textOf(v), nil
	case time.Time:
		return timeDatum(v, d)
	}
	return datum{}, fmt.Errorf("a Valuer gave a %T, which is no driver.Value", value)
}
