package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"go.uber.org/fx"
	_ "modernc.org/sqlite"
)

// Config is read from the environment.
type Config struct {
	// DatabaseURL is postgres://…, mysql://… or the path of an SQLite file.
	DatabaseURL string `env:"DATABASE_URL" envDefault:"orders.db"`
}

// openPool opens the database. It connects with the first statement, at start-up.
func openPool(config Config, lc fx.Lifecycle) (*sqlx.DB, error) {
	driver, dsn, err := dataSource(config.DatabaseURL)
	if err != nil {
		return nil, err
	}
	pool, err := sqlx.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(pool.Close))
	return sqlsink.Pool(pool), nil
}

func dataSource(database string) (driver, dsn string, err error) {
	scheme, _, _ := strings.Cut(database, "://")
	switch scheme {
	case "postgres", "postgresql":
		return "pgx", database, nil
	case "mysql":
		dsn, err := mysqlDSN(database)
		return "mysql", dsn, err
	}
	return "sqlite", "file:" + database + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)", nil
}

// mysqlDSN turns a URL into the driver's own form.
func mysqlDSN(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", fmt.Errorf("DATABASE_URL is not a URL") // the parser's error would show the password
	}
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName, c.ParseTime = u.User.Username(), "tcp", u.Host, strings.TrimPrefix(u.Path, "/"), true
	c.Passwd, _ = u.User.Password()
	c.MultiStatements = true // a batch is one network round trip
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	return c.FormatDSN(), nil
}

// openDB makes a sink of the database, with the tables that the library keeps for itself.
func openDB(pool *sqlx.DB) (*sqlsink.DB, error) {
	var opts []sqlsink.Option
	if pool.DriverName() == "pgx" {
		opts = append(opts, pgxwire.Pipeline()) // a batch is one network round trip
	}
	db, err := sqlsink.New(pool, opts...)
	if err != nil {
		return nil, err
	}
	for _, statement := range append(db.DDL(), schema(db.Dialect())) {
		if _, err := pool.Exec(statement); err != nil {
			return nil, fmt.Errorf("create tables: %w", err)
		}
	}
	return db, nil
}

// newOrders is the one constructor that knows where orders go.
func newOrders(db *sqlsink.DB) (sink.Target[OrderRow], error) {
	orders, err := sqlsink.NewTable[OrderRow](db, "orders")
	if err != nil {
		return nil, err
	}
	return orders, db.Preflight(context.Background())
}

// schema creates the table. A function in production leaves that to a migration. SQLite has no exact decimals, so there they
// are text.
func schema(d sqlsink.Dialect) string {
	types := map[sqlsink.Dialect][]string{
		sqlsink.PostgreSQL: {"{key}", "TEXT", "{time}", "TIMESTAMPTZ", "{bytes}", "BYTEA", "{json}", "JSONB", "{decimal}", "DECIMAL(12, 2)"},
		sqlsink.MySQL:      {"{key}", "VARBINARY(255)", "{time}", "DATETIME(6)", "{bytes}", "BLOB", "{json}", "JSON", "{decimal}", "DECIMAL(12, 2)"},
		sqlsink.SQLite:     {"{key}", "TEXT", "{time}", "TIMESTAMP", "{bytes}", "BLOB", "{json}", "TEXT", "{decimal}", "TEXT"},
	}
	return strings.NewReplacer(types[d]...).Replace(`CREATE TABLE IF NOT EXISTS orders (
		id              {key} NOT NULL PRIMARY KEY,
		status          VARCHAR(20) NOT NULL,
		total           {decimal} NOT NULL,
		paid            BOOLEAN NOT NULL,
		placed_at       {time} NOT NULL,
		note            TEXT,
		receipt         {bytes},
		customer        {json},
		order_lines     {json},
		tags            {json},
		discounts       {json},
		signatures      {json},
		stream_sequence CHAR(40)
	)`)
}
