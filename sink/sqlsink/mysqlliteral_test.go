package sqlsink

import (
	"encoding/hex"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// clock matches a literal of the present time.
var clock = regexp.MustCompile(`'20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?'`)

func literalOf(v datum) string {
	s := &statement{dialect: MySQL, literals: true}
	return s.arg(v).String()
}

func TestLiterals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value datum
		want  string
	}{
		{datum{}, "NULL"},
		{booleanOf(true), "1"},
		{booleanOf(false), "0"},
		{integerOf(math.MinInt64), "-9223372036854775808"},
		{realOf(0.1), "1e-01"},
		{realOf(-2), "-2e+00"},
		{realOf(math.MaxFloat64), "1.7976931348623157e+308"},
		{textOf(""), "''"},
		{textOf(`a "b" ~ /* -- # ;`), `'a "b" ~ /* -- # ;'`},
		{textOf("it's"), "_utf8mb4 0x69742773"},
		{textOf(`\`), "_utf8mb4 0x5c"},
		{textOf("a\x00"), "_utf8mb4 0x6100"},
		{textOf("é"), "_utf8mb4 0xc3a9"},
		{textOf("\xbf'"), "_utf8mb4 0xbf27"},
		{octetsOf([]byte{}), "''"},
		{octetsOf([]byte("a")), "'a'"},
		{octetsOf([]byte{0, 0xff}), "_binary 0x00ff"},
		{momentOf(fixedTime), "'2024-01-02 03:04:05.000006'"},
		{momentOf(time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)), "'0001-01-01 00:00:01'"},
		{momentOf(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)), "'2024-02-29'"},
		{momentOf(time.Date(1, 1, 2, 0, 0, 0, 1, time.UTC)), "'0001-01-02 00:00:00.000000001'"},
		{momentOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600))), "'2023-12-31 23:00:00'"},
	} {
		if got := literalOf(c.value); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.value, got, c.want)
		}
	}
}

// FuzzLiterals: whatever a text holds, its literal is one token that no mode and no character set reads otherwise, and that
// stands for the same bytes.
func FuzzLiterals(f *testing.F) {
	for _, seed := range []string{"", "a", "it's", `\`, "\xbf'", "é", "\x00\x1a", "'; DROP TABLE t; --", "𝔘", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkLiteral(t, literalOf(textOf(text)), text, "_utf8mb4")
		checkLiteral(t, literalOf(octetsOf([]byte(text))), text, map[bool]string{true: "_utf8mb4", false: "_binary"}[utf8.ValidString(text)])
	})
}

func checkLiteral(t *testing.T, got, text, want string) {
	t.Helper()
	if inner, ok := strings.CutPrefix(got, "'"); ok {
		inner, closed := strings.CutSuffix(inner, "'")
		odd := func(r rune) bool { return r < ' ' || r > '~' || r == '\'' || r == '\\' }
		if !closed || inner != text || strings.ContainsFunc(inner, odd) {
			t.Fatalf("%q became %s", text, got)
		}
		return
	}
	charset, digits, _ := strings.Cut(got, " 0x")
	if bytes, err := hex.DecodeString(digits); err != nil || string(bytes) != text || charset != want {
		t.Fatalf("%q became %s", text, got)
	}
}
