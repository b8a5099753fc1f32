package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

// measurement is a case in hand.
type measurement struct {
	sqlCase
	*database
	options
	direct, proxied []writer // the same ones
	samples         map[string][]sample
	turns           map[string]int
}

// limit is how long a case may be measured, and how many rounds that takes at least and at most.
func (m *measurement) limit() (time.Duration, int, int) {
	if m.quick {
		return 4 * time.Second, 3, 9
	}
	return 20 * time.Second, 5, 25
}

// invocation is how long an invocation of Lambda may take here: a route that looks at its deadline sees one.
const invocation = 5 * time.Minute

// measure runs all routes once per round, in random order, after each has shown that it leaves the rows that it should.
func (m *measurement) measure(ctx context.Context) error {
	m.samples, m.turns = map[string][]sample{}, map[string]int{}
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
	span, least, most := m.limit()
	for start, round := time.Now(), 0; round < least || round < most && time.Since(start) < span; round++ {
		for _, i := range rand.Perm(len(routes)) {
			s, err := m.lap(ctx, &routes[i])
			if err != nil {
				return fmt.Errorf("%s: %w", routes[i].name, err)
			}
			m.samples[routes[i].name] = append(m.samples[routes[i].name], s)
		}
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
	if m.proxy == nil {
		return nil
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
	b := batch{}
	if w.fresh {
		b = m.history.fresh(records)
	} else {
		b = m.history.mix(records)
	}
	if m.suite == "e2e" {
		b.encode()
	}
	return b
}

// lap measures the time per record of a few batches of a route.
func (m *measurement) lap(ctx context.Context, w *writer) (sample, error) {
	batches := 1
	if w.most == 0 {
		batches = max(1, 3000/m.records)
	}
	var elapsed time.Duration
	records := 0
	for range batches {
		b := m.batch(w)
		took, err := timed(ctx, w, &b)
		if err != nil {
			return sample{}, err
		}
		elapsed += took
		records += len(b.changes)
	}
	return sample{time: elapsed / time.Duration(records)}, nil
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

func (m *measurement) print() {
	of := func(name string) []sample { return m.samples[name] }
	for _, w := range m.direct {
		progress("%s %-10s %8.0f records/s  x%.2f  %d round trips", m.sqlCase, w.name, 1e9/nanoseconds(of(w.name)), ratio(of("usual"), of(w.name)), m.turns[w.name])
	}
	for _, name := range guardNames() {
		line := m.sqlCase.String() + "/" + name
		if !m.run.MatchString(line) {
			continue
		}
		ours := of(name)
		figures := []string{
			fmt.Sprintf("records_per_s=%.0f", 1e9/nanoseconds(ours)),
			fmt.Sprintf("x_usual=%.1f", ratio(of("usual"), ours)),
			fmt.Sprintf("x_gorm=%.2f", ratio(of("gorm"), ours)),
			fmt.Sprintf("of_ceiling=%.2f", ratio(of("ceiling"), ours)),
			fmt.Sprintf("of_unguarded=%.2f", ratio(of("unguarded"), ours)),
		}
		if m.proxy != nil {
			figures = append(figures, fmt.Sprintf("round_trips=%d", m.turns[name]))
		}
		fmt.Println(line, strings.Join(figures, " "))
	}
}

func nanoseconds(s []sample) float64 {
	return medianOf(len(s), func(i int) float64 { return float64(s[i].time) })
}
