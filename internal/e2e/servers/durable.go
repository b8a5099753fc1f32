package servers

import (
	"context"
	"os/exec"
	"testing"
)

// Durable starts a server that has each commit wait for the disk, for benchmarks: what tests do without costs time. It has
// memory for the whole database, as servers in production have for what they change, and does no housekeeping of its own
// while it is measured. name is one of [Names] but "sqlite". ctx limits how long the start may
// take. The caller stops it; [End] removes what is left.
func Durable(ctx context.Context, name string) (*Server, error) {
	kind, err := kindOf(name)
	if err != nil {
		return nil, err
	}
	return open(ctx, durable{kind})
}

// Engine is a fresh database on s.
func (s *Server) Engine(t testing.TB) Engine { return s.engine(t) }

// End does for a program what [Main] does for the tests of a package.
func End() error { return stopAll() }

// durable is a database whose command ends with other settings: the last of two counts.
type durable struct{ database }

func (d durable) command(bin, dir string, port int) *exec.Cmd {
	cmd := d.database.command(bin, dir, port)
	settings := []string{"--innodb-flush-method=O_DIRECT", "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=1G",
		"--loose-innodb-log-file-size=1G", "--loose-innodb-redo-log-capacity=1G"} // MariaDB's name, and MySQL's
	if d.name() == (postgres{}).name() {
		settings = []string{"-c", "fsync=on", "-c", "shared_buffers=1GB", "-c", "max_wal_size=8GB", "-c", "checkpoint_timeout=1h", "-c", "autovacuum=off"}
	}
	cmd.Args = append(cmd.Args, settings...)
	return cmd
}
