package sqlsink

import (
	"encoding/binary"
)

// isNumeric takes integers and plain decimal digits, which is what DynamoDB's numbers come as; the server reads other forms
// (exponents, NaN) from text.
func isNumeric(v *datum) bool {
	if v.kind == integer {
		return true
	}
	return v.kind == textual && isDecimal(v.text)
}

// isDecimal reports [-]digits[.digits] of at most 100 characters.
func isDecimal(s string) bool {
	if len(s) > 0 && s[0] == '-' {
		s = s[1:]
	}
	digits, point := 0, false
	for i := range len(s) {
		switch {
		case '0' <= s[i] && s[i] <= '9':
			digits++
		case s[i] == '.' && !point && digits > 0:
			point = true
		default:
			return false
		}
	}
	return digits > 0 && len(s) <= 100 && s[len(s)-1] != '.'
}

// appendNumeric appends the binary format of numeric: the number of digits to the base 10,000, the weight of the first, the
// sign, the decimals to show, the digits. See numeric_recv in
// https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c
func appendNumeric(dst []byte, v *datum) []byte {
	var buffer [128]byte
	decimal := v.appendTextForm(buffer[:0])
	sign := uint16(0)
	if decimal[0] == '-' {
		sign, decimal = 0x4000, decimal[1:]
	}
	whole, fraction := decimal, []byte(nil)
	for i, c := range decimal {
		if c == '.' {
			whole, fraction = decimal[:i], decimal[i+1:]
		}
	}
	var digits [64]uint16
	n := 0
	for rest := whole; len(rest) > 0; n++ { // the first digit takes what makes the others four decimals each
		first := (len(rest)-1)%4 + 1
		digits[n], rest = decimals(rest[:first]), rest[first:]
	}
	weight := n - 1
	for rest := fraction; len(rest) > 0; n++ {
		first := min(4, len(rest))
		digits[n] = decimals(rest[:first])
		for range 4 - first {
			digits[n] *= 10
		}
		rest = rest[first:]
	}
	return appendDigits(dst, digits[:n], weight, sign, len(fraction))
}

func decimals(s []byte) (d uint16) {
	for _, c := range s {
		d = d*10 + uint16(c-'0')
	}
	return d
}

// appendDigits leaves out zeros at both ends, as the server does.
func appendDigits(dst []byte, digits []uint16, weight int, sign uint16, scale int) []byte {
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
		weight--
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 {
		weight, sign = 0, 0
	}
	for _, field := range []uint16{uint16(len(digits)), uint16(int16(weight)), sign, uint16(scale)} {
		dst = binary.BigEndian.AppendUint16(dst, field)
	}
	for _, d := range digits {
		dst = binary.BigEndian.AppendUint16(dst, d)
	}
	return dst
}
