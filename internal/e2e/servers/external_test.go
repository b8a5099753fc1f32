package servers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

func TestAServerOfOnesOwnIsUsedAndLeftAsItWas(t *testing.T) {
	for _, name := range servers.Names()[1:] {
		t.Run(name, func(t *testing.T) {
			ours := servers.For(t, name)
			t.Setenv("DYNASINK_"+strings.ToUpper(name)+"_URL", ours.Server.DSN())
			own, err := servers.OpenNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			if !own.External() || own.Addr() != ours.Addr {
				t.Fatalf("started one of its own at %s", own.Addr())
			}
			e := servers.Engine{Name: name, Driver: own.Driver()}
			t.Run("a test", func(t *testing.T) {
				e.DSN = own.NewDatabase(t)
				e.Open(t).MustExec("create table item (id int primary key)")
			})
			if _, err := e.Open(t).Exec("insert into item values (1)"); err == nil {
				t.Error("the test's database is still there")
			}
			for what, err := range map[string]error{"Kill9": own.Kill9(), "Restart": own.Restart(t.Context())} {
				if !errors.Is(err, servers.ErrExternal) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if err := errors.Join(own.Stop(), ours.Open(t).Ping()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		})
	}
}

func TestABadAddressIsReportedWithoutItsPassword(t *testing.T) {
	for name, urls := range map[string][]string{
		"postgres": {"host=x password=secret", "postgres://u:sec\x7fret@x:y"},
		"mariadb":  {"u:secret@unix(/x)/d", "u:secret@tcp(x", "mysql://u:sec\x7fret@x"},
	} {
		for _, url := range urls {
			t.Setenv("DYNASINK_"+strings.ToUpper(name)+"_URL", url)
			_, err := servers.OpenNamed(name)
			if err == nil || strings.Contains(err.Error(), "sec") || !strings.Contains(err.Error(), "DYNASINK_") {
				t.Errorf("%s %q: %v", name, url, err)
			}
		}
	}
}
