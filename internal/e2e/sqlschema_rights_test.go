package e2e

import (
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"
)

// stranger is a user who may do nothing but look at the table of orders, and the database where he is one.
func stranger(t *testing.T, engine string) (admin, pool *sqlx.DB, user string) {
	t.Helper()
	e := servers.For(t, engine)
	admin = e.Open(t)
	db := newDB(t, admin)
	for _, statement := range table[plainKey](t, db, "orders").DDL() {
		execute(t, admin, statement)
	}
	var database string
	if err := admin.GetContext(t.Context(), &database, oneOf(db.Dialect(), "SELECT current_schema()", "SELECT DATABASE()", "")); err != nil {
		t.Fatal(err)
	}
	if db.Dialect() == sqlsink.PostgreSQL {
		user = "stranger_" + database
		execute(t, admin, "CREATE ROLE "+user)
		t.Cleanup(func() { admin.MustExec("DROP OWNED BY " + user); admin.MustExec("DROP ROLE " + user) })
		execute(t, admin, "GRANT USAGE ON SCHEMA "+database+" TO "+user)
		pool = e.Open(t)
		pool.SetMaxOpenConns(1) // which has the role
		execute(t, pool, "SET ROLE "+user)
	} else {
		user = "`s" + database[max(0, len(database)-30):] + "`@`%`" // 32 characters are the most
		execute(t, admin, "CREATE USER "+user)
		t.Cleanup(func() { admin.MustExec("DROP USER " + user) })
		config, err := mysql.ParseDSN(e.DSN)
		if err != nil {
			t.Fatal(err)
		}
		config.User, config.Passwd = strings.Trim(strings.TrimSuffix(user, "@`%`"), "`"), ""
		e.DSN = config.FormatDSN()
		pool = e.Open(t)
		pool.SetMaxOpenConns(1)
	}
	execute(t, admin, "GRANT SELECT ON orders TO "+user)
	return admin, pool, user
}

// TestPreflightWantsRights, of which it lists all that are missing; what it says mends that.
func TestPreflightWantsRights(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"postgres", "mariadb", "mysql"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			admin, pool, user := stranger(t, engine)
			db, err := sqlsink.New(pool)
			if err != nil {
				t.Fatal(err)
			}
			table[plainKey](t, db, "orders")
			history := appending(t, db)
			for _, statement := range history.DDL() {
				execute(t, admin, statement)
			}
			found := problemsOf(t, db)
			if found == nil {
				t.Fatal("Preflight found nothing")
			}
			q := oneOf(db.Dialect(), `"`, "`", "")
			toAppend := oneOf(db.Dialect(), "SELECT, INSERT", "SELECT, INSERT, UPDATE", "")
			want := "sqlsink: the database is not what the targets need:\n" +
				"  table orders: the user lacks the right to INSERT, UPDATE, DELETE; mend it with: GRANT INSERT, UPDATE, DELETE ON " + q + "orders" + q + " TO " + user + "\n" +
				"  table history: the user lacks the right to " + toAppend + "; mend it with: GRANT " + toAppend + " ON " + q + "history" + q + " TO " + user + "\n" +
				"  table dynasink_tombstones: the user lacks the right to SELECT, INSERT, UPDATE; mend it with: GRANT SELECT, INSERT, UPDATE ON " + q + "dynasink_tombstones" + q + " TO " + user
			if found.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", found, want)
			}
			for _, p := range found.Problems {
				execute(t, admin, p.Mend[0])
			}
			if err := db.Preflight(t.Context()); err != nil {
				t.Error(err)
			}
			stageRow(t, db)
			stageOne(t, func(b *sink.Batch) { history.Upsert(b, cell[string]{"a", "v"}) })
		})
	}
}

// stageRow writes and removes a row, with no rights but those that Preflight wants.
func stageRow(t *testing.T, db *sqlsink.DB) {
	t.Helper()
	orders := table[plainKey](t, db, "orders")
	stageOne(t, func(b *sink.Batch) { orders.Upsert(b, plainKey{"a", "v"}) })
	stageOne(t, func(b *sink.Batch) { orders.Delete(b, plainKey{ID: "a"}) })
}

func TestPreflightWantsToUseTheSchema(t *testing.T) {
	t.Parallel()
	admin, pool, user := stranger(t, "postgres")
	var schema string
	if err := admin.GetContext(t.Context(), &schema, "SELECT current_schema()"); err != nil {
		t.Fatal(err)
	}
	execute(t, admin, "REVOKE USAGE ON SCHEMA "+schema+" FROM "+user)
	db, err := sqlsink.New(pool)
	if err != nil {
		t.Fatal(err)
	}
	table[plainKey](t, db, schema+".orders", sqlsink.Unguarded())
	want := "table " + schema + `.orders: the user may not use its schema; mend it with: GRANT USAGE ON SCHEMA "` + schema + `" TO ` + user
	if err := db.Preflight(t.Context()); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestPreflightRefusesAReadOnlySession, as the reader endpoint of a cluster gives it.
func TestPreflightRefusesAReadOnlySession(t *testing.T) {
	t.Parallel()
	for engine, parameter := range map[string]string{
		"sqlite": "_pragma=query_only(1)", "postgres": "default_transaction_read_only=on", "mariadb": "tx_read_only=1", "mysql": "transaction_read_only=1",
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			e := servers.For(t, engine)
			for _, statement := range table[plainKey](t, newDB(t, e.Open(t)), "orders").DDL() {
				execute(t, e.Open(t), statement)
			}
			separator := "?"
			if strings.Contains(e.DSN, "?") {
				separator = "&"
			}
			e.DSN += separator + parameter
			db, err := sqlsink.New(e.Open(t))
			if err != nil {
				t.Fatal(err)
			}
			table[plainKey](t, db, "orders")
			const want = "sqlsink: the database is not what the targets need:\n  it is read-only; connect to the writer, with a user and a session that may write"
			if err := db.Preflight(t.Context()); err == nil || err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
}
