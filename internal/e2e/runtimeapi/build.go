package runtimeapi

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/proc"
)

// Build compiles the main package in the folder dir with the flags of a deployment and returns the path of bootstrap.
// The folder decides which module's requirements are used.
func Build(t testing.TB, dir string) string {
	t.Helper()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags=-s -w",
		"-o", bootstrap, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := proc.Run(cmd, proc.Options{}); err != nil {
		t.Fatalf("runtimeapi: build %s: %v", dir, err)
	}
	return bootstrap
}
