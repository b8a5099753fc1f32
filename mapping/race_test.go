//go:build race

package mapping

// raceEnabled is set where the race detector allocates, too.
const raceEnabled = true
