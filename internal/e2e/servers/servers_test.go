package servers_test

import (
	"errors"
	"os"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

func TestEachEngineGivesAFreshDatabase(t *testing.T) {
	servers.Each(t, func(t *testing.T, first servers.Engine) {
		second := servers.For(t, first.Name)
		for _, e := range []servers.Engine{first, second} {
			db := e.Open(t)
			db.MustExec("create table item (id varchar(40) primary key)") // would fail if they shared one
			db.MustExec("insert into item values ('a')")
			var n int
			if err := db.Get(&n, "select count(*) from item"); err != nil || n != 1 {
				t.Fatalf("got %d rows, %v", n, err)
			}
		}
	})
}

func TestOtherDriversTakeTheSameDSN(t *testing.T) {
	for name, driver := range map[string]string{"postgres": "postgres", "sqlite": "sqlite3"} {
		t.Run(driver, func(t *testing.T) {
			e := servers.For(t, name)
			e.Open(t).MustExec("create table item (id varchar(40) primary key)")
			e.OpenWith(t, driver).MustExec("insert into item values ('a')")
		})
	}
}

func TestAServerKeepsWhatItCommittedWhenItIsKilled(t *testing.T) {
	for _, name := range servers.Names()[1:] {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := servers.Own(t, name)
			db := e.Open(t)
			db.MustExec("create table item (id int primary key)")
			for round := range 3 {
				db.MustExec("insert into item values (" + string(rune('0'+round)) + ")")
				open := db.MustBegin()
				open.MustExec("insert into item values (99)") // never committed
				if err := e.Server.Kill9(); err != nil {
					t.Fatal(err)
				}
				if _, err := open.Exec("insert into item values (100)"); err == nil {
					t.Fatal("a killed server answered")
				}
				_ = open.Rollback()
				addr, start := e.Server.Addr(), time.Now()
				if err := e.Server.Restart(t.Context()); err != nil {
					t.Fatal(err)
				}
				t.Logf("%s was back after %v", name, time.Since(start).Round(time.Millisecond))
				if e.Server.Addr() != addr {
					t.Fatalf("moved from %s to %s", addr, e.Server.Addr())
				}
				var n int
				if err := db.Get(&n, "select count(*) from item"); err != nil || n != round+1 {
					t.Fatalf("round %d: got %d rows, %v", round, n, err)
				}
			}
		})
	}
}

func TestAStoppedServerLeavesNothing(t *testing.T) {
	s, err := servers.Postgres(t.Context())
	if absent := new(servers.MissingError); errors.As(err, &absent) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	if s.External() {
		t.Skip("a server of the user's own is not stopped")
	}
	dir := servers.Dir(s)
	for range 2 {
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if err := s.Restart(t.Context()); err == nil {
		t.Error("a stopped server came back")
	}
}
