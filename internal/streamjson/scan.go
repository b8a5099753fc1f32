package streamjson

import (
	"errors"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Errors of the scanner. None of them says what the offending bytes were:
// they are part of somebody's item.
var (
	ErrSyntax    = errors.New("not valid JSON")
	ErrTruncated = errors.New("JSON ends too early")
	ErrUTF8      = errors.New("string is not valid UTF-8")
	ErrEscape    = errors.New("string has an invalid escape")
	ErrControl   = errors.New("string has a raw control character")
	ErrDepth     = errors.New("JSON is nested too deeply")
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// load8 reads s[i:i+8] as one little-endian word; the compiler merges the
// eight loads into one.
func load8(s string, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// special sets the high bit of each byte of w that cannot simply be passed
// over inside a string: '"', '\\', control characters and non-ASCII. Only the
// lowest mark is exact (a subtraction may borrow from the byte above it).
func special(w uint64) uint64 {
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return ((quote - ones) | (slash - ones) | (w - ones*0x20) | w) & highs
}

// Plain returns the index of the first byte of s[i:] that is not plain ASCII
// text of a JSON string, or len(s).
func Plain(s string, i int) int {
	for i+8 <= len(s) {
		if m := special(load8(s, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(s) && s[i] >= 0x20 && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// ScanString checks the string literal whose opening quote is s[i-1] and
// returns the index of its closing quote. When plain is true the literal has
// no escapes, so s[i:end] is its value; otherwise AppendUnquoted makes it.
func ScanString(s string, i int) (end int, plain bool, err error) {
	if end = Plain(s, i); end < len(s) && s[end] == '"' {
		return end, true, nil
	}
	return scanStringSlow(s, end)
}

func scanStringSlow(s string, i int) (end int, plain bool, err error) {
	plain = true
	for {
		i = Plain(s, i)
		if i >= len(s) {
			return i, false, ErrTruncated
		}
		switch c := s[i]; {
		case c == '"':
			return i, plain, nil
		case c == '\\':
			plain = false
			if i, err = skipEscape(s, i); err != nil {
				return i, false, err
			}
		case c < 0x20:
			return i, false, ErrControl
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return i, false, ErrUTF8
			}
			i += n
		}
	}
}

// skipEscape returns the index behind the escape at s[i]. A surrogate must be
// half of a pair: alone it stands for no character, and replacing it would
// change the value.
func skipEscape(s string, i int) (int, error) {
	if i+1 >= len(s) {
		return i, ErrTruncated
	}
	switch s[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
		_, n := decodeU(s, i)
		if n == 0 {
			return i, ErrEscape
		}
		return i + n, nil
	}
	return i, ErrEscape
}

// decodeU decodes the \uXXXX escape (or pair of them) at s[i] and returns its
// length in bytes, 0 if it is not one.
func decodeU(s string, i int) (rune, int) {
	r := hex4(s, i)
	switch {
	case r < 0 || 0xDC00 <= r && r < 0xE000:
		return 0, 0
	case r < 0xD800 || r >= 0xE000:
		return r, 6
	}
	low := hex4(s, i+6)
	if low < 0xDC00 || low >= 0xE000 {
		return 0, 0
	}
	return (r-0xD800)<<10 | (low - 0xDC00) + 0x10000, 12
}

func hex4(s string, i int) rune {
	if i+6 > len(s) || s[i] != '\\' || s[i+1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range []byte(s[i+2 : i+6]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// AppendUnquoted appends the value of a string literal that ScanString has
// accepted, s being the text between its quotes.
func AppendUnquoted(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		if s[i+1] == 'u' {
			r, n := decodeU(s, i)
			dst, s = utf8.AppendRune(dst, r), s[i+n:]
			continue
		}
		dst, s = append(dst, unescape(s[i+1])), s[i+2:]
	}
}

func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// Space returns the index of the first byte of s[i:] that is not JSON white
// space, or len(s).
func Space(s string, i int) int {
	for i < len(s) && s[i] <= ' ' && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}
