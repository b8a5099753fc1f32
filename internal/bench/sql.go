package main

import (
	"fmt"
	"slices"
	"time"
)

// sqlCase is a group of cases that are measured together: all routes into one engine, at one size and distance.
type sqlCase struct {
	suite   string // "write" starts with rows, "e2e" with a payload
	engine  string
	records int
	rtt     time.Duration
}

func (c sqlCase) String() string {
	return fmt.Sprintf("%s/%s/%d/%dms", c.suite, c.engine, c.records, c.rtt.Milliseconds())
}

// sqlCases are all there are, or with quick the most telling ones.
func sqlCases(suite string, quick bool) (cases []sqlCase) {
	add := func(engine string, rtt time.Duration, sizes ...int) {
		for _, records := range sizes {
			cases = append(cases, sqlCase{suite, engine, records, rtt})
		}
	}
	const near, far = 0, time.Millisecond
	if quick {
		add("postgres", near, 1000)
		add("postgres", far, 1000, 10_000)
		add("mariadb", far, 1000)
		add("sqlite", near, 10_000)
		return cases
	}
	for _, engine := range []string{"postgres", "mariadb", "mysql", "sqlite"} {
		add(engine, near, 100, 1000, 10_000)
		if engine != "sqlite" {
			add(engine, far, 100, 1000, 10_000)
		}
	}
	return cases
}

func writeSuite(o options) error    { return sqlSuite(o, "write") }
func endToEndSuite(o options) error { return sqlSuite(o, "e2e") }

// pace shares the time there is among what is left to do.
type pace struct {
	until time.Time
	left  int // cases, and twice the engines to start, which takes about as long
}

func (p *pace) share() time.Duration {
	share := time.Until(p.until) / time.Duration(p.left)
	p.left--
	return share
}

// sqlSuite measures the chosen cases, engine by engine.
func sqlSuite(o options, suite string) error {
	cases := slices.DeleteFunc(sqlCases(suite, o.quick), func(c sqlCase) bool { return !o.wants(c) })
	p := &pace{until: time.Now().Add(40 * time.Second), left: len(cases)}
	for i, c := range cases {
		if i == 0 || cases[i-1].engine != c.engine {
			p.left += 2
		}
	}
	for len(cases) > 0 {
		engine := cases[0].engine
		n := slices.IndexFunc(cases, func(c sqlCase) bool { return c.engine != engine })
		if n < 0 {
			n = len(cases)
		}
		if err := underHarness(o.ctx, func(h *harness) error { return measureEngine(h, o, p, cases[:n]) }); err != nil {
			return err
		}
		cases = cases[n:]
	}
	return nil
}

// wants reports whether one of the case's lines is asked for.
func (o options) wants(c sqlCase) bool {
	return slices.ContainsFunc(guardNames(), func(guard string) bool { return o.run.MatchString(c.String() + "/" + guard) })
}

func guardNames() (names []string) {
	for _, g := range guards {
		names = append(names, g.name)
	}
	return names
}

// measureEngine starts an engine for cases that are all its own.
func measureEngine(h *harness, o options, p *pace, cases []sqlCase) error {
	progress("starting %s", cases[0].engine)
	d, err := newDatabase(h, cases[0].engine)
	if err != nil {
		return err
	}
	p.left -= 2
	near := d.open(h, "")
	far := near
	if d.proxy != nil {
		far = d.open(h, d.proxy.Addr())
	}
	var peer *redpanda
	if o.redpanda && cases[0].suite == "e2e" && d.engine.Name == "postgres" {
		if peer, err = newRedpanda(h); err != nil {
			return err
		}
	}
	for _, c := range cases {
		if err := d.fill(h.ctx, rowsBefore); err != nil {
			return err
		}
		m, err := newMeasurement(d, o, c, near, far)
		if err != nil {
			return err
		}
		if m.pace = p; peer != nil && c.records == 1000 {
			m.peer = peer.at(d.dsn(h, c.rtt > 0))
		}
		if err := m.measure(h.ctx); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	return nil
}
