package servers

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
)

// program says how one kind of server is found, prepared, run and recognised. It knows nothing of databases: whatever
// listens on one loopback port and keeps its state in one folder can be one.
type program interface {
	// name is the word used in messages, folder names and test names.
	name() string
	// find returns the command to run, or a *MissingError.
	find() (string, error)
	// prepare fills the empty folder dir with what the server needs before its first start.
	prepare(ctx context.Context, bin, dir string) error
	// command returns the server as a process that stays in the foreground.
	command(bin, dir string, port int) *exec.Cmd
	// owner is the user that the server runs as; nil: the one who runs the tests.
	owner() (*syscall.Credential, error)
	// check succeeds once the server at addr answers, and is the one that keeps its state in dir: another test
	// process may have taken the port first.
	check(ctx context.Context, addr, dir string) error
	// endSignal ends the server at once and without traces outside its folder.
	endSignal() syscall.Signal
}

// database says how a program that is an SQL server is spoken to.
type database interface {
	program
	// driver is the name of the database/sql driver.
	driver() string
	// dsn names the server's default database at addr.
	dsn(addr string) string
	// parse turns what a user wrote into an environment variable into a DSN for driver and the server's address.
	parse(url string) (dsn, addr string, err error)
	// creation and removal are the statements that make and drop the database called name.
	creation(name string) string
	removal(name string) string
	// within names the database called name on the server that dsn names.
	within(dsn, name string) (string, error)
	// via names the same database as dsn does, reached at addr.
	via(dsn, addr string) (string, error)
}

// MissingError says that a server is not installed, and how to get it.
type MissingError struct {
	Server string // "postgres", "mariadb", "mysql", "mongodb" or "moto"
	Hint   string // what to do
}

// Error implements error.
func (e *MissingError) Error() string {
	return fmt.Sprintf("servers: %s is not installed: %s", e.Server, e.Hint)
}

func missing(name, packages string) *MissingError {
	return &MissingError{Server: name, Hint: fmt.Sprintf(
		"run .ci/parts %s (or install %s), or point %s at a server of yours", name, packages, variable(name))}
}
