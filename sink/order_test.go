package sink

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSortMostlyRising(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		s := make([]int, random.IntN(40))
		astray := random.IntN(101) // percent
		for i := range s {
			if s[i] = i; random.IntN(100) < astray {
				s[i] = random.IntN(len(s)+5) - 2
			}
		}
		got := slices.Clone(s)
		sortMostlyRising(got, cmp.Compare)
		want := slices.Clone(s)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%v became %v", s, got)
		}
	}
}

// What rises is compared with its neighbour, and once more with what does not.
func TestSortMostlyRisingComparesLittle(t *testing.T) {
	t.Parallel()
	s := make([]int, 1000)
	for i := range s {
		if s[i] = 1000 + i; i%100 == 99 {
			s[i] = i
		}
	}
	compared := 0
	sortMostlyRising(s, func(a, b int) int { compared++; return a - b })
	if compared > 2100 || !slices.IsSorted(s) {
		t.Errorf("compared %d times", compared)
	}
}
