package main

import (
	"testing"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

// TestMongoRoutes runs each route once through the proxy, and reads back what it has stored.
func TestMongoRoutes(t *testing.T) {
	t.Parallel()
	s := servers.OwnMongo(t).Server
	err := underHarness(t.Context(), func(h *harness) error {
		c, err := newMongoCase(h, s, 10, time.Microsecond)
		if err != nil {
			return err
		}
		return c.measure(1)
	})
	if err != nil {
		t.Error(err)
	}
}
