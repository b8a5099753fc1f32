package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
)

// mongoSuite measures from rows to acknowledged documents, on a server that speaks MongoDB's protocol.
func mongoSuite(o options) error {
	return underHarness(o.ctx, func(h *harness) error {
		s, err := servers.OpenMongo(h.ctx)
		if err != nil {
			return err
		}
		h.Cleanup(func() {
			if err := s.Stop(); err != nil {
				h.Error(err)
			}
		})
		for _, rtt := range []time.Duration{0, time.Millisecond} {
			for _, records := range []int{100, 1000, 10_000} {
				if err := measureMongo(h, s, o, records, rtt); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func measureMongo(h *harness, s *servers.MongoServer, o options, records int, rtt time.Duration) error {
	c, err := newMongoCase(h, s, records, rtt)
	if err != nil || !o.run.MatchString(c.name) {
		return err
	}
	if err := c.measure(mongoRounds(records, o.quick)); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// mongoRounds are many and short, so that what else the machine does hits single ones.
func mongoRounds(records int, quick bool) int {
	rounds := 11
	if records == 10_000 {
		rounds = 3
	}
	if !quick {
		rounds *= 4
	}
	return rounds
}

// mongoCase is a size of batches, and a round trip between the function and the server.
type mongoCase struct {
	name    string
	ctx     context.Context
	records int // of a batch
	routes  []mongoRoute
}

// mongoSample is how many records a route writes in a round at least: a batch of few is too short to be timed.
const mongoSample = 500

// The routes of a case, in their order. The ceiling, which only inserts, is how fast the server takes documents when nothing is asked
// but to store them.
const mongoOurs, mongoUsual, mongoCeiling = 0, 1, 2

func newMongoCase(h *harness, s *servers.MongoServer, records int, rtt time.Duration) (*mongoCase, error) {
	m := s.NewDatabase(h)
	direct := m.Open(h)
	if rtt > 0 {
		proxy := wire.New(h, m.Addr)
		proxy.SetDelay(rtt, 0) // all of it on the way there: timers are as coarse as half of it
		m = m.Via(h, proxy.Addr())
	}
	routes, err := mongoRoutes(m.Open(h), direct)
	return &mongoCase{name: fmt.Sprintf("mongo/%d/%dms", records, rtt.Milliseconds()), ctx: h.ctx, records: records, routes: routes}, err
}

// measure has all routes insert, and then has ours and the usual one modify half of what they have inserted: that takes longer.
func (c *mongoCase) measure(rounds int) error {
	again := rounds/2 + 1
	inserted, err := c.interleave(rounds, c.routes, func(orders []mongoOrder) []mongoOrder { return orders })
	if err != nil {
		return err
	}
	modified, err := c.interleave(again, c.routes[:mongoCeiling], changed)
	if err != nil {
		return err
	}
	for i, r := range c.routes {
		versions := []int{rounds + 1, 0}
		fmt.Fprintf(os.Stderr, "%s %-22s INSERT %6.0f", c.name, r.name, perSecond(inserted[i]))
		if i < mongoCeiling {
			versions = []int{rounds - again, again + 1}
			fmt.Fprintf(os.Stderr, ", MODIFY %6.0f", perSecond(modified[i]))
		}
		fmt.Fprintln(os.Stderr, " records/s")
		if err := r.check(c.ctx, c.sample(r), versions); err != nil {
			return err
		}
	}
	fmt.Printf("%s records_per_s=%.0f x_usual=%.1f of_ceiling=%.2f modified_per_s=%.0f modified_x_usual=%.1f\n", c.name,
		perSecond(inserted[mongoOurs]), ratio(inserted[mongoUsual], inserted[mongoOurs]), ratio(inserted[mongoCeiling], inserted[mongoOurs]),
		perSecond(modified[mongoOurs]), ratio(modified[mongoUsual], modified[mongoOurs]))
	return nil
}

// interleave runs each route once per round, in random order, each with orders of its own. The first round warms up.
func (c *mongoCase) interleave(rounds int, routes []mongoRoute, state func([]mongoOrder) []mongoOrder) ([][]sample, error) {
	samples := make([][]sample, len(routes))
	for round := range rounds + 1 {
		for _, i := range rand.Perm(len(routes)) {
			s, err := c.once(routes[i], state(newMongoOrders(round, c.sample(routes[i]))))
			if err != nil {
				return nil, err
			}
			if round > 0 {
				samples[i] = append(samples[i], s)
			}
		}
	}
	return samples, nil
}

// sample is how many records a route writes in a round.
func (c *mongoCase) sample(r mongoRoute) int { return min(max(c.records, mongoSample), r.most) }

// once writes orders in batches and returns the time of one record.
func (c *mongoCase) once(r mongoRoute, orders []mongoOrder) (sample, error) {
	start := time.Now()
	for batch := range slices.Chunk(orders, c.records) {
		if err := r.write(c.ctx, batch); err != nil {
			return sample{}, err
		}
	}
	return sample{time: time.Since(start) / time.Duration(len(orders))}, nil
}

func perSecond(samples []sample) float64 {
	return medianOf(len(samples), func(i int) float64 { return float64(time.Second) / float64(samples[i].time) })
}
