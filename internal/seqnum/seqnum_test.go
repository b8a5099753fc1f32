package seqnum

import (
	"strings"
	"testing"
)

// Every byte at every place of every length, among digits.
func TestValid(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("0123456789", 5)
	for n := range len(digits) + 1 {
		if got, want := Valid(digits[:n]), n >= 1 && n <= MostDigits; got != want {
			t.Errorf("%d digits: %v", n, got)
		}
		for at := range min(n, MostDigits+1) {
			for b := range 256 {
				s := digits[:at] + string([]byte{byte(b)}) + digits[at+1:n]
				want := n <= MostDigits && b >= '0' && b <= '9'
				if got := Valid(s); got != want {
					t.Fatalf("%q: %v", s, got)
				}
			}
		}
	}
}
