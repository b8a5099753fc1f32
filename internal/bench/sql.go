package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dynasink/dynasink/mapping"
)

// writer is one way to bring a batch into a database.
type writer struct {
	name  string
	fresh bool // takes INSERTs only
	most  int  // how many records it is given at once; 0: as many as there are
	write func(ctx context.Context, b *batch) error
}

// rowByRowMost limits the batches of who writes row by row: each record costs the same there, however many there are.
func (o options) rowByRowMost() int {
	if o.quick {
		return 500
	}
	return 1000
}

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
		m := measurement{sqlCase: c, database: d, options: o, pace: p}
		if peer != nil && c.records == 1000 {
			m.peer = peer.at(d.dsn(h, c.rtt > 0))
		}
		if m.direct, err = writers(o, near, d, c); err != nil {
			return err
		}
		if m.proxied, err = writers(o, far, d, c); err != nil {
			return err
		}
		if err := m.measure(h.ctx); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	return nil
}

// writers are all routes into a database: the peers, the ceiling, and one of ours for each guard.
func writers(o options, p pools, d *database, c sqlCase) ([]writer, error) {
	decoder, err := mapping.NewDecoder[flat]()
	if err != nil {
		return nil, err
	}
	db, err := openGorm(p.plain)
	if err != nil {
		return nil, err
	}
	rows := func(decode func([]byte) ([]change, error), write func(context.Context, []change) error) func(context.Context, *batch) error {
		return func(ctx context.Context, b *batch) error {
			if c.suite == "write" {
				return write(ctx, b.changes)
			}
			changes, err := decode(b.payload)
			if err != nil {
				return err
			}
			return write(ctx, changes)
		}
	}
	all := []writer{
		{"usual", false, o.rowByRowMost(), rows(decodeChanges, func(ctx context.Context, c []change) error { return rowByRow(ctx, p.plain, c) })},
		{"gorm", false, 0, rows(decodeChanges, func(ctx context.Context, c []change) error { return inBatches(ctx, db, c) })},
		{"ceiling", true, 0, rows(
			func(payload []byte) ([]change, error) { return decodeFresh(decoder, payload) },
			func(ctx context.Context, c []change) error { return d.load(ctx, p.plain, c) })},
	}
	for _, g := range guards {
		target, err := newTarget(p.ours, g.option)
		if err != nil {
			return nil, err
		}
		handle := invoke(target)
		all = append(all, writer{g.name, false, 0, func(ctx context.Context, b *batch) error {
			if c.suite == "write" {
				return stage(ctx, target, b.changes)
			}
			return handle(ctx, b.payload)
		}})
	}
	return all, nil
}

func progress(format string, args ...any) {
	fmt.Fprintln(os.Stderr, strings.TrimSpace(fmt.Sprintf(format, args...)))
}
