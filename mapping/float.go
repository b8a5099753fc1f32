package mapping

import (
	"math"
	"strconv"
)

// exactFloat reports whether f, seen as a float of the given size, stands for
// the number s: either its shortest decimal form is s, up to zeros and
// notation, or it is s exactly, as powers of two are.
func exactFloat(s string, f float64, bits int) bool {
	d, err := parseDecimal(s)
	if err != nil || math.IsInf(f, 0) {
		return false
	}
	// Any decimal of so few digits survives the way there and back, provided
	// that it is in the normal range; all of DynamoDB's numbers are for a
	// float64.
	if bits == 64 && d.digits <= 15 || d.digits == 0 {
		return true
	}
	const shortest, exact = -1, maxDigits + 2
	return d.same(s, f, shortest, bits) || d.same(s, f, exact, bits)
}

// same compares s with the digits of f.
func (d *decimal) same(s string, f float64, precision, bits int) bool {
	var buf [maxDigits + 16]byte
	text := string(strconv.AppendFloat(buf[:0], f, 'e', precision, bits))
	e := decimal{first: -1, last: -1}
	i, ok := 0, false
	if e.negative = text[0] == '-'; e.negative {
		i++
	}
	if i, ok = e.mantissa(text, i); !ok {
		return false
	}
	exp, ok := exponent(text[i:])
	e.exponent += exp
	return ok && d.equal(s, &e, text)
}

func (d *decimal) equal(s string, e *decimal, t string) bool {
	if d.digits != e.digits || d.negative != e.negative || d.exponent != e.exponent {
		return false
	}
	for i, j := d.first, e.first; i <= d.last && j <= e.last; i, j = i+1, j+1 {
		if s[i] == '.' {
			i++
		}
		if t[j] == '.' {
			j++
		}
		if s[i] != t[j] {
			return false
		}
	}
	return true
}

// shortFloat converts a number of at most 15 digits without exponent: digits
// and power of ten are exact as float64, so their quotient is rounded
// correctly, and its shortest decimal form is s.
func shortFloat(s string) (float64, bool) {
	var mantissa int64
	i, digits, fraction := 0, 0, -1
	if len(s) > 0 && s[0] == '-' {
		i++
	}
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c-'0' <= 9:
			mantissa = mantissa*10 + int64(c-'0')
			digits++
		case c == '.' && fraction < 0:
			fraction = digits
		default:
			return 0, false
		}
	}
	if digits == 0 || digits > 15 {
		return 0, false
	}
	f := float64(mantissa)
	if fraction >= 0 {
		f /= powersOfTen[digits-fraction]
	}
	if s[0] == '-' {
		f = -f
	}
	return f, true
}

var powersOfTen = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
