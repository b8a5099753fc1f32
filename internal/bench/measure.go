package main

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// route is one way to do the work that a case consists of.
type route struct {
	name string
	run  func() error
}

// sample is what one round of a route cost, per run.
type sample struct {
	time   time.Duration // of the processor, which is all of the time on an idle machine
	allocs float64
}

// processorTime is what this process has used so far, in all its threads:
// unlike a clock it does not count the time that other processes take.
func processorTime() (time.Duration, error) {
	var used syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), err
}

// measure runs each route once per round, in random order, each for at least
// the given time, and returns the samples by route and round.
func measure(routes []route, rounds int, least time.Duration) ([][]sample, error) {
	samples := make([][]sample, len(routes))
	for range rounds {
		for _, i := range rand.Perm(len(routes)) {
			s, err := once(routes[i], least)
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], s)
		}
	}
	return samples, nil
}

func once(r route, least time.Duration) (sample, error) {
	runtime.GC()
	if err := r.run(); err != nil { // warms up what the collector and the route before have left cold
		return sample{}, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, err := processorTime()
	if err != nil {
		return sample{}, err
	}
	var elapsed time.Duration
	runs := 0
	for ; runs == 0 || elapsed < least; runs++ {
		if err := r.run(); err != nil {
			return sample{}, err
		}
		now, err := processorTime()
		if err != nil {
			return sample{}, err
		}
		elapsed = now - start
	}
	runtime.ReadMemStats(&after)
	return sample{
		time:   elapsed / time.Duration(runs),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(runs),
	}, nil
}

// medianOf returns the median over the rounds of what figure makes of each.
func medianOf(rounds int, figure func(round int) float64) float64 {
	figures := make([]float64, rounds)
	for i := range figures {
		figures[i] = figure(i)
	}
	slices.Sort(figures)
	return figures[rounds/2]
}

// ratio is the median of how many times longer a took than b in each round.
func ratio(a, b []sample) float64 {
	return medianOf(len(a), func(i int) float64 { return float64(a[i].time) / float64(b[i].time) })
}
