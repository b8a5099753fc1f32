//go:build unix

package di_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log" //nolint:depguard // to see that di.Run leaves it alone
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// The tests of this file run the test binary as a Lambda function against a Runtime API of their own.
func TestMain(m *testing.M) {
	if os.Getenv("DI_TEST_FUNCTION") != "" {
		di.Run(fx.Provide(newLogged, NewOrderHandler), di.UseStreamEventHandler[*waiting](), fx.Provide(newWaiting))
		log.Print("Run has returned")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// newLogged is a target that logs what happens to it.
func newLogged(lc fx.Lifecycle, logger *slog.Logger) sink.Target[Order] {
	lc.Append(fx.StartStopHook(
		func() { slog.Info("started") }, // the default logger is the container's
		func(ctx context.Context) {
			deadline, _ := ctx.Deadline()
			logger.Info("stopped", "ms", time.Until(deadline).Milliseconds())
		}))
	return sink.Func(func(ctx context.Context, writes []sink.Write[Order]) error {
		logger.InfoContext(ctx, "wrote", "rows", len(writes))
		return nil
	})
}

// waiting is an OrderHandler that takes for ever for an order with the status "wait".
type waiting struct {
	*OrderHandler
	logger *slog.Logger
}

func newWaiting(h *OrderHandler, logger *slog.Logger) *waiting { return &waiting{h, logger} }

func (h *waiting) HandleRecord(ctx context.Context, rec *handler.Record[Order], batch *sink.Batch) error {
	if rec.NewImage.Status == "wait" {
		h.logger.InfoContext(ctx, "waiting")
		<-ctx.Done()
		return ctx.Err()
	}
	return h.OrderHandler.HandleRecord(ctx, rec, batch)
}

// runtimeAPI is as much of Lambda's Runtime API and Extensions API as aws-lambda-go needs.
type runtimeAPI struct {
	events    chan string
	responses chan string
	idle      chan struct{} // receives when the function asks for an event
}

func (api *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/extension/register"):
		w.Header().Set("Lambda-Extension-Identifier", "extension-1")
	case strings.HasSuffix(path, "/invocation/next"):
		api.next(w, r)
	case strings.HasSuffix(path, "/response"), strings.HasSuffix(path, "/error"):
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		api.responses <- string(body)
	default:
		<-r.Context().Done() // the extension's next event never comes
	}
}

func (api *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	api.idle <- struct{}{}
	select {
	case event := <-api.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "request-1")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
		_, _ = io.WriteString(w, event)
	case <-r.Context().Done():
	}
}

// child is the function under test.
type child struct {
	*runtimeAPI
	t      *testing.T
	cmd    *exec.Cmd
	log    *bufio.Scanner
	stderr strings.Builder
}

func startFunction(t *testing.T) *child {
	t.Helper()
	c := &child{t: t, runtimeAPI: &runtimeAPI{make(chan string), make(chan string, 1), make(chan struct{}, 9)}}
	server := httptest.NewServer(c.runtimeAPI)
	t.Cleanup(server.Close)
	c.cmd = exec.CommandContext(t.Context(), os.Args[0])
	c.cmd.Env = append(os.Environ(), "DI_TEST_FUNCTION=1", "AWS_LAMBDA_FUNCTION_NAME=orders",
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(server.URL, "http://"))
	c.cmd.Stderr = &c.stderr
	stdout, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	c.log = bufio.NewScanner(stdout)
	return c
}

// expect reads the log up to a message.
func (c *child) expect(message string) map[string]any {
	c.t.Helper()
	for c.log.Scan() {
		var line map[string]any
		if err := json.Unmarshal(c.log.Bytes(), &line); err != nil {
			c.t.Fatalf("%s: %v", c.log.Text(), err)
		}
		if line["message"] == message {
			return line
		}
	}
	c.t.Fatalf("%q is not in the log; standard error: %s", message, &c.stderr)
	return nil
}

// terminate sends SIGTERM and expects that the OnStop hook ran within Lambda's time and that Run returned.
func (c *child) terminate() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	if ms := c.expect("stopped")["ms"].(float64); ms <= 0 || ms > 400 {
		c.t.Errorf("the OnStop hook had %v ms", ms)
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("%v: %s", err, &c.stderr)
	}
	if !strings.HasSuffix(c.stderr.String(), "Run has returned\n") {
		c.t.Errorf("standard error: %s", &c.stderr)
	}
}

func TestFunctionInLambda(t *testing.T) {
	t.Parallel()
	c := startFunction(t)
	started := c.expect("started")
	if started["functionName"] != "orders" || started["requestId"] != nil {
		t.Errorf("%v", started)
	}
	<-c.idle
	c.events <- event(record("orders", 1, "a", "new"))
	if wrote := c.expect("wrote"); wrote["requestId"] != "request-1" || wrote["rows"] != 1.0 {
		t.Errorf("%v", wrote)
	}
	if response := <-c.responses + "\n"; response != done {
		t.Errorf("response %s", response)
	}
	<-c.idle
	c.terminate()
}

// The same binary outside of Lambda: Ctrl-C commits what is done.
func TestSIGINTOutsideOfLambda(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-")
	cmd.Env = append(os.Environ(), "DI_TEST_FUNCTION=1", "AWS_LAMBDA_RUNTIME_API=")
	cmd.Stdin = strings.NewReader(event(record("orders", 1, "a", "new"), record("orders", 2, "b", "wait")))
	var stdout strings.Builder
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	log := ""
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		log += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "message=waiting") {
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}
	err = cmd.Wait()
	if want := `{"batchItemFailures":[{"itemIdentifier":"000000000000000000002"}]}` + "\n"; stdout.String() != want || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, stdout %s, want status 1 and %s", err, &stdout, want)
	}
	for _, want := range []string{"message=started", "message=wrote rows=1 requestId=", "message=stopped"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is missing in\n%s", want, log)
		}
	}
}

func TestSIGTERMDuringAnInvocation(t *testing.T) {
	t.Parallel()
	c := startFunction(t)
	<-c.idle
	c.events <- event(record("orders", 1, "a", "new"), record("orders", 2, "b", "wait"))
	c.expect("waiting")
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if wrote := c.expect("wrote"); wrote["rows"] != 1.0 {
		t.Errorf("%v", wrote)
	}
	c.expect("stopped") // after the commit
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, &c.stderr)
	}
}
