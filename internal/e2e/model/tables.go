package model

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
)

// tables are the function's own; {key} is a text type that tells 'A' from 'a', {short} one that refuses the poison.
var tables = []string{
	"CREATE TABLE items (id {key} NOT NULL PRIMARY KEY, list VARCHAR(20), title {short}, stream_sequence CHAR(40))",
	"CREATE TABLE items_marked (id {key} NOT NULL PRIMARY KEY, list VARCHAR(20), title {short}, stream_sequence CHAR(40), deleted_at {time})",
	"CREATE TABLE items_every (id {key} NOT NULL PRIMARY KEY, list VARCHAR(20), title {short}, stream_sequence CHAR(40))",
	"CREATE TABLE changes (id VARCHAR(200), list VARCHAR(20), title {short}, sequence CHAR(40), event_name VARCHAR(6), stream_event CHAR(64) NOT NULL UNIQUE)",
	"CREATE TABLE parts (item_id {key} NOT NULL, number INT NOT NULL, part VARCHAR(20), PRIMARY KEY (item_id, number))",
	"CREATE TABLE counts (list {key} NOT NULL PRIMARY KEY, n INT NOT NULL)",
	"CREATE TABLE last (id {key} NOT NULL PRIMARY KEY, sequence VARCHAR(40) NOT NULL)",
	"CREATE TABLE effects (sequence VARCHAR(40) NOT NULL, seen INT NOT NULL)",
	"CREATE TABLE letters (source {key} NOT NULL, event_id {key} NOT NULL, event_name VARCHAR(20), sequence_number VARCHAR(40), " +
		"reason TEXT, record TEXT, failed_at {time}, PRIMARY KEY (source, event_id))",
}

// names of all tables, for emptying.
var names = []string{"items", "items_marked", "items_every", "changes", "parts", "counts", "last", "effects", "letters",
	"dynasink_tombstones", "dynasink_inbox", "dynasink_newest"}

func createTables(ctx context.Context, pool *sqlx.DB) error {
	db, err := sqlsink.New(pool)
	if err != nil {
		return err
	}
	types := map[sqlsink.Dialect]*strings.Replacer{
		sqlsink.PostgreSQL: strings.NewReplacer("{key}", "VARCHAR(200)", "{short}", "VARCHAR(20)", "{time}", "TIMESTAMPTZ"),
		sqlsink.MySQL:      strings.NewReplacer("{key}", "VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin", "{short}", "VARCHAR(20)", "{time}", "DATETIME(6)"),
		sqlsink.SQLite:     strings.NewReplacer("{key}", "TEXT", "{short}", "TEXT CHECK (length(title) <= 20)", "{time}", "TIMESTAMP"),
	}[db.Dialect()]
	for _, statement := range append(db.DDL(), tables...) {
		if _, err := pool.ExecContext(ctx, types.Replace(statement)); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// Empty implements Store.
func (s *sqlStore) Empty(ctx context.Context) error {
	statements := []string{}
	for _, name := range names {
		statements = append(statements, "DELETE FROM "+name)
	}
	for _, list := range []string{"applied", "list-0", "list-1", "list-2"} {
		statements = append(statements, "INSERT INTO counts (list, n) VALUES ('"+list+"', 0)")
	}
	for _, statement := range statements {
		if _, err := s.direct.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// Keeps implements Store.
func (s *sqlStore) Keeps(all State) State { return all }

// Letters implements Store.
func (s *sqlStore) Letters(ctx context.Context) (letters []handler.DeadLetter, err error) {
	return letters, s.direct.SelectContext(ctx, &letters, "SELECT source, event_id, event_name, sequence_number, reason, record FROM letters")
}

// Read implements Store.
func (s *sqlStore) Read(ctx context.Context, h *History) (State, error) {
	got, seen := newState(), map[string]int{}
	marked, every := map[string]string{}, map[string]string{}
	reads := []struct {
		query string
		row   func(key, value string, n int)
	}{
		{"SELECT id, list, title, 0 FROM items", func(id, text string, _ int) { got.Rows[id] = text }},
		{"SELECT id, list, title, 0 FROM items_marked WHERE deleted_at IS NULL", func(id, text string, _ int) { marked[id] = text }},
		{"SELECT id, list, title, 0 FROM items_every", func(id, text string, _ int) { every[id] = text }},
		{"SELECT sequence, event_name, title, 0 FROM changes", func(sequence, text string, _ int) {
			got.Changes = append(got.Changes, sequence+"/"+text)
		}},
		{"SELECT item_id, part, '', 0 FROM parts ORDER BY item_id, number", func(id, part string, _ int) {
			got.Parts[id] = strings.TrimPrefix(got.Parts[id]+","+strings.TrimSuffix(part, "/"), ",")
		}},
		{"SELECT list, '', '', n FROM counts WHERE n <> 0", func(list, _ string, n int) { got.Counts[list] = n }},
		{"SELECT id, sequence, '', 0 FROM last", func(id, sequence string, _ int) { got.Last[id] = strings.TrimSuffix(sequence, "/") }},
		{"SELECT sequence_number, '', '', 0 FROM letters", func(sequence, _ string, _ int) { got.Letters = append(got.Letters, sequence) }},
		{"SELECT sequence, '', '', MIN(seen) FROM effects GROUP BY sequence", func(sequence, _ string, n int) { seen[sequence] = n }},
	}
	for _, r := range reads {
		if err := each(ctx, s.direct, r.query, r.row); err != nil {
			return got, fmt.Errorf("%s: %w", r.query, err)
		}
	}
	got.Applied = got.Counts["applied"]
	delete(got.Counts, "applied")
	slices.Sort(got.Letters)
	slices.Sort(got.Changes)
	got.Breaches = h.breaches(seen)
	if h.scope == items { // a poisonous state is set aside unless the batch holds a later one
		got.Letters = nil
	}
	if a, b, c := fmt.Sprint(got.Rows), fmt.Sprint(marked), fmt.Sprint(every); h.scope != items && (a != b || a != c) {
		got.Breaches = append(got.Breaches, fmt.Sprintf("the tables differ: with tombstones %s, with marks %s, without compaction %s", a, b, c))
	}
	return got, nil
}

func each(ctx context.Context, pool *sqlx.DB, query string, row func(key, value string, n int)) error {
	rows, err := pool.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, a, b string
		var n int
		if err := rows.Scan(&key, &a, &b, &n); err != nil {
			return err
		}
		row(key, a+"/"+b, n)
	}
	return rows.Err()
}
