package streamjson

// MaxDepth is how deeply arrays and objects may be nested. The deepest item
// DynamoDB holds has 32 levels, which is 64 of JSON.
const MaxDepth = 256

// Valid reports whether s is one JSON value, with nothing but white space
// around it. It is stricter than encoding/json in three points: strings must
// be valid UTF-8, \u surrogates must come in pairs, and the nesting is limited
// to MaxDepth.
func Valid(s string) bool {
	end, err := SkipValue(s, Space(s, 0))
	return err == nil && Space(s, end) == len(s)
}

// SkipValue checks the JSON value that starts at s[i] (no white space before
// it) and returns the index behind it.
func SkipValue(s string, i int) (int, error) { return skipValue(s, i, MaxDepth) }

func skipValue(s string, i, depth int) (int, error) {
	if i >= len(s) {
		return i, ErrTruncated
	}
	switch s[i] {
	case '"':
		end, _, err := ScanString(s, i+1)
		return end + 1, err
	case '{':
		return skipObject(s, i+1, depth-1)
	case '[':
		return skipArray(s, i+1, depth-1)
	case 't':
		return skipWord(s, i, "true")
	case 'f':
		return skipWord(s, i, "false")
	case 'n':
		return skipWord(s, i, "null")
	}
	return skipNumber(s, i)
}

func skipWord(s string, i int, word string) (int, error) {
	if len(s)-i < len(word) || s[i:i+len(word)] != word {
		return i, ErrSyntax
	}
	return i + len(word), nil
}

// skipNumber follows RFC 8259's grammar to the letter.
func skipNumber(s string, i int) (int, error) {
	if i < len(s) && s[i] == '-' {
		i++
	}
	start := i
	i = digits(s, i)
	if i == start || s[start] == '0' && i > start+1 {
		return i, ErrSyntax
	}
	if i < len(s) && s[i] == '.' {
		if start, i = i+1, digits(s, i+1); i == start {
			return i, ErrSyntax
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if start, i = i, digits(s, i); i == start {
			return i, ErrSyntax
		}
	}
	return i, nil
}

func digits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

func skipArray(s string, i, depth int) (int, error) {
	if depth < 0 {
		return i, ErrDepth
	}
	if i = Space(s, i); i < len(s) && s[i] == ']' {
		return i + 1, nil
	}
	for more := true; more; {
		var err error
		if i, err = skipValue(s, Space(s, i), depth); err != nil {
			return i, err
		}
		if i, more, err = Comma(s, i, ']'); err != nil {
			return i, err
		}
	}
	return i, nil
}

func skipObject(s string, i, depth int) (int, error) {
	if depth < 0 {
		return i, ErrDepth
	}
	if i = Space(s, i); i < len(s) && s[i] == '}' {
		return i + 1, nil
	}
	for more := true; more; {
		var err error
		if depth > 0 {
			i = skipScalars(s, i)
		}
		if i, err = skipMember(s, i, depth); err != nil {
			return i, err
		}
		if i, more, err = Comma(s, i, '}'); err != nil {
			return i, err
		}
	}
	return i, nil
}

func skipMember(s string, i, depth int) (int, error) {
	i, err := Open(s, i)
	if err != nil {
		return i, err
	}
	if i, _, err = ScanString(s, i); err != nil {
		return i, err
	}
	if i++; i+1 < len(s) && s[i] == ':' && s[i+1] > ' ' {
		i++
	} else if i, err = Colon(s, i); err != nil {
		return i, err
	}
	return skipValue(s, i, depth)
}

// skipScalars passes over members like "name":{"S":"text"}, as long as they
// stand there just so, a comma behind each: most of an item consists of them.
func skipScalars(s string, i int) int {
	for i < len(s) && s[i] == '"' {
		end := Plain(s, i+1)
		if !isScalar(s, end) {
			break
		}
		end = Plain(s, end+8)
		if end+3 > len(s) || s[end:end+3] != `"},` {
			break
		}
		i = end + 3
	}
	return i
}

// isScalar reports whether `":{"X":"` stands at s[i], X being S, N or B.
func isScalar(s string, i int) bool {
	const tag = 4 // where X is
	if len(s)-i < 8 {
		return false
	}
	w := load8(s, i)
	c := byte(w >> (8 * tag))
	return w&^(0xff<<(8*tag)) == scalar && (c == 'S' || c == 'N' || c == 'B')
}

// scalar is `":{"` and `":"` around a byte of zero, in little-endian order.
const scalar = '"' | ':'<<8 | '{'<<16 | '"'<<24 | '"'<<40 | ':'<<48 | '"'<<56

// Open passes over the opening quote of an object member's name and returns
// the index of the name's first byte.
func Open(s string, i int) (int, error) {
	if i < len(s) && s[i] == '"' {
		return i + 1, nil
	}
	if i = Space(s, i); i >= len(s) {
		return i, ErrTruncated
	}
	if s[i] != '"' {
		return i, ErrSyntax
	}
	return i + 1, nil
}

// Colon passes over the colon of an object member (s[i] is what follows the
// name's closing quote) and returns the index of its value.
func Colon(s string, i int) (int, error) {
	if i = Space(s, i); i >= len(s) {
		return i, ErrTruncated
	}
	if s[i] != ':' {
		return i, ErrSyntax
	}
	return Space(s, i+1), nil
}

// Comma passes over what follows an element: a comma (more is true) or the
// closing bracket.
func Comma(s string, i int, closing byte) (next int, more bool, err error) {
	if i < len(s) && s[i] <= ' ' {
		i = Space(s, i)
	}
	if i >= len(s) {
		return i, false, ErrTruncated
	}
	switch s[i] {
	case ',':
		return i + 1, true, nil
	case closing:
		return i + 1, false, nil
	}
	return i, false, ErrSyntax
}
