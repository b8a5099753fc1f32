package model

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/wire"
)

// wireFaults cuts and delays the connection to the database, and kills the server now and then.
type wireFaults struct {
	proxy    *wire.Proxy
	server   killable
	requests []string // what writes look like on the wire
	kills    int      // how many more
	stats    *Stats
	failed   func(error) // a server that does not come back
}

type killable interface {
	Kill9() error
	Restart(ctx context.Context) error
}

func (f *wireFaults) Arm(rng *rand.Rand) (disarm func()) {
	f.stats.add(func(c *Counts) { c.Faults++ })
	if f.kills > 0 && rng.IntN(40) == 0 {
		return f.kill(rng)
	}
	if rng.IntN(6) == 0 {
		f.proxy.SetDelay(time.Duration(rng.IntN(3))*time.Millisecond, time.Duration(rng.IntN(3))*time.Millisecond)
		return func() { f.proxy.SetDelay(0, 0) }
	}
	trigger := wire.Text(f.requests[rng.IntN(len(f.requests))])
	if rng.IntN(2) == 0 {
		trigger = wire.Turn(1 + rng.IntN(12))
	}
	moment := []func(wire.Trigger) wire.Fault{wire.Before, wire.During, wire.After, wire.After, wire.Late}[rng.IntN(5)]
	fault := moment(trigger)
	if rng.IntN(2) == 0 {
		fault = fault.WithReset()
	}
	shot := f.proxy.CutNext(fault)
	late := time.AfterFunc(time.Duration(rng.IntN(60))*time.Millisecond, shot.Release)
	return func() {
		f.proxy.Clear()
		late.Stop()
		shot.Release()
	}
}

// kill ends the server with SIGKILL while the next delivery runs, and starts it again.
func (f *wireFaults) kill(rng *rand.Rand) (disarm func()) {
	f.kills--
	f.stats.add(func(c *Counts) { c.Kills++ })
	done := make(chan struct{})
	time.AfterFunc(time.Duration(rng.IntN(15))*time.Millisecond, func() {
		defer close(done)
		if err := f.server.Kill9(); err != nil {
			f.failed(err)
		} else if err := f.server.Restart(context.Background()); err != nil {
			f.failed(err)
		}
	})
	return func() { <-done }
}
