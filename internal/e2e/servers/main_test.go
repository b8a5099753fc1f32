package servers_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

// startOnly makes the test binary start the server of this name, print its DSN and folder, and wait to be killed.
const startOnly = "DYNASINK_E2E_START_ONLY"

func TestMain(m *testing.M) {
	if name := os.Getenv(startOnly); name != "" {
		os.Exit(startAndWait(name))
	}
	servers.Main(m)
}

func startAndWait(name string) int {
	s, err := servers.OpenNamed(name)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(s.DSN(), filepath.Dir(servers.Dir(s)))
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent kills this process, or dies
	return 0
}
