package servers_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

// startOnly makes the test binary start the server of this name, print its DSN (for mongodb the addresses of its two processes) and
// folder, and wait to be killed.
const startOnly = "DYNASINK_E2E_START_ONLY"

func TestMain(m *testing.M) {
	if name := os.Getenv(startOnly); name != "" {
		os.Exit(startAndWait(name))
	}
	servers.Main(m)
}

func startAndWait(name string) int {
	said, err := start(name)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(said)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent kills this process, or dies
	return 0
}

func start(name string) (string, error) {
	if name == "mongodb" {
		s, err := servers.OpenMongo(context.Background())
		if err != nil {
			return "", err
		}
		return s.Addr() + "," + servers.StorageAddr(s) + " " + filepath.Dir(servers.MongoDir(s)), nil
	}
	s, err := servers.OpenNamed(name)
	if err != nil {
		return "", err
	}
	return s.DSN() + " " + filepath.Dir(servers.Dir(s)), nil
}
