package streamjson

// Match returns the index behind the value at s[i], looking at nothing but
// brackets and the quotes around strings. It finds the end of values that
// SkipValue finds fault with.
func Match(s string, i int) (int, error) {
	if i >= len(s) {
		return i, ErrTruncated
	}
	if s[i] != '{' && s[i] != '[' && s[i] != '"' {
		return matchWord(s, i)
	}
	var brackets []byte
	for ; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			if i = matchString(s, i+1); i >= len(s) {
				return i, ErrTruncated
			}
		case '{', '[':
			brackets = append(brackets, c+2) // the closing bracket, in ASCII
		case '}', ']':
			if len(brackets) == 0 || brackets[len(brackets)-1] != c {
				return i, ErrSyntax
			}
			brackets = brackets[:len(brackets)-1]
		}
		if len(brackets) == 0 {
			return i + 1, nil
		}
	}
	return i, ErrTruncated
}

// matchString returns the index of the closing quote.
func matchString(s string, i int) int {
	for i < len(s) && s[i] != '"' {
		if s[i] == '\\' {
			i++
		}
		i++
	}
	return i
}

// matchWord passes over a number, a word or whatever stands for one.
func matchWord(s string, i int) (int, error) {
	start := i
	for i < len(s) && s[i] != ',' && s[i] != '}' && s[i] != ']' {
		i++
	}
	if i == start {
		return i, ErrSyntax
	}
	return i, nil
}
