package servers

import (
	"os"
	"os/exec"
	"syscall"

	"github.com/dynasink/dynasink/internal/e2e/proc"
)

// environment is all that a server gets of the environment: a PGDATA or MYSQL_HOME of the user's must not lead it astray.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}

// begin starts a server. What it says goes to the file log.
func begin(cmd *exec.Cmd, o proc.Options, log string) (*proc.Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = environment()
	return proc.Start(cmd, o)
}

// runTool runs a command that prepares a server, to its end.
func runTool(cmd *exec.Cmd, who *syscall.Credential) error {
	cmd.Env = environment()
	return proc.Run(cmd, proc.Options{As: who})
}
