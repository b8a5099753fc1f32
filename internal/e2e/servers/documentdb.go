package servers

import (
	"context"
	"os/exec"
	"path/filepath"
)

// documentdb runs PostgreSQL with the DocumentDB extension, from the parts folder: FerretDB keeps its documents there.
type documentdb struct{ postgres }

func (documentdb) name() string { return "documentdb" }

func (documentdb) find() (string, error) {
	found, err := filepath.Glob(filepath.Join(partsFolder(), mongodb, "usr", "lib", "postgresql", "*", "bin", "postgres"))
	if err != nil || len(found) == 0 {
		return "", &MissingError{Server: mongodb, Hint: "run .ci/parts mongodb, or point " + variable(mongodb) + " at a server of yours"}
	}
	return newest(found), nil
}

func (d documentdb) prepare(ctx context.Context, bin, dir string) error {
	return d.run(exec.CommandContext(ctx, filepath.Join(filepath.Dir(bin), "initdb"), "--pgdata="+dataFolder(dir),
		"--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"))
}

// command loads what the extension asks for. Its jobs (building indexes, removing what has expired) run as background workers: they
// would otherwise look for the server at localhost.
func (d documentdb) command(bin, dir string, port int) *exec.Cmd {
	cmd := d.postgres.command(bin, dir, port)
	cmd.Args = append(cmd.Args, "-c", "shared_preload_libraries=pg_cron,pg_documentdb_core,pg_documentdb",
		"-c", "cron.use_background_workers=on", "-c", "cron.log_run=off", "-c", "max_worker_processes=16", "-c", "jit=off")
	return cmd
}
