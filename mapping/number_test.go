package mapping

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

var floatTexts = []string{
	"0", "-0", "1", "0.1", "-2.50", "1e2", "+5", "129.95", "3.141592653589793", "0.30000000000000004", "0.3000000000000000444", "1E-130", "9.99E125",
	"9007199254740993", "9007199254740992", "9223372036854775807", "9223372036854775808", "18446744073709551616", "2147483648", "16777217",
	"12345678901234567890123456789012345678", "0.1234567890123456", "0.12345678901234567", "0.123456789012345678", "123456789012345.6",
	"999999999999999", "9999999999999999", "1e15", "1e16", "1e22", "1e23", "5e-324", "00001.50000", ".5", "5.", "1e40", "3.4028235e38", "1e-50",
	"0.000000000000000000000000000000000000000000000000000000000000000001",
}

// stands is the rule of exactFloat in other words: f's shortest form is the
// number s, or f itself is.
func stands(s string, f float64, bits int) bool {
	if math.IsInf(f, 0) {
		return false
	}
	want, ok := new(big.Rat).SetString(s)
	short, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, bits))
	return ok && (want.Cmp(short) == 0 || want.Cmp(new(big.Rat).SetFloat64(f)) == 0)
}

func checkFloat(t *testing.T, s string) {
	t.Helper()
	item := []byte(`{"a":{"N":"` + s + `"}}`)
	var v struct{ A float64 }
	var v32 struct{ A float32 }
	err, err32 := Unmarshal(item, &v), Unmarshal(item, &v32)
	f, parseErr := strconv.ParseFloat(s, 64)
	if exact := parseErr == nil && stands(s, f, 64); exact != (err == nil) || exact && v.A != f {
		t.Errorf("%s: float64 %v, %v; exact: %v", s, v.A, err, exact)
	}
	if exact := parseErr == nil && math.Abs(f) <= math.MaxFloat32 && stands(s, float64(float32(f)), 32); exact != (err32 == nil) || exact && v32.A != float32(f) {
		t.Errorf("%s: float32 %v, %v; exact: %v", s, v32.A, err32, exact)
	}
}

func TestFloats(t *testing.T) {
	t.Parallel()
	for _, s := range floatTexts {
		if checkNumber(s) == nil {
			checkFloat(t, s)
		}
	}
	for range 5000 {
		digits := make([]byte, 1+rand.IntN(20))
		for i := range digits {
			digits[i] = byte('0' + rand.IntN(10))
		}
		s := string(digits)
		if cut := rand.IntN(len(s) + 1); cut < len(s) {
			s = s[:cut] + "." + s[cut:]
		}
		if rand.IntN(3) == 0 {
			s += "e" + strconv.Itoa(rand.IntN(60)-30)
		}
		checkFloat(t, s)
	}
}

func TestLossyNumbers(t *testing.T) {
	t.Parallel()
	type floats struct {
		A float64
		B any
	}
	item := []byte(`{"a":{"N":"9007199254740993"},"b":{"N":"9007199254740993"}}`)
	exact, _ := NewDecoder[floats]()
	lossy, _ := NewDecoder[floats](LossyNumbers())
	var v floats
	if err := exact.Decode(item, &v); !errors.Is(err, errInexact) || strings.Contains(err.Error(), "9007") {
		t.Errorf("exact: %v", err)
	}
	if err := lossy.Decode(item, &v); err != nil || v.A != 9007199254740992 || v.B != v.A {
		t.Errorf("lossy: %v, %v", v, err)
	}
	if err := lossy.Decode([]byte(`{"a":{"N":"1E-131"}}`), &v); err == nil {
		t.Error("lossy accepts a number outside DynamoDB's range")
	}
}

func FuzzNumber(f *testing.F) {
	for _, s := range floatTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDecimal(s)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(s)
		if !ok || strings.ContainsAny(s, "_xXpPoObB/") || d.digits == 0 != (exact.Sign() == 0) {
			t.Fatalf("%q accepted", s)
		}
		text := string(appendJSONNumber(nil, s))
		if again, ok := new(big.Rat).SetString(text); !ok || again.Cmp(exact) != 0 {
			t.Fatalf("%q in JSON is %q", s, text)
		}
		checkFloat(t, s)
	})
}
