package sqlsink

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

type (
	noKey       struct{ ID string }
	twiceColumn struct {
		ID string `db:"id,key"`
		Id string
	}
	badOption struct {
		ID string `db:"id,primary"`
	}
	hidden struct {
		id string `db:"id,key"`
	}
	channel struct {
		ID string `db:"id,key"`
		C  chan int
	}
	inner         struct{ V int }
	pointerInside struct {
		ID string `db:"id,key"`
		*inner
	}
	PointerInside struct {
		ID string `db:"id,key"`
		*Embedded
	}
	Embedded struct{ V int }
	orphan   struct {
		N int `db:"n,key"`
	}
)

// use keeps the linters from calling the fields of the misuse types unused.
var _ = hidden{id: ""}

func TestMisuseIsToldAtStartUp(t *testing.T) {
	t.Parallel()
	db := (&fake{}).open(t, PostgreSQL)
	tables := map[string]func() error{
		"needs a DB":                      func() error { _, err := NewTable[wide](nil, "t"); return err },
		"a name of 1 to":                  func() error { _, err := NewTable[wide](db, ""); return err },
		"a name of 1 to 255":              func() error { _, err := NewTable[wide](db, strings.Repeat("t", 256)); return err },
		"tags, not string":                func() error { _, err := NewTable[string](db, "t"); return err },
		"tags, not *sqlsink.wide":         func() error { _, err := NewTable[*wide](db, "t"); return err },
		"tags, not time.Time":             func() error { _, err := NewTable[time.Time](db, "t"); return err },
		"has no key column":               func() error { _, err := NewTable[noKey](db, "t"); return err },
		"are column":                      func() error { _, err := NewTable[twiceColumn](db, "t"); return err },
		`unknown option "primary"`:        func() error { _, err := NewTable[badOption](db, "t"); return err },
		"is not exported":                 func() error { _, err := NewTable[hidden](db, "t"); return err },
		"chan int cannot be a column":     func() error { _, err := NewTable[channel](db, "t"); return err },
		"embed the struct":                func() error { _, err := NewTable[PointerInside](db, "t"); return err },
		"embed the struct and":            func() error { _, err := NewTable[pointerInside](db, "t"); return err },
		`no column "x" for GuardVersion`:  func() error { _, err := NewTable[wide](db, "t", GuardVersion("x")); return err },
		`the column "v" belongs`:          func() error { _, err := NewTable[wide](db, "t", Tombstones("v")); return err },
		`the column "n" belongs`:          func() error { _, err := NewTable[wide](db, "t", SoftDelete("gone", "n")); return err },
		"guard column needs a name":       func() error { _, err := NewTable[wide](db, "t", SoftDelete("", "")); return err },
		"children need a DB":              func() error { _, err := NewChildren[wide, part](nil, "t"); return err },
		"children need a DB and the name": func() error { _, err := NewChildren[wide, part](db, ""); return err },
		"has 0 columns with the option":   func() error { _, err := NewChildren[wide, orphan](db, "t"); return err },
		"has 2 columns with the option":   func() error { _, err := NewChildren[keyOnly, part](db, "t"); return err },
		"tags, not int":                   func() error { _, err := NewChildren[int, part](db, "t"); return err },
		"a row type is a struct":          func() error { _, err := NewChildren[wide, int](db, "t"); return err },
	}
	for want, make := range tables {
		if err := make(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "sqlsink: ") {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	pool := func(driver string) *sqlx.DB { return sqlx.NewDb(sql.OpenDB(&fake{}), driver) }
	for driver, want := range map[string]Dialect{"pgx": PostgreSQL, "postgres": PostgreSQL, "mysql": MySQL, "sqlite": SQLite, "sqlite3": SQLite} {
		if db, err := New(pool(driver)); err != nil || db.Dialect() != want {
			t.Errorf("%s: %v", driver, err)
		}
	}
	for want, make := range map[string]func() (*DB, error){
		"is nil":      func() (*DB, error) { return New(nil) },
		"WithDialect": func() (*DB, error) { return New(pool("oracle")) },
		"retention":   func() (*DB, error) { return New(pool("pgx"), Retention(24*time.Hour)) },
	} {
		if _, err := make(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// TestTheEndOfTheContextBeforeTheCommit: nothing was sent, so nothing is uncertain.
func TestTheEndOfTheContextBeforeTheCommit(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := f.open(t, PostgreSQL).store
	ctx, cancel := context.WithCancel(t.Context())
	err := s.InTx(ctx, func(context.Context, *tx) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || strings.Contains(f.statements(), "COMMIT") {
		t.Errorf("got %v", err)
	}
	if err := ended(ctx, sql.ErrTxDone); !errors.Is(err, context.Canceled) {
		t.Errorf("a statement after it: %v", err)
	}
}
