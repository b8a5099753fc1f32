package servers

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/dynasink/dynasink/internal/e2e/proc"
)

// ferretdb runs FerretDB in front of the PostgreSQL at storage. All its state is there.
type ferretdb struct{ storage string }

func (ferretdb) name() string                                  { return "ferretdb" }
func (ferretdb) prepare(context.Context, string, string) error { return nil }
func (ferretdb) owner() (*syscall.Credential, error)           { return nil, nil }
func (ferretdb) endSignal() syscall.Signal                     { return syscall.SIGKILL }
func (ferretdb) find() (string, error)                         { return buildFerretDB() }

// buildFerretDB compiles the program beside this folder, once per test process: it is a module of its own.
var buildFerretDB = sync.OnceValues(func() (string, error) {
	lock, err := base()
	if err != nil {
		return "", err
	}
	_, here, _, _ := runtime.Caller(0)
	bin := filepath.Join(lock.Name(), "ferretdb")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, ".")
	cmd.Dir = filepath.Join(filepath.Dir(here), "..", "ferretdb")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return bin, proc.Run(cmd, proc.Options{})
})

// command removes the file that a killed predecessor has left.
func (f ferretdb) command(bin, dir string, port int) *exec.Cmd {
	_ = os.Remove(readyFile(dir))
	return exec.Command(bin, documentdb{}.dsn(f.storage), net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), dataFolder(dir))
}

func readyFile(dir string) string { return filepath.Join(dataFolder(dir), "ready") }

// check asks for the file that this very process makes once it listens, and then for an answer that needs PostgreSQL.
func (ferretdb) check(ctx context.Context, addr, dir string) error {
	if _, err := os.Stat(readyFile(dir)); err != nil {
		return err
	}
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + addr + "/?directConnection=true"))
	if err != nil {
		return err
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }() // nothing of it is left either way
	_, err = client.ListDatabaseNames(ctx, bson.D{})
	return err
}
