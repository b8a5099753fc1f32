package e2e

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

// accounts are users of a database whose passwords count.
type accounts struct {
	servers.Engine
	admin *sqlx.DB
	group string // of PostgreSQL's users who need a password
}

func newAccounts(t *testing.T, engine string) *accounts {
	t.Helper()
	e := servers.For(t, engine)
	if e.Server.External() {
		t.Skip("the server's users are not the test's to make")
	}
	a := &accounts{Engine: e, admin: e.Open(t)}
	if engine == "postgres" {
		a.group = "passwords"
		passwords.once.Do(func() { a.wantPasswords(t) })
		if passwords.group != a.group {
			t.Fatal("the server cannot be made to want passwords")
		}
	}
	return a
}

// passwords is done once for the server that tests share, which trusts everybody else.
var passwords struct {
	once  sync.Once
	group string
}

func (a *accounts) wantPasswords(t *testing.T) {
	t.Helper()
	execute(t, a.admin, "CREATE ROLE "+a.group)
	var file string
	if err := a.admin.GetContext(t.Context(), &file, "SHOW hba_file"); err != nil {
		t.Fatal(err)
	}
	execute(t, a.admin, "COPY (VALUES ('host all +"+a.group+" 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')) TO '"+file+"'")
	execute(t, a.admin, "SELECT pg_reload_conf()")
	a.set(t, "probe", "right")
	for a.login(t, "probe", "wrong") == nil { // until the server has read the file
		select {
		case <-time.After(10 * time.Millisecond):
		case <-t.Context().Done():
			return
		}
	}
	passwords.group = a.group
}

// set makes a user, or changes its password.
func (a *accounts) set(t *testing.T, user, password string) {
	t.Helper()
	if a.group == "" {
		user = "'" + user + "'@'%'"
		execute(t, a.admin, "CREATE USER IF NOT EXISTS "+user)
		execute(t, a.admin, "GRANT SELECT ON *.* TO "+user)
		execute(t, a.admin, "ALTER USER "+user+" IDENTIFIED BY '"+password+"'")
		return
	}
	var known bool
	if err := a.admin.GetContext(t.Context(), &known, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", user); err != nil {
		t.Fatal(err)
	}
	if !known {
		execute(t, a.admin, "CREATE ROLE "+user+" LOGIN IN ROLE "+a.group)
	}
	execute(t, a.admin, "ALTER ROLE "+user+" PASSWORD '"+password+"'")
}

func (a *accounts) login(t *testing.T, user, password string) error {
	t.Helper()
	connector, err := a.open(a.Driver, user, password)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return db.PingContext(t.Context())
}

// open makes a driver's connector from a user name and a password.
func (a *accounts) open(driver, user, password string) (sqldriver.Connector, error) {
	switch driver {
	case "pgx":
		config, err := pgx.ParseConfig(a.DSN)
		if err != nil {
			return nil, err
		}
		config.User, config.Password = user, password
		return stdlib.GetConnector(*config), nil
	case "postgres":
		config, err := pq.NewConfig(a.DSN)
		if err != nil {
			return nil, err
		}
		config.User, config.Password = user, password
		return pq.NewConnectorConfig(config)
	}
	config, err := mysql.ParseDSN(a.DSN)
	if err != nil {
		return nil, err
	}
	config.User, config.Passwd = user, password
	return mysql.NewConnector(config)
}
