package main

import (
	"regexp"
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

func TestMain(m *testing.M) { servers.Main(m) }

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

// TestSQLRoutes has each route write a few small batches, whose rows are compared with what they should be.
func TestSQLRoutes(t *testing.T) {
	t.Parallel()
	o := options{ctx: t.Context(), quick: true, run: regexp.MustCompile("no line")}
	for _, suite := range []string{"write", "e2e"} {
		err := underHarness(o.ctx, func(h *harness) error {
			d, err := newDatabase(h, "sqlite")
			if err != nil {
				return err
			}
			for range 2 { // as from one case to the next
				if err := d.fill(h.ctx, 1000); err != nil {
					return err
				}
			}
			p := d.open(h, "")
			m, err := newMeasurement(d, o, sqlCase{suite: suite, engine: "sqlite", records: 100}, p, p)
			if err != nil {
				return err
			}
			m.pace = &pace{until: time.Now(), left: 1}
			return m.measure(h.ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
