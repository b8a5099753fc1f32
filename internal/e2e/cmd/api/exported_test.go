package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

const source = `package p

const Limit = 3
const hidden = 4

var Default = New[int]()

type base struct{}

func (base) Promoted() {}

// Store is one.
type Store[T any] struct {
	base
	Rows []T
	n    int
}

func New[T any]() *Store[T]       { return nil }
func (*Store[T]) Add(row T) error { return nil }
func (s Store[T]) secret()        {}

type Rower interface {
	Row() int
	sealed()
}

type Number interface{ ~int | ~string }
type Name string
type Alias = Store[Name]
`

const want = `const Limit untyped int = 3
func New[T any]() *Store[T]
method (*Store) Add(row T) error
method (Store) Promoted()
type Alias = Store[Name]
type Name string
type Number interface interface{~int | ~string}
type Rower interface
type Rower interface, Row() int
type Rower interface, sealed by an unexported method
type Store[T any] struct
type Store[T any] struct, Rows []T
var Default *Store[int]`

func TestEachExportedNameIsALine(t *testing.T) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := new(types.Config).Check("example.com/m/p", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(exported(pkg, "example.com/m"), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestInternalPackagesAndExamplesAreNotPublic(t *testing.T) {
	for path, want := range map[string]bool{
		"m/sink": false, "m/internal/e2e": true, "m/examples/replicate": true, "m/sink/internal": true, "m/internals": false,
	} {
		if got := hidden(path); got != want {
			t.Errorf("%s: hidden %v", path, got)
		}
	}
}
