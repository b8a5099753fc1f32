package dynasink_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPromisesHaveTests follows each link from a promise in the README to the test that proves it.
func TestPromisesHaveTests(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\[((?:Test|Fuzz)\w+)\]\(([^)]+)\)`).FindAllStringSubmatch(string(readme), -1)
	if len(links) < 20 {
		t.Errorf("the README has %d links to tests", len(links))
	}
	for _, link := range links {
		source, err := os.ReadFile(link[2])
		if err != nil || !strings.Contains(string(source), "func "+link[1]+"(") {
			t.Errorf("%s is not in %s: %v", link[1], link[2], err)
		}
	}
}

// TestReadmeCompiles builds the program of the README's first screen with the database side that follows it.
func TestReadmeCompiles(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	code, rest := goBlock(string(readme))
	database, _ := goBlock(rest)
	if lines := strings.Count(code, "\n"); lines > 25 {
		t.Errorf("the program has %d lines; a first screen has 25", lines)
	}
	build(t, `package main

import (
	"context"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
	"go.uber.org/fx"
)

`+database+code)
}

// goBlock returns the first block of Go code in text, and what follows it.
func goBlock(text string) (code, rest string) {
	_, code, _ = strings.Cut(text, "```go\n")
	code, rest, _ = strings.Cut(code, "```")
	return code, rest
}

// build compiles a main package that is in no file of the module.
func build(t *testing.T, source string) {
	t.Helper()
	folder := t.TempDir()
	file, overlay := filepath.Join(folder, "main.go"), filepath.Join(folder, "overlay.json")
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "examples", "readme", "main.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{file: []byte(source), overlay: replace} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", os.DevNull, "./examples/readme").CombinedOutput()
	if err != nil {
		t.Errorf("go build: %v\n%s", err, out)
	}
}
