package handlertest

import "math/rand/v2"

// Fault is something that goes wrong between Lambda and a function. Each one is part of at-least-once delivery.
type Fault uint8

const (
	// NoFault means that all goes well.
	NoFault Fault = iota
	// Duplicate delivers a batch that was done once more.
	Duplicate
	// LoseAnswer lets the function run, and takes what it answers for an error.
	LoseAnswer
	// Abandon takes the invocation for timed out as soon as it has begun. It goes on, at the same time as those that come
	// after it: a zombie.
	Abandon
)

// RandomFaults returns a function for EventSourceMapping.Fault: a share of the invocations (from 0, none, to 1, all) has
// one of the faults. It always returns the same for equal arguments.
func RandomFaults(seed uint64, share float64, faults ...Fault) func(invocation int) Fault {
	return func(invocation int) Fault {
		random := rand.New(rand.NewPCG(seed, uint64(invocation)))
		if len(faults) == 0 || random.Float64() >= share {
			return NoFault
		}
		return faults[random.IntN(len(faults))]
	}
}
