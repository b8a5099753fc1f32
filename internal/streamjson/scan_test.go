package streamjson

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// stricter reports whether s has one of the things Valid refuses although
// encoding/json takes them: bad UTF-8, a lone surrogate, deep nesting.
func stricter(s string) bool {
	return !utf8.ValidString(s) || strings.Contains(strings.ToLower(s), `\ud`) ||
		strings.Count(s, "[")+strings.Count(s, "{") > MaxDepth
}

func checkValid(t *testing.T, s string) {
	t.Helper()
	got, want := Valid(s), json.Valid([]byte(s))
	if got && !want || want && !got && !stricter(s) {
		t.Errorf("Valid(%q) = %v, encoding/json says %v", s, got, want)
	}
}

var validSeeds = []string{
	``, ` `, `{}`, `[]`, `[1,2]`, `[1,]`, `{"a":1,}`, `{"a":1}x`, `{"a" : [ true , false,null ] } `,
	`"abc"`, `"a\u00e9\ud83d\ude00"`, `"\ud83d"`, `"\u12g4"`, `"\x"`, "\"a\tb\"", "\"\xff\"", "\"\x7f\"", `"é"`,
	`0`, `-0`, `01`, `-`, `1.`, `.1`, `1.5e+10`, `1e`, `1E5`, `+1`, `tru`, `nulll`, `{1:2}`, `{"a":{"S":"12345678\\"}}`,
	`{"abcdefgh":"abcdefghi","b":["12345678","123456789\n"]}`, `{"a"}`, `{"a":}`, `[`, `{`, `"`, `"\`, `[[1],[{"a":[]}]]`,
}

func TestValidAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, s := range validSeeds {
		checkValid(t, s)
	}
}

func TestDepthIsLimited(t *testing.T) {
	t.Parallel()
	for depth, want := range map[int]bool{MaxDepth: true, MaxDepth + 1: false, 1 << 20: false} {
		if got := Valid(strings.Repeat("[", depth) + strings.Repeat("]", depth)); got != want {
			t.Errorf("depth %d: Valid = %v", depth, got)
		}
	}
}

func TestUnquoteAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, lit := range []string{`"abc"`, `"\"\\\/\b\f\n\r\t"`, `"x\u0041\u00e9\u20ac\ud83d\ude00y"`, `"é€😀"`} {
		var want string
		if err := json.Unmarshal([]byte(lit), &want); err != nil {
			t.Fatal(err)
		}
		end, _, err := ScanString(lit, 1)
		if got := string(AppendUnquoted(nil, lit[1:end])); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", lit, got, err, want)
		}
	}
}

func FuzzValid(f *testing.F) {
	for _, s := range validSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkValid(t, s) })
}

func FuzzUnquote(f *testing.F) {
	for _, s := range validSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		lit := s + `"`
		end, plain, err := ScanString(lit, 0)
		if err != nil {
			return
		}
		var want string
		if err := json.Unmarshal([]byte(`"`+lit[:end+1]), &want); err != nil {
			t.Fatalf("%q accepted, encoding/json: %v", lit[:end], err)
		}
		if got := string(AppendUnquoted(nil, lit[:end])); got != want || plain && want != lit[:end] {
			t.Fatalf("%q: got %q (plain %v), want %q", lit[:end], got, plain, want)
		}
	})
}
