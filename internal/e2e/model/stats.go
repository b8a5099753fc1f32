package model

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/dynasink/dynasink/handler"
)

// Counts is what a test has done.
type Counts struct {
	Histories, Deliveries, Records, Replays, Redrives, Zombies, Faults, Kills int
}

func (c Counts) String() string {
	return fmt.Sprintf("histories %d, deliveries %d, records %d, replays %d, redrives %d, zombies %d, faults injected %d, server kills %d",
		c.Histories, c.Deliveries, c.Records, c.Replays, c.Redrives, c.Zombies, c.Faults, c.Kills)
}

// Stats is Counts for several goroutines.
type Stats struct {
	mu     sync.Mutex
	counts Counts
}

func (s *Stats) add(change func(*Counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.counts)
}

// Counts returns the counts so far.
func (s *Stats) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// reported returns the sequence number in a response, "" if the batch is done.
func reported(response []byte) (string, error) {
	var r handler.Response
	if err := json.Unmarshal(response, &r); err != nil || len(r.BatchItemFailures) > 1 {
		return "", fmt.Errorf("%w: the response %s is none", errAnswer, response)
	}
	if len(r.BatchItemFailures) == 0 {
		return "", nil
	}
	return r.BatchItemFailures[0].ItemIdentifier, nil
}
