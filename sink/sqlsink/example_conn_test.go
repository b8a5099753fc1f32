package sqlsink_test

import (
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// The database of a Lambda function: one batch at a time, connections checked when they thaw.
func ExamplePool() {
	openDB := func(dsn string) (*sqlsink.DB, error) {
		pool, err := sqlx.Open("pgx", dsn)
		if err != nil {
			return nil, err
		}
		return sqlsink.New(sqlsink.Pool(pool))
	}
	_ = openDB
}

// Behind RDS Proxy, which shares few database connections among many functions as long as no session is pinned.
func ExampleNoSessionState() {
	openDB := func() (*sqlsink.DB, error) {
		pool, err := sqlx.Open("pgx", "postgres://orders.proxy-abc.eu-west-1.rds.amazonaws.com/shop?default_query_exec_mode=exec")
		if err != nil {
			return nil, err
		}
		return sqlsink.New(sqlsink.Pool(pool), sqlsink.NoSessionState())
	}
	_ = openDB
}
