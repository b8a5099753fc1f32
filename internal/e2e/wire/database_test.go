package wire_test

import (
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
)

func TestMain(m *testing.M) { servers.Main(m) }

// save inserts one row in a transaction.
func save(db *sqlx.DB) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if _, err := tx.Exec("insert into item values (1)"); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

func TestACommitIsRecognisedOnTheWire(t *testing.T) {
	type trial struct {
		name string
		hit  wire.Fault
		rows int
	}
	trials := []trial{
		{"before", wire.Before(wire.Text("commit")), 0},
		{"during", wire.During(wire.Text("commit")), 0},
		{"after", wire.After(wire.Text("commit")), 1},
		{"after, reset", wire.After(wire.Text("commit")).WithReset(), 1},
		{"late", wire.Late(wire.Text("commit")), 1},
	}
	drivers := map[string][]string{"postgres": {"pgx", "postgres"}, "mariadb": {"mysql"}, "mysql": {"mysql"}}
	for _, name := range servers.Names()[1:] {
		for _, driver := range drivers[name] {
			for _, trial := range trials {
				t.Run(name+"/"+driver+"/"+trial.name, func(t *testing.T) {
					t.Parallel()
					e := servers.For(t, name)
					e.Open(t).MustExec("create table item (id int primary key)")
					commit(t, e, driver, trial.hit, trial.rows)
				})
			}
		}
	}
	t.Run("postgres/answer", func(t *testing.T) {
		t.Parallel()
		e := servers.For(t, "postgres")
		e.Open(t).MustExec("create table item (id int primary key)")
		commit(t, e, "pgx", wire.Before(wire.Answer("COMMIT")), 1)
	})
}

// commit saves a row through a proxy that hits, and counts the rows that are there when the server is done.
func commit(t *testing.T, e servers.Engine, driver string, hit wire.Fault, want int) {
	t.Helper()
	proxy := wire.New(t, e.Addr)
	shot := proxy.CutNext(hit)
	if err := save(e.Via(t, proxy.Addr()).OpenWith(t, driver)); err == nil {
		t.Error("the client heard of no failure")
	}
	shot.Release()
	<-shot.Done()
	var rows int
	if err := e.Open(t).Get(&rows, "select count(*) from item"); err != nil || rows != want {
		t.Errorf("%d rows, %v; want %d", rows, err, want)
	}
}
