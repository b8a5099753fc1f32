package main

import (
	"context"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/internal/bench/order"
	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/internal/e2e/wire"
	"github.com/dynasink/dynasink/sink/sqlsink"
)

// rowsBefore is how many rows a table has before it is written to; it remembers half as many deletions.
const rowsBefore = 200_000

// flavour is what the engines have apart from each other.
type flavour struct {
	schema []string // the table that all routes write to, with the columns of every guard
	hash   string   // 64 hexadecimal digits, made of a number i

	// load stores the rows of changes, those at some indexes or all (see each), as the engine does fastest.
	load func(ctx context.Context, pool *sqlx.DB, changes []change, at []int) error

	empty  []string // empties the table, and what remembers its deletions
	settle string   // brings the statistics up to date
}

// emptied is for MySQL and MariaDB, which empty one table at a time.
var emptied = []string{"TRUNCATE TABLE orders", "TRUNCATE TABLE dynasink_tombstones"}

var flavours = map[string]flavour{
	"postgres": {postgresSchema, "encode(sha256(CAST(CAST(i AS text) AS bytea)), 'hex')", loadPostgres,
		[]string{"TRUNCATE orders, dynasink_tombstones"}, "VACUUM ANALYZE"},
	"mariadb": {mysqlSchema, "SHA2(i, 256)", loadMySQL, emptied, "ANALYZE TABLE orders, dynasink_tombstones"},
	"mysql":   {mysqlSchema, "SHA2(i, 256)", loadMySQL, emptied, "ANALYZE TABLE orders, dynasink_tombstones"},
	"sqlite": {sqliteSchema, "lower(hex(randomblob(32)))", loadSQLite,
		[]string{"DELETE FROM orders", "DELETE FROM dynasink_tombstones", "VACUUM"}, "ANALYZE"},
}

// database is a private server with the table that all routes write to.
type database struct {
	flavour
	engine  servers.Engine
	pool    *sqlx.DB    // no route's
	proxy   *wire.Proxy // nil for SQLite, which has no wire
	history *history
}

// pools are ways into a database.
type pools struct {
	plain *sqlx.DB // as a careful user opens it
	ours  *sqlx.DB // as this module asks for
}

// newDatabase starts the engine called name as it is run for its users, and makes its table.
func newDatabase(h *harness, name string) (*database, error) {
	d := &database{flavour: flavours[name]}
	if name == "sqlite" {
		d.engine = servers.For(h, name)
	} else {
		s, err := servers.Durable(h.ctx, name)
		if err != nil {
			return nil, err
		}
		h.Cleanup(func() {
			if err := s.Stop(); err != nil {
				h.Error(err)
			}
		})
		d.engine = s.Engine(h)
		d.proxy = wire.New(h, d.engine.Addr)
	}
	d.pool = d.open(h, "").plain
	sink, err := sqlsink.New(d.pool)
	if err != nil {
		return nil, err
	}
	return d, d.execute(h.ctx, d.pool, append(sink.DDL(), d.schema...)...)
}

// fill gives the table as many rows, and no others.
func (d *database) fill(ctx context.Context, rows int) error {
	if err := d.execute(ctx, d.pool, d.empty...); err != nil {
		return err
	}
	d.history = newHistory()
	if err := d.load(ctx, d.pool, d.history.fresh(rows).changes, nil); err != nil {
		return err
	}
	const digits = "SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 " +
		"UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9"
	return d.execute(ctx, d.pool, fmt.Sprintf("INSERT INTO dynasink_tombstones (table_name, row_key, sequence, deleted_at) "+
		"WITH digits AS (%s), numbers AS (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS i "+
		"FROM digits a, digits b, digits c, digits e, digits f) "+
		"SELECT '%s', %s, '%040d', '2026-01-01 00:00:00' FROM numbers WHERE i < %d", digits, order.Table, d.hash, 1, rows/2),
		d.settle)
}

func (d *database) execute(ctx context.Context, pool *sqlx.DB, statements ...string) error {
	for _, s := range statements {
		if _, err := pool.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %.60s: %w", d.engine.Name, s, err)
		}
	}
	return nil
}

// open opens the database, at the address of a proxy unless that is "".
func (d *database) open(h *harness, addr string) pools {
	e := d.engine
	if addr != "" {
		e = e.Via(h, addr)
	}
	if e.Driver != "mysql" {
		pool := limit(e.Open(h))
		return pools{pool, pool}
	}
	plain, ours := e, e
	plain.DSN = tuned(h, e.DSN, func(c *mysql.Config) { c.InterpolateParams = true }) // otherwise each statement takes two round trips
	ours.DSN = tuned(h, e.DSN, func(c *mysql.Config) { c.InterpolateParams, c.MultiStatements = true, true })
	return pools{limit(plain.Open(h)), limit(ours.Open(h))}
}

// dsn names the database, as it is reached directly or through the proxy.
func (d *database) dsn(h *harness, far bool) string {
	if far {
		return d.engine.Via(h, d.proxy.Addr()).DSN
	}
	return d.engine.DSN
}

// limit makes a pool what it is in a Lambda function, which handles one batch at a time.
func limit(pool *sqlx.DB) *sqlx.DB {
	pool.SetMaxOpenConns(2)
	pool.SetMaxIdleConns(2)
	return pool
}

func tuned(h *harness, dsn string, change func(*mysql.Config)) string {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		h.Fatal(err)
	}
	change(config)
	return config.FormatDSN()
}

// delay sets the round trip through the proxy. All of it is on the way there: timers are as coarse as half of it.
func (d *database) delay(rtt time.Duration) {
	if d.proxy != nil {
		d.proxy.SetDelay(rtt, 0)
	}
}

// trips counts how often run waits for the server, and then speaks again. The server's answers are late, so that what it
// says while the client goes on speaking (PostgreSQL does when a COPY begins) is not taken for something waited for.
func (d *database) trips(run func() error) (int, error) {
	d.proxy.SetDelay(0, 50*time.Millisecond)
	defer d.delay(0)
	before := d.proxy.Stats().Turns
	err := run()
	return d.proxy.Stats().Turns - before, err
}
