package sqlsink

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// decodeNumeric reads the binary format of numeric.
func decodeNumeric(b []byte) (value *big.Rat, scale int, err error) {
	field := func(i int) int { return int(int16(binary.BigEndian.Uint16(b[2*i:]))) }
	n, weight, sign, scale := field(0), field(1), field(2), field(3)
	if len(b) != 8+2*n {
		return nil, 0, fmt.Errorf("%d digits in %d bytes", n, len(b))
	}
	value = new(big.Rat)
	for i := range n {
		digit := field(4 + i)
		if digit < 0 || digit > 9999 || digit == 0 && (i == 0 || i == n-1) {
			return nil, 0, fmt.Errorf("digit %d is %d", i, digit)
		}
		power := new(big.Int).Exp(big.NewInt(10_000), big.NewInt(int64(abs(weight-i))), nil)
		place := new(big.Rat).SetInt(power)
		if weight < i {
			place.Inv(place)
		}
		value.Add(value, place.Mul(place, new(big.Rat).SetInt64(int64(digit))))
	}
	if sign == 0x4000 {
		value.Neg(value)
	}
	return value, scale, nil
}

func abs(n int) int { return max(n, -n) }

func FuzzNumeric(f *testing.F) {
	for _, seed := range []string{
		"0", "-0", "1", "-1", "9999", "10000", "0.0001", "0.00001", "1.00000000", "123456789.987654321", "00012", "-000.0", "1e3", "", "-", ".", "1.",
		strings.Repeat("9", 38), "-" + strings.Repeat("9", 40), "0." + strings.Repeat("0", 60) + "1", strings.Repeat("7", 99) + "7", "1" + strings.Repeat("0", 50) + "." + strings.Repeat("0", 40) + "1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !isDecimal(s) {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is no number", s)
		}
		v := textOf(s)
		got, scale, err := decodeNumeric(appendNumeric(nil, &v))
		if err != nil || got.Cmp(want) != 0 {
			t.Fatalf("%q becomes %v, %v", s, got, err)
		}
		if _, fraction, _ := strings.Cut(s, "."); scale != len(fraction) {
			t.Fatalf("%q shows %d decimals", s, scale)
		}
	})
}

func FuzzIntegersAsNumeric(f *testing.F) {
	for _, seed := range []int64{0, 1, -1, 9999, 10000, -10000, 1<<63 - 1, -1 << 63} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		v := integerOf(n)
		got, scale, err := decodeNumeric(appendNumeric(nil, &v))
		if err != nil || scale != 0 || got.Cmp(new(big.Rat).SetInt64(n)) != 0 {
			t.Fatalf("%d becomes %v with %d decimals, %v", n, got, scale, err)
		}
	})
}

// parseArray reads an array literal of one dimension; nil is NULL.
func parseArray(literal string) (items []*string, err error) {
	rest, ok := strings.CutPrefix(literal, "{")
	for ok && rest != "}" {
		var item *string
		if item, rest, err = parseItem(rest); err != nil {
			return nil, err
		}
		items = append(items, item)
		if after, comma := strings.CutPrefix(rest, ","); comma {
			rest = after
		} else if rest != "}" {
			return nil, fmt.Errorf("%q after an element", rest)
		}
	}
	if !ok {
		return nil, fmt.Errorf("no array: %q", literal)
	}
	return items, nil
}

func parseItem(s string) (item *string, rest string, err error) {
	if after, ok := strings.CutPrefix(s, "NULL"); ok {
		return nil, after, nil
	}
	if s == "" || s[0] != '"' {
		return nil, "", fmt.Errorf("an element begins %q", s)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			text := b.String()
			return &text, s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return nil, "", fmt.Errorf("an element has no end: %q", s)
}

func FuzzArrayLiterals(f *testing.F) {
	f.Add("", "NULL", `a"\,{}`)
	f.Add("\\", "\"", "\x00ž'")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		texts := []string{a, b, c}
		g := newGrid(1, 4)
		g.add(textOf(a), textOf(b), datum{}, textOf(c))
		items, err := parseArray(g.literalArray(0))
		if err != nil || len(items) != 4 || items[2] != nil {
			t.Fatalf("%q becomes %v, %v", texts, items, err)
		}
		for i, at := range []int{0, 1, 3} {
			if items[at] == nil || *items[at] != texts[i] {
				t.Fatalf("%q: element %d is %v", texts, at, items[at])
			}
		}
	})
}

// FuzzLists: what encoding/json writes for a slice of strings becomes an array of the same strings.
func FuzzLists(f *testing.F) {
	f.Add("", "NULL")
	f.Add(`a"\,{}`, "[\u2028<")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?") // encoding/json replaces what is not
		list, err := json.Marshal([]*string{&a, nil, &b})
		if err != nil {
			t.Fatal(err)
		}
		literal, ok := appendList(nil, list, "text[]")
		items, err := parseArray(string(literal))
		if !ok || err != nil || len(items) != 3 || items[0] == nil || items[1] != nil || items[2] == nil || *items[0] != a || *items[2] != b {
			t.Fatalf("%q and %q become %s: %v", a, b, literal, err)
		}
	})
}
