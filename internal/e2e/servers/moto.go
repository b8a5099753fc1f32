package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// SQS returns the endpoint of a server that speaks Amazon SQS, started for the tests of this binary when the first of
// them asks: moto, which takes any region, credentials and account. Queues are shared, so each test makes its own, with a
// name that no other has.
//
// Where DYNASINK_MOTO_URL names an endpoint, that one is used instead. Where it is neither named nor installed the test
// is skipped, unless DYNASINK_REQUIRE_SERVERS=1: then it fails.
func SQS(t testing.TB) string {
	t.Helper()
	endpoint, err := sharedMoto.endpoint()
	if err != nil {
		give(t, err)
	}
	return endpoint
}

// SecretsManager is [SQS] for AWS Secrets Manager: the same server speaks both. Secrets are shared as queues are.
func SecretsManager(t testing.TB) string {
	t.Helper()
	return SQS(t)
}

var sharedMoto motoServer

type motoServer struct {
	once sync.Once
	url  string
	own  *instance // nil for one of the user's own
	err  error
}

func (m *motoServer) endpoint() (string, error) {
	m.once.Do(func() { m.err = m.open(context.Background()) })
	return m.url, m.err
}

// open uses the endpoint that the environment names, else starts a server.
func (m *motoServer) open(ctx context.Context) (err error) {
	if m.url = os.Getenv(variable("moto")); m.url != "" {
		if u, err := url.Parse(m.url); err != nil || u.Host == "" {
			return fmt.Errorf("servers: %s: want a URL like http://127.0.0.1:5000", variable("moto"))
		}
		return nil
	}
	if m.own, err = launch(ctx, moto{}); err == nil {
		m.url = "http://" + m.own.addr()
	}
	return err
}

func (m *motoServer) stop() error {
	m.once.Do(func() {}) // nobody starts it from here on
	if m.own == nil {
		return nil
	}
	return m.own.stop()
}

// moto is a program that is no database: it keeps everything in memory.
type moto struct{}

func (moto) name() string                                  { return "moto" }
func (moto) prepare(context.Context, string, string) error { return nil }
func (moto) owner() (*syscall.Credential, error)           { return nil, nil }
func (moto) endSignal() syscall.Signal                     { return syscall.SIGKILL }

// find takes the unpacked one only: a Python on the user's PATH may find other versions of what moto needs, or none.
func (moto) find() (string, error) {
	if unpacked := filepath.Join(partsFolder(), "moto", "usr", "bin", "python3"); exists(unpacked) {
		return unpacked, nil
	}
	return "", &MissingError{Server: "moto", Hint: "run .ci/parts moto, or point " + variable("moto") + " at a server of yours"}
}

// command runs the unpacked Python through its own dynamic loader, since it was built against newer libraries than the
// machine's. What Python compiles is kept beside it, if it may write there: the first start takes ten seconds, others two.
func (moto) command(python, dir string, port int) *exec.Cmd {
	usr := filepath.Dir(filepath.Dir(python))
	start := []string{python, "-m", "moto.server", "-H", "127.0.0.1", "-p", strconv.Itoa(port)}
	if loaders, err := filepath.Glob(filepath.Join(usr, "lib", "*", "ld-linux-*.so.*")); err == nil && len(loaders) > 0 {
		start = append([]string{loaders[0], "--library-path", filepath.Dir(loaders[0])}, start...)
	}
	settings := []string{"-C", dataFolder(dir), "PYTHONHOME=" + usr, "PYTHONPYCACHEPREFIX=" + filepath.Join(usr, "pycache"),
		"HOME=" + dataFolder(dir), "TMPDIR=" + dataFolder(dir), "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x"}
	return exec.Command("/usr/bin/env", append(settings, start...)...)
}

// check makes sure that it is the server that was started here: another test process may have taken the port first.
func (moto) check(ctx context.Context, addr, dir string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/moto-api/data.json", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		return errors.Join(err, fmt.Errorf("status %s", response.Status))
	}
	return checkLog(dir, addr)
}

// checkLog finds the address in the server's own log, which is written once it listens.
func checkLog(dir, addr string) error {
	log, err := os.ReadFile(logFile(dir))
	if err != nil || !strings.Contains(string(log), "Running on http://"+addr) {
		return errors.Join(err, fmt.Errorf("another server may have the port: this one does not say that it runs on %s", addr))
	}
	return nil
}
