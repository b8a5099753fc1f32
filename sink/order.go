package sink

import "slices"

// sortMostlyRising is slices.SortFunc for what is in order but for some: new items have rising keys when these are made of
// numbers or the time, and most of a batch often is new.
func sortMostlyRising[E any](s []E, compare func(a, b E) int) {
	rising := 0 // what is in order so far stands at the front
	var others []E
	for _, e := range s {
		if rising == 0 || compare(s[rising-1], e) <= 0 {
			s[rising] = e
			rising++
		} else {
			others = append(others, e)
		}
	}
	if len(others) > len(s)/2 {
		copy(s[rising:], others)
		slices.SortFunc(s, compare)
		return
	}
	slices.SortFunc(others, compare)
	for at := len(s); len(others) > 0; { // from the back, where there is room
		last := len(others) - 1
		at--
		if rising > 0 && compare(s[rising-1], others[last]) > 0 {
			rising--
			s[at] = s[rising]
		} else {
			s[at], others = others[last], others[:last]
		}
	}
}
