package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/runtimeapi"
	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/go-sql-driver/mysql"
)

const replicate = "../../examples/replicate"

func TestReplicate(t *testing.T) {
	t.Parallel()
	x := example{runtimeapi.Build(t, replicate)}
	t.Run("locally", x.testLocally)
	t.Run("bad record", x.testBadRecord)
	t.Run("in Lambda", x.testInLambda)
}

// example is the built program.
type example struct{ bootstrap string }

// testLocally runs the example as a user does, and expects the same rows from every engine.
func (x example) testLocally(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, e servers.Engine) {
		for range 2 { // the second run is a redelivery of everything
			out, status := x.run(t, e)
			if status != 0 {
				t.Fatalf("exit status %d\n%s", status, out)
			}
			if want := readFile(t, "testdata/replicate.txt"); out != want {
				t.Errorf("printed\n%s\nwant\n%s", out, want)
			}
		}
	})
}

// testBadRecord has a bad record in the middle: it is reported, and the rows before it are there.
func (x example) testBadRecord(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, e servers.Engine) {
		event := strings.Replace(readFile(t, replicate+"/event.json"), `"N": "7"`, `"N": "abc"`, 1)
		file := filepath.Join(t.TempDir(), "event.json")
		if err := os.WriteFile(file, []byte(event), 0o600); err != nil {
			t.Fatal(err)
		}
		out, status := x.run(t, e, file)
		response, rows, _ := strings.Cut(out, "\n")
		if want := `{"batchItemFailures":[{"itemIdentifier":"` + sequences(t, event)[2] + `"}]}`; response != want || status != 1 {
			t.Errorf("response %s, exit status %d; want %s and 1", response, status, want)
		}
		if !strings.Contains(rows, "o-1001") || !strings.Contains(rows, "o-1002") || strings.Contains(rows, "o-1003") {
			t.Errorf("want the two rows before the bad record, got\n%s", rows)
		}
	})
}

// testInLambda drives the bootstrap through the Runtime API.
func (x example) testInLambda(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, e servers.Engine) {
		f := runtimeapi.Start(t, x.bootstrap, runtimeapi.Env("DATABASE_URL", databaseURL(t, e)))
		event := readFile(t, replicate+"/event.json")
		for range 2 {
			answer, err := f.Invoke(t.Context(), []byte(event))
			if err != nil || string(answer.Payload) != `{"batchItemFailures":[]}` {
				t.Fatalf("answer %s, error %v\n%s", answer.Payload, err, answer.Logs)
			}
		}
		_, err := f.Invoke(t.Context(), []byte(`{"Records":[{"eventSource":"aws:sqs"}]}`))
		if failed := (*runtimeapi.Error)(nil); !errors.As(err, &failed) || !strings.Contains(failed.Message, "aws:dynamodb") {
			t.Errorf("an event of another source: error %v", err)
		}
		if exit, err := f.Shutdown(t.Context()); err != nil || exit.Killed || exit.Code != 0 {
			t.Errorf("shutdown: %+v, %v\n%s", exit, err, f.Logs())
		}
		var ids []string
		if err := e.Open(t).SelectContext(t.Context(), &ids, "SELECT id FROM orders ORDER BY id"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ids, " "); got != "o-1001 o-1002" {
			t.Errorf("the table holds %s", got)
		}
	})
}

func (x example) run(t *testing.T, e servers.Engine, args ...string) (stdout string, status int) {
	t.Helper()
	return runProgram(t, x.bootstrap, []string{"DATABASE_URL=" + databaseURL(t, e)}, args...)
}

func runProgram(t *testing.T, program string, env []string, args ...string) (stdout string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if errs.Len() > 0 {
		t.Logf("standard error: %s", errs.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// databaseURL is the engine's database as the example wants it.
func databaseURL(t *testing.T, e servers.Engine) string {
	t.Helper()
	switch e.Driver {
	case "mysql":
		c, err := mysql.ParseDSN(e.DSN)
		if err != nil {
			t.Fatal(err)
		}
		u := url.URL{Scheme: "mysql", User: url.UserPassword(c.User, c.Passwd), Host: c.Addr, Path: "/" + c.DBName}
		return u.String()
	case "sqlite":
		path, _, _ := strings.Cut(strings.TrimPrefix(e.DSN, "file:"), "?")
		return path
	}
	return e.DSN
}

func sequences(t *testing.T, event string) []string {
	t.Helper()
	var parsed struct {
		Records []struct {
			Change struct{ SequenceNumber string } `json:"dynamodb"`
		}
	}
	if err := json.Unmarshal([]byte(event), &parsed); err != nil {
		t.Fatal(err)
	}
	numbers := make([]string, len(parsed.Records))
	for i, r := range parsed.Records {
		numbers[i] = r.Change.SequenceNumber
	}
	return numbers
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
