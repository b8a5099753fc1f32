package sinktest_test

import (
	"testing"

	"github.com/dynasink/dynasink/sink/sinktest"
)

// TestJournal runs what ExampleRun shows.
func TestJournal(t *testing.T) {
	t.Parallel()
	sinktest.Run(t, sinktest.Config[Entry]{Features: sinktest.Features{Append: true}, New: newJournal})
}
