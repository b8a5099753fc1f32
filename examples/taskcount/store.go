package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/dynasink/dynasink/sink/sqlsink"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"go.uber.org/fx"
	_ "modernc.org/sqlite"
)

// Config is read from the environment.
type Config struct {
	// DatabaseURL is postgres://… or the path of an SQLite file.
	DatabaseURL string `env:"DATABASE_URL" envDefault:"taskcount.db"`
}

func openPool(config Config, lc fx.Lifecycle) (*sqlx.DB, error) {
	driver, dsn := "sqlite", "file:"+config.DatabaseURL+"?_pragma=busy_timeout(5000)"
	if strings.HasPrefix(config.DatabaseURL, "postgres") {
		driver, dsn = "pgx", config.DatabaseURL
	}
	pool, err := sqlx.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(pool.Close))
	return sqlsink.Pool(pool), nil
}

// openDB makes a sink of the database, with the table of counts and those that the library keeps for itself.
func openDB(pool *sqlx.DB) (*sqlsink.DB, error) {
	db, err := sqlsink.New(pool)
	if err != nil {
		return nil, err
	}
	counts := "CREATE TABLE IF NOT EXISTS todo_task_count (list_id TEXT NOT NULL PRIMARY KEY, task_count INTEGER NOT NULL)"
	for _, statement := range append(db.DDL(), counts) {
		if _, err := pool.Exec(statement); err != nil {
			return nil, fmt.Errorf("create tables: %w", err)
		}
	}
	return db, nil
}

// printCountsAtEnd shows the counts when the program ends. In Lambda it does nothing.
func printCountsAtEnd(pool *sqlx.DB, lc fx.Lifecycle) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		return
	}
	lc.Append(fx.StopHook(func(ctx context.Context) error {
		var counts []struct {
			List  string `db:"list_id"`
			Tasks int    `db:"task_count"`
		}
		if err := pool.SelectContext(ctx, &counts, "SELECT list_id, task_count FROM todo_task_count ORDER BY list_id"); err != nil {
			return err
		}
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(out, "list\ttasks")
		for _, c := range counts {
			fmt.Fprintf(out, "%s\t%d\n", c.List, c.Tasks)
		}
		return out.Flush()
	}))
}
