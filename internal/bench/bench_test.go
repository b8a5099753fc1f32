package main

import "testing"

// TestRoutesAgree builds small cases, which compares what the routes decode,
// and runs each route once.
func TestRoutesAgree(t *testing.T) {
	t.Parallel()
	for _, build := range []func() (decodeCase, error){
		func() (decodeCase, error) { return newCase[flat]("flat", flatItem, 3, true) },
		func() (decodeCase, error) { return newCase[nested]("nested", nestedItem, 3, true) },
		func() (decodeCase, error) { return newCase[document]("document", documentItem, 2, false) },
	} {
		c, err := build()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := measure(c.routes, 1, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"nothing"}, {"-unknown"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

func TestItemSizes(t *testing.T) {
	t.Parallel()
	if n := len(documentItem(0)); n < 380_000 || n > 400_000 {
		t.Errorf("the large item has %d bytes", n)
	}
}
