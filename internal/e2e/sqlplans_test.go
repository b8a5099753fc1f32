package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/pgxwire"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jmoiron/sqlx"
)

// planned is a row of the table whose plans are looked at: a key of two columns, as DynamoDB has.
type planned struct {
	PK string `db:"pk,key"`
	SK int64  `db:"sk,key"`
	V  string `db:"v"`
}

// TestPlansLookIntoTheIndex: whatever the size of a batch, and whether the tables have statistics or not, no statement reads
// a whole table. The server tells the plan of what it runs.
func TestPlansLookIntoTheIndex(t *testing.T) {
	t.Parallel()
	guards := map[string]sqlsink.TableOption{"tombstones": sqlsink.Tombstones(""), "soft delete": sqlsink.SoftDelete("gone", "")}
	for name, option := range guards {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				p := newPlans(t, mode, option)
				for _, statistics := range []bool{false, true} {
					if statistics {
						execute(t, p.pool, "ANALYZE planned, dynasink_tombstones")
					}
					for _, n := range []int{10, 1000, 10_000} {
						p.check(t, n, statistics)
					}
				}
			})
		}
	}
}

// plans is a large table, and a sink that writes to it over a connection whose server explains what it does.
type plans struct {
	pool   *sqlx.DB
	target sink.Target[planned]
	next   int

	mu   sync.Mutex
	told []string
}

func newPlans(t *testing.T, mode string, option sqlsink.TableOption) *plans {
	t.Helper()
	p := &plans{next: 1_000_000}
	config, err := pgx.ParseConfig(servers.For(t, "postgres").DSN)
	if err != nil {
		t.Fatal(err)
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, n.Message)
	}
	p.pool = sqlx.NewDb(stdlib.OpenDB(*config), "pgx")
	p.pool.SetMaxOpenConns(1)
	t.Cleanup(func() { p.pool.Close() })
	newDB(t, p.pool)
	for _, statement := range []string{
		"CREATE TABLE planned (pk TEXT, sk BIGINT, v TEXT, stream_sequence CHAR(40), gone TIMESTAMPTZ, PRIMARY KEY (pk, sk)) WITH (autovacuum_enabled = off)",
		"INSERT INTO planned SELECT 'pk-' || i, i, 'v', lpad(i::text, 40, '0') FROM generate_series(1, 200000) AS i",
		"ALTER TABLE dynasink_tombstones SET (autovacuum_enabled = off)",
		"INSERT INTO dynasink_tombstones (table_name, row_key, sequence, deleted_at) " +
			"SELECT 'planned', md5(i::text), lpad(i::text, 40, '0'), now() FROM generate_series(1, 100000) AS i",
		"LOAD 'auto_explain'", "SET auto_explain.log_min_duration = 0", "SET auto_explain.log_level = notice", "SET auto_explain.log_nested_statements = on",
		"SET plan_cache_mode = " + mode,
	} {
		execute(t, p.pool, statement)
	}
	sender, err := sqlsink.New(p.pool, pgxwire.Pipeline(pgxwire.CopyFrom(0))) // the statements that COPY would replace too
	if err != nil {
		t.Fatal(err)
	}
	p.target = table[planned](t, sender, "planned", option)
	return p
}

// check writes n changes, half of them of rows that are there, a fifth of them removals.
func (p *plans) check(t *testing.T, n int, statistics bool) {
	t.Helper()
	p.told = nil
	u := sink.NewUnit()
	for i := range n {
		p.next++
		b := u.Begin(sink.Origin{Source: "arn", EventID: fmt.Sprint(p.next), EventName: "MODIFY", Sequence: fmt.Sprint(p.next)})
		key := i*17%200_000 + 1
		if i%2 == 0 {
			key = p.next
		}
		row := planned{fmt.Sprint("pk-", key), int64(key), "w"}
		if i%5 == 4 {
			p.target.Delete(b, row)
		} else {
			p.target.Upsert(b, row)
		}
		if err := b.End(nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.Commit(context.WithoutCancel(t.Context()), nil); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	explained := 0
	for _, plan := range p.told {
		if strings.Contains(plan, "pg_attribute") {
			continue // the look at the columns
		}
		explained++
		for _, bad := range []string{"Seq Scan on planned", "Seq Scan on dynasink_tombstones", "Hash Join", "Merge Join"} {
			if strings.Contains(plan, bad) {
				t.Errorf("%d changes, statistics %v: %s in\n%.3000s", n, statistics, bad, plan)
			}
		}
	}
	if explained < 2 {
		t.Errorf("%d changes: the server explained %d statements: %.500q", n, explained, p.told)
	}
}
