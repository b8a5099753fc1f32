package sqlsink

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"time"
)

// element is a type of PostgreSQL whose binary format we write, in arrays and in COPY:
// https://www.postgresql.org/docs/current/datatype.html and the …recv functions of the server.
type element struct {
	name string // of the array's elements
	oid  uint32
	fits func(v *datum) bool // whether append can write the value without changing it
	// append appends the value without its length.
	append func(dst []byte, v *datum) []byte
}

// elements are known by the oid of a column's type, which is the same in every PostgreSQL:
// https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
var elements = map[uint32]*element{
	16: {"bool", 16, isKind(boolean), func(dst []byte, v *datum) []byte { return append(dst, byte(v.n)) }},
	17: {"bytea", 17, isKind(octets), appendText},
	20: {"int8", 20, isKind(integer), func(dst []byte, v *datum) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v.n)) }},
	21: {"int2", 21, isInteger(math.MinInt16, math.MaxInt16), func(dst []byte, v *datum) []byte { return binary.BigEndian.AppendUint16(dst, uint16(v.n)) }},
	23: {"int4", 23, isInteger(math.MinInt32, math.MaxInt32), func(dst []byte, v *datum) []byte { return binary.BigEndian.AppendUint32(dst, uint32(v.n)) }},
	25: textElement,
	700: {"float4", 700, isReal32, func(dst []byte, v *datum) []byte {
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v.real())))
	}},
	701:  {"float8", 701, isKind(real), func(dst []byte, v *datum) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v.n)) }},
	114:  {"json", 114, isKind(textual), appendText},
	1042: textElement, // bpchar: the cast at the assignment checks the length
	1043: textElement, // varchar
	1114: {"timestamp", 1114, isTimestamp, appendTimestamp},
	1184: {"timestamptz", 1184, isTimestamp, appendTimestamp},
	1700: {"numeric", 1700, isNumeric, appendNumeric},
	2950: {"uuid", 2950, isUUID, appendUUID},
	3802: {"jsonb", 3802, isKind(textual), func(dst []byte, v *datum) []byte { return append(append(dst, 1), v.text...) }},
}

var textElement = &element{"text", 25, isKind(textual), appendText}

const (
	varchar = 1043
	bpchar  = 1042
)

func appendText(dst []byte, v *datum) []byte { return append(dst, v.text...) }

func isKind(k kind) func(*datum) bool {
	return func(v *datum) bool { return v.kind == k }
}

func isInteger(low, high int64) func(*datum) bool {
	return func(v *datum) bool { return v.kind == integer && low <= v.n && v.n <= high }
}

// isReal32 leaves to the server what overflows or vanishes.
func isReal32(v *datum) bool {
	f := v.real()
	return v.kind == real && (float64(float32(f)) == f || math.Abs(f) < math.MaxFloat32 && math.Abs(f) > 1e-37)
}

// epoch is 2000-01-01 in Unix seconds, from which PostgreSQL counts microseconds.
const epoch = 946_684_800

// isTimestamp keeps away from the ends of PostgreSQL's range, 4713 BC to 294276 AD.
func isTimestamp(v *datum) bool {
	return v.kind == moment && -200_000_000_000 < v.n && v.n < 9_000_000_000_000
}

// appendTimestamp rounds nanoseconds to the nearest microsecond, as the server does with the text form.
func appendTimestamp(dst []byte, v *datum) []byte {
	micros := (v.n-epoch)*1_000_000 + int64(math.RoundToEven(float64(v.nanos)/1000))
	return binary.BigEndian.AppendUint64(dst, uint64(micros))
}

// isUUID takes the form 8-4-4-4-12; others the server may know.
func isUUID(v *datum) bool {
	if v.kind != textual || len(v.text) != 36 {
		return false
	}
	for i := range len(v.text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (v.text[i] == '-') || !dash && unhex(v.text[i]) > 15 {
			return false
		}
	}
	return true
}

func appendUUID(dst []byte, v *datum) []byte {
	for i := 0; i < len(v.text); i += 2 {
		if v.text[i] == '-' {
			i++
		}
		dst = append(dst, unhex(v.text[i])<<4|unhex(v.text[i+1]))
	}
	return dst
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}

// appendTextForm appends the value in the form that the input function of its type reads.
func (v *datum) appendTextForm(dst []byte) []byte {
	switch v.kind {
	case boolean:
		return strconv.AppendBool(dst, v.n != 0)
	case integer:
		return strconv.AppendInt(dst, v.n, 10)
	case real:
		if f := v.real(); math.IsInf(f, 0) {
			return append(dst, map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]...)
		}
		return strconv.AppendFloat(dst, v.real(), 'g', -1, 64)
	case textual:
		return append(dst, v.text...)
	case octets:
		return appendHex(append(dst, `\x`...), v.text)
	case moment:
		return appendMoment(dst, v.time())
	}
	return dst
}

func appendHex(dst []byte, s string) []byte { return hex.AppendEncode(dst, []byte(s)) }

// appendMoment writes years before Christ as PostgreSQL does; there is no year zero.
func appendMoment(dst []byte, t time.Time) []byte {
	if t.Year() > 0 {
		return t.AppendFormat(dst, "2006-01-02 15:04:05.999999999-07:00")
	}
	dst = append(dst, "000"...)
	dst = strconv.AppendInt(dst, int64(1-t.Year()), 10)
	return t.AppendFormat(dst, "-01-02 15:04:05.999999999-07:00 BC")
}
