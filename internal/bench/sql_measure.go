package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/pprof"
	"time"
)

// measurement is a case in hand.
type measurement struct {
	sqlCase
	*database
	options
	pace            *pace
	direct, proxied []writer // the same ones
	peer            *redpanda
	samples         map[string][]sample
	turns           map[string]int
}

func newMeasurement(d *database, o options, c sqlCase, near, far pools) (m *measurement, err error) {
	m = &measurement{sqlCase: c, database: d, options: o, samples: map[string][]sample{}, turns: map[string]int{}}
	if m.direct, err = writers(o, near, d, c); err == nil {
		m.proxied, err = writers(o, far, d, c)
	}
	return m, err
}

// limit is how long a case may be measured, and how many rounds that takes at least and at most.
func (m *measurement) limit() (time.Duration, int, int) {
	if m.quick {
		return m.pace.share(), 2, 15
	}
	return 10 * time.Second, 5, 25
}

// invocation is how long an invocation of Lambda may take here: a route that looks at its deadline sees one.
const invocation = 5 * time.Minute

// measure runs all routes once per round, in random order, after each has shown that it leaves the rows that it should.
func (m *measurement) measure(ctx context.Context) error {
	m.delay(0)
	for i := range m.direct {
		if err := m.rehearse(ctx, i); err != nil {
			return fmt.Errorf("%s: %w", m.direct[i].name, err)
		}
	}
	routes := m.direct
	if m.rtt > 0 {
		routes = m.proxied
		m.delay(m.rtt)
	}
	left, least, most := m.limit()
	for round := 0; round < least || round < most && left > 0; round++ {
		if m.history.items() >= 2*rowsBefore { // or the figures would tell how often the table was written to before
			if err := m.fill(ctx, rowsBefore); err != nil {
				return err
			}
		}
		start := time.Now()
		if err := m.round(ctx, routes, round%3 == 0); err != nil {
			return err
		}
		if err := m.peerRound(ctx); err != nil {
			return fmt.Errorf("redpanda: %w", err)
		}
		left -= time.Since(start)
	}
	m.print()
	return nil
}

// rehearse checks the rows of a route, counts its round trips, and leaves it warm.
func (m *measurement) rehearse(ctx context.Context, i int) error {
	for _, w := range []*writer{&m.direct[i], &m.proxied[i]} {
		b := m.batch(w)
		if err := w.write(ctx, &b); err != nil {
			return err
		}
		if err := m.verify(ctx, &b); err != nil {
			return err
		}
	}
	if m.proxy == nil || m.direct[i].most > 0 {
		return nil // or a trip for each record, which need not be counted
	}
	b := m.batch(&m.proxied[i])
	turns, err := m.trips(func() error { return m.proxied[i].write(ctx, &b) })
	m.turns[m.direct[i].name] = turns
	return err
}

func (m *measurement) batch(w *writer) batch {
	records := m.records
	if w.most > 0 {
		records = min(records, w.most)
	}
	b := w.batch(m.history, records)
	if m.suite == "e2e" {
		b.encode()
	}
	return b
}

// round gives every route one batch, and those that write many rows at once a few more, because these are soon done. The
// peers take most of a round, and are left out of all but whole ones.
func (m *measurement) round(ctx context.Context, routes []writer, whole bool) error {
	for turn := range max(1, 4000/m.records) {
		for _, i := range rand.Perm(len(routes)) {
			w := &routes[i]
			if w.peer && !whole || w.most > 0 && turn > 0 {
				continue
			}
			b := m.batch(w)
			records := len(b.changes)
			if b.payload != nil {
				b.changes = nil // or the garbage collector would have them to look through
			}
			took, err := timed(ctx, w, &b)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			m.samples[w.name] = append(m.samples[w.name], sample{time: took / time.Duration(records)})
		}
	}
	return nil
}

// peerRound has Redpanda Connect store a few batches of INSERTs, and looks at what it has left of the last one.
func (m *measurement) peerRound(ctx context.Context) error {
	if m.peer == nil {
		return nil
	}
	batches := make([]batch, 10)
	for i := range batches {
		batches[i] = m.history.fresh(m.records)
		batches[i].encode()
	}
	took, err := m.peer.run(ctx, batches)
	if err != nil {
		return err
	}
	m.samples["redpanda"] = append(m.samples["redpanda"], sample{time: took / time.Duration(len(batches)*m.records)})
	return m.verify(ctx, &batches[len(batches)-1])
}

func timed(ctx context.Context, w *writer, b *batch) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, invocation)
	defer cancel()
	runtime.GC()
	pprof.Do(ctx, pprof.Labels("route", w.name), func(ctx context.Context) {
		start := time.Now()
		err = w.write(ctx, b)
		took = time.Since(start)
	})
	return took, err
}
