package mapping

import "strconv"

// DynamoDB's limits for a number: 38 significant digits, and a magnitude
// between 1E-130 and 9.99...E+125. Source: "Supported data types and naming
// rules", Amazon DynamoDB Developer Guide.
const (
	maxDigits   = 38
	minExponent = -130
	maxExponent = 125
)

// decimal is the shape of a number's text: where its significant digits are
// and what the first of them is worth. Zero has none.
type decimal struct {
	negative    bool
	first, last int // indexes of the first and last significant digit
	digits      int // significant digits, without leading and trailing zeros
	exponent    int // the first significant digit counts 10^exponent
}

// checkNumber returns an error for what DynamoDB cannot have stored.
func checkNumber(s string) error {
	if plainNumber(s) {
		return nil
	}
	_, err := parseDecimal(s)
	return err
}

// plainNumber knows what most numbers look like: up to 18 digits and a point,
// which is within all limits.
func plainNumber(s string) bool {
	points := 0
	if len(s) > 19 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 {
			if points++; s[i] != '.' {
				return false
			}
		}
	}
	return points < 2 && points < len(s)
}

// parseDecimal reads [+-] digits [. digits] [e [+-] digits], with at least
// one digit before or after the point.
func parseDecimal(s string) (decimal, error) {
	d := decimal{first: -1, last: -1}
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		d.negative = s[i] == '-'
		i++
	}
	i, ok := d.mantissa(s, i)
	if !ok {
		return d, errNumber
	}
	exp, ok := exponent(s[i:])
	if !ok {
		return d, errNumber
	}
	d.exponent += exp
	return d, d.check()
}

// mantissa scans the digits and the point and returns the index behind them.
func (d *decimal) mantissa(s string, i int) (int, bool) {
	start, point, zeros := i, -1, 0
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' && point < 0:
			point = i
		case c == '0':
			zeros++
		case '1' <= c && c <= '9':
			d.significant(i, zeros)
			zeros = 0
		default:
			return i, d.place(start, point, i)
		}
	}
	return i, d.place(start, point, i)
}

func (d *decimal) significant(i, zeros int) {
	if d.first < 0 {
		d.first = i
	} else {
		d.digits += zeros
	}
	d.digits++
	d.last = i
}

// place works out what the first digit is worth; false means that there was
// no digit at all.
func (d *decimal) place(start, point, end int) bool {
	if point < 0 {
		point = end
	}
	switch {
	case end-start < 1 || end-start == 1 && point == start:
		return false
	case d.first < 0:
	case d.first < point:
		d.exponent = point - d.first - 1
	default:
		d.exponent = point - d.first
	}
	return true
}

// exponent reads what follows the digits: nothing, or e and an integer.
func exponent(s string) (int, bool) {
	if s == "" {
		return 0, true
	}
	if s[0]|0x20 != 'e' {
		return 0, false
	}
	n, err := strconv.Atoi(s[1:])
	if err != nil || n < -1<<20 || n > 1<<20 {
		// Too large is not "not a number", but no such number exists either.
		return n, err == nil
	}
	return n, true
}

func (d *decimal) check() error {
	switch {
	case d.digits == 0:
		return nil
	case d.digits > maxDigits:
		return errNumberDigits
	case d.exponent < minExponent || d.exponent > maxExponent:
		return errNumberRange
	}
	return nil
}

// appendJSONNumber appends a number that checkNumber has accepted as a JSON
// number. Only the notation changes: JSON knows no leading '+' or zeros, and
// wants digits on both sides of a point.
func appendJSONNumber(dst []byte, s string) []byte {
	if s[0] == '-' {
		dst = append(dst, '-')
	}
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	for len(s) > 1 && s[0] == '0' && s[1]-'0' <= 9 {
		s = s[1:]
	}
	if s[0] == '.' {
		dst = append(dst, '0')
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '.' && (i+1 == len(s) || s[i+1]-'0' > 9) {
			continue
		}
		dst = append(dst, s[i])
	}
	return dst
}
