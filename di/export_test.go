package di

import (
	"bytes"
	"io"
	"log/slog"
	"strings"

	"go.uber.org/fx"
)

// Program is a program whose surroundings are made up.
type Program struct {
	program
	stdout, stderr bytes.Buffer
}

// NewProgram returns a program outside of Lambda with these arguments, an empty environment and no input.
func NewProgram(args ...string) *Program {
	p := &Program{program: program{
		name: "bootstrap", args: args, stdin: strings.NewReader(""),
		setDefault: func(*slog.Logger) {}, release: func() {},
	}}
	p.program.env, p.program.stdout, p.program.stderr = map[string]string{}, &p.stdout, &p.stderr
	return p
}

// Env sets an environment variable.
func (p *Program) Env(key, value string) *Program { p.env[key] = value; return p }

// Stdin sets what standard input holds.
func (p *Program) Stdin(r io.Reader, terminal bool) *Program {
	p.stdin, p.terminal = r, terminal
	return p
}

// Default sets what is told the logger.
func (p *Program) Default(set func(*slog.Logger)) *Program { p.setDefault = set; return p }

// Run runs the program and returns its exit status.
func (p *Program) Run(opts ...fx.Option) int { return p.run(opts...) }

// Stdout returns what the program has printed.
func (p *Program) Stdout() string { return p.stdout.String() }

// Stderr returns its errors and its log.
func (p *Program) Stderr() string { return p.stderr.String() }

// Logger returns the logger that the program would have.
func (p *Program) Logger(options ...fx.Option) *slog.Logger {
	var logger *slog.Logger
	fx.New(quiet, module(p.process), UseMirror[struct{ ID string }](), fx.Options(options...), fx.Populate(&logger))
	return logger
}
