// Command ferretdb speaks MongoDB's protocol in front of a PostgreSQL with the DocumentDB extension. It is a module of its own
// so that nothing else has to agree with FerretDB's dependencies.
//
//	ferretdb POSTGRESQL_URL HOST:PORT FOLDER
//
// It makes the file FOLDER/ready once it listens, and runs until it is killed. It keeps no state but what PostgreSQL has.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/FerretDB/FerretDB/v2/ferretdb"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want POSTGRESQL_URL HOST:PORT FOLDER, got %d arguments", len(args))
	}
	postgres, addr, folder := args[0], args[1], args[2]
	telemetry := false
	f, err := ferretdb.New(&ferretdb.Config{
		PostgreSQLURL: postgres, ListenAddr: addr, StateDir: folder, LogOutput: os.Stderr, Telemetry: &telemetry,
	})
	if err != nil {
		return err
	}
	go announce(f, filepath.Join(folder, "ready"))
	f.Run(context.Background())
	return fmt.Errorf("does not listen on %s any more", addr)
}

// announce makes the file once f listens, which is what its address waits for.
func announce(f *ferretdb.FerretDB, file string) {
	if err := os.WriteFile(file, []byte(f.MongoDBURI()), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}
