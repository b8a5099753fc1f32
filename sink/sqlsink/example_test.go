package sqlsink_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

type OrderRow struct {
	ID       string `db:"id,key"`
	Customer string `db:"customer"`
	Total    string `db:"total"` // NUMERIC: digits as text are exact
}

type LineRow struct {
	OrderID string `db:"order_id,owner"`
	Number  int    `db:"number,key"`
	SKU     string `db:"sku"`
}

// A constructor of a target, as a program would give it to fx.Provide.
func ExampleNew() {
	newOrders := func(ctx context.Context, pool *sqlx.DB) (sink.Target[OrderRow], error) { // sqlx.Open("pgx", "postgres://…")
		db, err := sqlsink.New(pool)
		if err != nil {
			return nil, err
		}
		orders, err := sqlsink.NewTable[OrderRow](db, "shop.orders")
		if err != nil {
			return nil, err
		}
		return orders, db.Preflight(ctx) // says what the schema lacks, and the statements that mend it
	}
	_ = newOrders
}

func ExampleDB_DDL() {
	db, err := sqlsink.New(new(sqlx.DB), sqlsink.WithDialect(sqlsink.SQLite))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(db.DDL()[2])
	// Output:
	// CREATE TABLE IF NOT EXISTS "dynasink_inbox" ("name" TEXT NOT NULL, "event_key" TEXT NOT NULL, "token" TEXT NOT NULL, "applied_at" TIMESTAMP NOT NULL, PRIMARY KEY ("name", "event_key")) WITHOUT ROWID
}

// A migration begins with what the row type needs. The option type= is for what the Go type does not tell.
func ExampleTable_DDL() {
	type Payment struct {
		ID     string    `db:"id,key"`
		Amount string    `db:"amount,type=NUMERIC(20,2)"` // exact digits travel as text
		Paid   time.Time `db:"paid_at"`
		Note   *string   `db:"note"`
	}
	db, err := sqlsink.New(new(sqlx.DB), sqlsink.WithDialect(sqlsink.PostgreSQL))
	if err != nil {
		fmt.Println(err)
		return
	}
	payments, err := sqlsink.NewTable[Payment](db, "payments")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(payments.DDL(), ";\n"))
	// Output:
	// CREATE TABLE IF NOT EXISTS "payments" ("id" TEXT NOT NULL, "amount" NUMERIC(20,2) NOT NULL, "paid_at" TIMESTAMPTZ NOT NULL, "note" TEXT, "stream_sequence" CHAR(40) COLLATE "C", PRIMARY KEY ("id")) WITH (fillfactor=90)
}

// A row type gains a field: the next cold start adds its column, and says what it may not mend itself.
func ExampleEvolve() {
	start := func(ctx context.Context, pool *sqlx.DB) (sink.Target[OrderRow], error) {
		db, err := sqlsink.New(pool, sqlsink.Evolve(sqlsink.AddColumns))
		if err != nil {
			return nil, err
		}
		orders, err := sqlsink.NewTable[OrderRow](db, "orders")
		if err != nil {
			return nil, err
		}
		return orders, db.Preflight(ctx)
	}
	_ = start
}

// A command that mends a development database: in production a migration runs the statements.
func ExampleSchemaError() {
	mend := func(ctx context.Context, db *sqlsink.DB, pool *sqlx.DB) error {
		err := db.Preflight(ctx)
		var schema *sqlsink.SchemaError
		if !errors.As(err, &schema) {
			return err // nil, or the database could not be asked
		}
		for _, problem := range schema.Problems {
			for _, statement := range problem.Mend {
				if _, err := pool.ExecContext(ctx, statement); err != nil {
					return fmt.Errorf("%v: %w", problem, err)
				}
			}
		}
		return db.Preflight(ctx)
	}
	_ = mend
}

// A counter: adding twice would be wrong, so each record adds once.
func ExampleDB_Once() {
	count := func(db *sqlsink.DB, b *sink.Batch, customer string) {
		db.Once(b, "orders per customer", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, tx.Rebind("UPDATE customers SET orders = orders + 1 WHERE id = ?"), customer)
			return err
		}, sqlsink.Independent())
	}
	_ = count
}

// A state that only the newest record may set: running again is harmless, running late is not.
func ExampleDB_Newest() {
	last := func(db *sqlsink.DB, b *sink.Batch, customer, order string) {
		db.Newest(b, "last order", customer, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, tx.Rebind("UPDATE customers SET last_order = ? WHERE id = ?"), order, customer)
			return err
		})
	}
	_ = last
}

// The lines of an order are replaced as a whole, and only by a newer change of the order.
func ExampleChildren() {
	replace := func(db *sqlsink.DB, b *sink.Batch) error {
		lines, err := sqlsink.NewChildren[OrderRow, LineRow](db, "order_lines") // at start-up
		if err != nil {
			return err
		}
		order := OrderRow{ID: "o-1"}
		lines.Replace(b, order, LineRow{"o-1", 1, "pen"}, LineRow{"o-1", 2, "ink"})
		lines.Replace(b, OrderRow{ID: "o-2"}) // removed: its list is emptied
		return nil
	}
	_ = replace
}

// Deleted rows stay, marked: readers add WHERE deleted_at IS NULL.
func ExampleSoftDelete() {
	newOrders := func(db *sqlsink.DB) (sink.Target[OrderRow], error) {
		return sqlsink.NewTable[OrderRow](db, "orders", sqlsink.SoftDelete("deleted_at", ""))
	}
	_ = newOrders
}
