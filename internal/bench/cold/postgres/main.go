// Command postgres is a function of package di that mirrors orders into PostgreSQL.
package main

import (
	"context"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/internal/bench/order"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
)

type config struct {
	DatabaseURL string `env:"DATABASE_URL,required"`
}

func main() {
	di.Run(di.Configure[config](), fx.Provide(newOrders), di.UseMirror[order.Order](handler.Needs(handler.NewImage)))
}

func newOrders(c config, lc fx.Lifecycle) (sink.Target[order.Order], error) {
	pool, err := sqlx.Open("pgx", c.DatabaseURL)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(pool.Close))
	db, err := sqlsink.New(pool, pgxwire.Pipeline())
	if err != nil {
		return nil, err
	}
	orders, err := sqlsink.NewTable[order.Order](db, order.Table)
	if err != nil {
		return nil, err
	}
	return orders, db.Preflight(context.Background())
}
