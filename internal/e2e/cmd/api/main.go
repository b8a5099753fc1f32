// Command api prints what the public packages of a module export, a line per name, sorted, so that a change of the API
// shows as a change of lines. Public is what is neither internal nor an example nor a command.
//
//	go run ./cmd/api MODULE_FOLDER
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"go/importer"
	"go/token"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	flag.Parse()
	if err := run(flag.Arg(0), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func run(dir string, w io.Writer) error {
	packages, err := list(dir)
	if err != nil {
		return err
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", packages.open)
	out := bufio.NewWriter(w)
	for _, path := range packages.public {
		pkg, err := imports.Import(path)
		if err != nil {
			return err
		}
		for _, line := range exported(pkg, packages.module) {
			fmt.Fprintf(out, "%s: %s\n", packages.short(path), line)
		}
	}
	return out.Flush()
}

// packages are those of a module and all that they import.
type packages struct {
	module  string
	public  []string
	exports map[string]string // the compiler's export data of each
}

// list asks the go command, which compiles what it has to.
func list(dir string) (*packages, error) {
	const format = `{{.ImportPath}}|{{.Name}}|{{.Export}}|{{with .Module}}{{if .Main}}{{.Path}}{{end}}{{end}}`
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", format, "./...")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	p := &packages{exports: map[string]string{}}
	for line := range strings.Lines(string(text)) {
		field := strings.Split(strings.TrimSpace(line), "|")
		path, name, module := field[0], field[1], field[3]
		p.exports[path] = field[2]
		if module == "" {
			continue
		}
		p.module = module
		if name != "main" && !hidden(path) {
			p.public = append(p.public, path)
		}
	}
	slices.Sort(p.public)
	return p, nil
}

func hidden(path string) bool {
	parts := strings.Split(path, "/")
	return slices.Contains(parts, "internal") || slices.Contains(parts, "examples")
}

func (p *packages) open(path string) (io.ReadCloser, error) {
	file := p.exports[path]
	if file == "" {
		return nil, errors.New("no export data for " + path)
	}
	return os.Open(file)
}

// short is the path within the module, "." for its root.
func (p *packages) short(path string) string {
	if path == p.module {
		return "."
	}
	return strings.TrimPrefix(path, p.module+"/")
}
