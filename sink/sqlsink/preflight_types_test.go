package sqlsink

import (
	"strings"
	"testing"
)

// fitting says what becomes of values in columns: for each dialect a letter, of f for fits, m for mistyped, c for changes, r
// for rounds and s for short.
type fitting struct {
	spec   columnSpec
	actual actualColumn
	want   string // PostgreSQL, MySQL, SQLite
}

func number(holds have, bits, scale int) actualColumn {
	return actualColumn{holds: holds, bits: bits, scale: scale}
}

var fittings = func() []fitting {
	of := func(w want, bits int) columnSpec { return columnSpec{holds: w, bits: bits} }
	in := func(h have) actualColumn { return number(h, 64, -1) }
	int64s, int32s, int16s := of(wantWhole, 64), of(wantWhole, 32), of(wantWhole, 16)
	text, float64s, float32s := columnSpec{holds: wantText, field: "string"}, of(wantFloat, 64), of(wantFloat, 32)
	digits := columnSpec{holds: wantText, field: "big.Int", digits: true}
	version := columnSpec{holds: wantText, version: true}
	micro, second := actualColumn{holds: haveTime, fraction: 6}, actualColumn{holds: haveTime}
	return []fitting{
		{text, in(haveText), "fff"}, {text, in(haveInteger), "frc"}, {text, in(haveExact), "ffc"}, {text, in(haveFloat), "rrc"},
		{text, number(haveExact, 0, 0), "rrc"}, {digits, number(haveExact, 0, 0), "ffc"}, {digits, in(haveInteger), "ffc"}, {digits, in(haveFloat), "rrc"}, {digits, in(haveJSON), "frc"}, {digits, in(haveBytes), "mmf"},
		{text, in(haveBool), "fmc"}, {text, in(haveBytes), "cff"}, {text, in(haveTime), "ffc"}, {text, in(haveJSON), "ffc"},
		{text, in(haveUUID), "ffc"}, {of(wantText, 0), in(haveText), "fff"}, {of(wantText, 0), in(haveInteger), "mmm"},
		{of(wantText, 0), in(haveBytes), "mfm"}, {text, in(haveOther), "fff"},
		{int64s, in(haveInteger), "fff"}, {int64s, number(haveInteger, 32, 0), "fff"}, {int64s, in(haveExact), "fff"},
		{int64s, in(haveFloat), "rrr"}, {int32s, in(haveFloat), "fff"}, {int32s, number(haveFloat, 32, 0), "rrr"},
		{int16s, number(haveFloat, 32, 0), "fff"}, {int64s, in(haveText), "mmm"}, {int64s, in(haveBool), "mmf"},
		{int64s, in(haveTime), "mmf"}, {int64s, in(haveJSON), "fff"}, {int64s, in(haveBytes), "mmm"}, {int64s, in(haveOther), "fff"},
		{float64s, in(haveFloat), "fff"}, {float64s, number(haveFloat, 32, 0), "rrr"}, {float32s, number(haveFloat, 32, 0), "frf"},
		{float64s, in(haveInteger), "mrf"}, {float64s, in(haveExact), "fff"}, {float64s, number(haveExact, 0, 0), "rrf"},
		{float64s, number(haveExact, 0, 2), "fff"}, {float64s, in(haveText), "mmm"}, {float64s, in(haveJSON), "fff"},
		{of(wantBool, 0), in(haveBool), "fff"}, {of(wantBool, 0), in(haveInteger), "mff"}, {of(wantBool, 0), in(haveExact), "mmf"},
		{of(wantBool, 0), in(haveText), "mmm"}, {of(wantBool, 0), in(haveJSON), "fff"},
		{of(wantBytes, 0), in(haveBytes), "fff"}, {of(wantBytes, 0), in(haveText), "cff"}, {of(wantBytes, 0), in(haveUUID), "fff"},
		{of(wantBytes, 0), in(haveJSON), "fmf"}, {of(wantBytes, 0), in(haveInteger), "mmm"},
		{of(wantTime, 0), micro, "fff"}, {of(wantTime, 0), second, "rrf"}, {of(wantTime, 0), in(haveDate), "rrf"},
		{of(wantTime, 0), in(haveText), "mmf"}, {of(wantTime, 0), in(haveInteger), "mmf"},
		{of(wantDeletion, 0), second, "fff"}, {of(wantDeletion, 0), in(haveDate), "mmf"}, {of(wantDeletion, 0), in(haveText), "mmf"},
		{of(wantJSON, 0), in(haveJSON), "fff"}, {of(wantJSON, 0), in(haveText), "fff"}, {of(wantJSON, 0), in(haveBytes), "cff"},
		{of(wantJSON, 0), in(haveInteger), "mmm"}, {of(wantJSON, 0), in(haveOther), "fff"},
		{of(wantAny, 0), in(haveBool), "fff"},
		{of(wantSequence, 0), actualColumn{holds: haveText, length: 40}, "fff"}, {of(wantSequence, 0), in(haveText), "fff"},
		{of(wantSequence, 0), actualColumn{holds: haveText, length: 39}, "ssf"}, {of(wantSequence, 0), in(haveBytes), "mfm"},
		{of(wantSequence, 0), in(haveExact), "mmm"}, {of(wantSequence, 0), in(haveOther), "mmm"},
		{version, in(haveInteger), "fff"}, {version, in(haveExact), "fff"}, {version, in(haveText), "mmm"}, {version, in(haveFloat), "rrr"},
	}
}()

func TestFits(t *testing.T) {
	t.Parallel()
	for _, c := range fittings {
		var got strings.Builder
		for _, d := range []Dialect{PostgreSQL, MySQL, SQLite} {
			got.WriteByte("fmcrs"[fitOf(d, &c.spec, &c.actual)])
		}
		if got.String() != c.want {
			t.Errorf("%+v in %+v: %s, want %s", c.spec, c.actual, got.String(), c.want)
		}
	}
}
