package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/dynasink/dynasink/internal/e2e/proc"
)

// redpanda is Redpanda Connect, as a program that gets a file of payloads and ends when they are committed.
type redpanda struct{ program, events, dsn string }

// newRedpanda builds it, which takes a minute or two the first time.
func newRedpanda(h *harness) (*redpanda, error) {
	dir := h.TempDir()
	r := &redpanda{program: filepath.Join(dir, "redpanda"), events: filepath.Join(dir, "events")}
	progress("building redpanda")
	build := exec.CommandContext(h.ctx, "go", "build", "-o", r.program, ".")
	build.Dir = "redpanda"
	return r, proc.Run(build, proc.Options{})
}

// at is the same program for a database at another address.
func (r redpanda) at(dsn string) *redpanda {
	r.dsn = dsn
	return &r
}

// run returns how long it took for the batches, after what it takes for none.
func (r *redpanda) run(ctx context.Context, batches []batch) (time.Duration, error) {
	start, err := r.once(ctx, nil)
	if err != nil {
		return 0, err
	}
	took, err := r.once(ctx, batches)
	return took - start, err
}

func (r *redpanda) once(ctx context.Context, batches []batch) (time.Duration, error) {
	var lines []byte
	for i := range batches {
		lines = append(append(lines, batches[i].payload...), '\n')
	}
	if err := os.WriteFile(r.events, lines, 0o600); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, r.program, "run", "redpanda/config.yaml")
	cmd.Env = append(os.Environ(), "EVENTS="+r.events, "DATABASE_URL="+r.dsn)
	begin := time.Now()
	err := proc.Run(cmd, proc.Options{})
	return time.Since(begin), err
}
