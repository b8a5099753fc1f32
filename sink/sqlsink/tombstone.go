package sqlsink

import (
	"context"
	"hash/fnv"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dynasink/dynasink/sink"
)

// tombstoneTable remembers deletions: an older upsert must not bring a row back.
const tombstoneTable = "dynasink_tombstones"

// Tombstones guards rows by the sequence number in guardColumn ("" for [GuardColumn]), and remembers deletions in the table
// dynasink_tombstones, so that readers see a table of live rows only. It is the default.
//
// Concurrent batches of one table of which one deletes take turns where their rows fall into the same of 64 parts of the
// table, because an upsert and a deletion of a row that is not there have nothing else to meet at. [SoftDelete] has no such
// turns.
func Tombstones(guardColumn string) TableOption {
	if guardColumn == "" {
		guardColumn = GuardColumn
	}
	return tableOption(func(t *table) { t.guard = &tombstoneGuard{column: guardColumn} })
}

// tombstoneGuard is also GuardVersion's: then the column is the row type's own.
type tombstoneGuard struct {
	column string
	own    bool
	source *column
}

func (g *tombstoneGuard) bind(t *table) (err error) {
	if !g.own {
		return t.free(g.column)
	}
	g.source, err = t.columnNamed(g.column)
	return err
}

func (g *tombstoneGuard) protects() bool { return true }

func (g *tombstoneGuard) version(t *table, row reflect.Value, o sink.Origin) (string, error) {
	if g.own {
		return columnVersion(g.source, row, t.store.dialect)
	}
	return sequenceVersion(o)
}

func (g *tombstoneGuard) write(ctx context.Context, tx *tx, t *table, changes []change) error {
	for i := range changes {
		c := &changes[i]
		key, err := t.columns.keyText(c.row, t.columns.keys, tx.store.dialect)
		if err != nil {
			return t.rowError(c.at, err)
		}
		c.hash = keyHash(key)
	}
	if err := t.lock(ctx, tx, changes); err != nil {
		return withDDL(err, tx.store.dialect, tombstoneTable)
	}
	upserts, removals := split(changes)
	if err := t.remove(ctx, tx, g.column, removals, versionOf); err != nil {
		return err
	}
	if err := g.upsert(ctx, tx, t, upserts); err != nil {
		return err
	}
	// Last, so that the upserts are not held against the tombstones of their own batch, which are of other rows.
	return withDDL(t.bury(ctx, tx, removals), tx.store.dialect, tombstoneTable)
}

func (g *tombstoneGuard) upsert(ctx context.Context, tx *tx, t *table, upserts []change) error {
	u, extra := t.upsert(g.column), []func(*change) datum(nil)
	if !g.own {
		u, extra = t.upsert(g.column, g.column), append(extra, versionOf)
	}
	if tx.store.dialect == PostgreSQL {
		u.buried = burial{table: t.name, own: g.own}
		if extra = append(extra, hashOf); g.own {
			extra = append(extra, versionOf)
		}
	} else {
		alive, err := g.alive(ctx, tx, t, upserts)
		if err != nil {
			return withDDL(err, tx.store.dialect, tombstoneTable)
		}
		upserts = alive
	}
	return withDDL(t.put(ctx, tx, u, upserts, extra...), tx.store.dialect, tombstoneTable)
}

// alive drops the upserts that a tombstone is newer than. A removal has the item's own version from its last upsert, so the
// tombstone is the newer one of two equals; equal sequence numbers are one record, whose upsert follows its removal.
func (g *tombstoneGuard) alive(ctx context.Context, tx *tx, t *table, upserts []change) ([]change, error) {
	if tx.gathered != nil {
		return upserts, g.assertAlive(ctx, tx, t, upserts)
	}
	if any, err := g.newer(ctx, tx, t, upserts); err != nil || !any {
		return upserts, err
	}
	buried := map[string]string{}
	for chunk := range slices.Chunk(upserts, 1000) {
		s := tx.statement()
		s.text("SELECT row_key, sequence FROM ", tombstoneTable, " WHERE table_name = ").arg(textOf(t.name)).text(" AND row_key").in(hashes(chunk))
		err := tx.collect(ctx, "read tombstones of "+t.name, s, 2, func(c []string) { buried[c[0]] = c[1] })
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(upserts, func(c change) bool {
		return buried[c.hash] > c.version || g.own && buried[c.hash] == c.version
	}), nil
}

// newer reports whether any tombstone is newer than the oldest of some upserts: in a live stream none is, and one look into
// the index tells it. Versions of the rows' own cannot tell of other rows.
func (g *tombstoneGuard) newer(ctx context.Context, tx *tx, t *table, upserts []change) (found bool, err error) {
	if g.own || len(upserts) == 0 {
		return g.own, nil
	}
	s := tx.statement()
	s.text("SELECT row_key FROM ", tombstoneTable, " WHERE table_name = ").arg(textOf(t.name))
	s.text(" AND sequence > ").arg(textOf(lowest(upserts))).text(" LIMIT 1")
	err = tx.collect(ctx, "look for tombstones of "+t.name, s, 1, func([]string) { found = true })
	return found, err
}

func hashes(changes []change) []string {
	texts := make([]string, len(changes))
	for i := range changes {
		texts[i] = changes[i].hash
	}
	return texts
}

// bury writes the tombstones of removals; one that is there with a higher version stays.
func (t *table) bury(ctx context.Context, tx *tx, removals []change) error {
	// Sorted, because neighbours in a tree are found faster than strangers.
	slices.SortFunc(removals, func(a, b change) int { return strings.Compare(a.hash, b.hash) })
	rows := newGrid(4, len(removals))
	for i := range removals {
		rows.add(textOf(t.name), hashOf(&removals[i]), momentOf(tx.now), versionOf(&removals[i]))
	}
	u := buried()
	u.guard = "sequence"
	return u.exec(ctx, tx, rows)
}

// buried is the upsert of tombstones.
func buried() upsert {
	columns := []string{"table_name", "row_key", "deleted_at", "sequence"}
	return upsert{table: tombstoneTable, columns: columns, keys: columns[:2]}
}

// lockParts is into how many parts the keys of a table fall for locking. Few, because each takes a place in the engine's
// lock table; a batch of a thousand rows takes them all.
const lockParts = 64

// lock makes sure that what alive reads stays true until the commit: a batch with removals has its parts of the table for
// itself, batches without share theirs. Parts are taken in order, so that batches wait and never deadlock here.
func (t *table) lock(ctx context.Context, tx *tx, changes []change) error {
	var parts [lockParts]bool
	exclusive := false
	for _, c := range changes {
		part, _ := strconv.ParseUint(c.hash[:2], 16, 8)
		parts[part%lockParts] = true
		exclusive = exclusive || c.remove
	}
	switch tx.store.dialect {
	case PostgreSQL:
		return t.lockAdvisory(ctx, tx, parts, exclusive)
	case MySQL:
		return t.lockRows(ctx, tx, parts, exclusive)
	}
	// SQLite has one writer at a time: a statement that may write makes this transaction the writer before it reads.
	return tx.exec(ctx, "lock "+t.name, tx.statement().text("DELETE FROM ", tombstoneTable, " WHERE table_name = '' AND row_key = ''"))
}

// lockAdvisory uses PostgreSQL's transaction-level advisory locks, which RDS Proxy does not pin. They belong to the whole
// database; the tombstone table's oid in the upper half of the key keeps schemas apart.
// https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADVISORY-LOCKS
func (t *table) lockAdvisory(ctx context.Context, tx *tx, parts [lockParts]bool, exclusive bool) error {
	name := fnv.New32a()
	name.Write([]byte(t.name))
	var keys []string
	for part, taken := range parts {
		if taken {
			keys = append(keys, strconv.FormatInt(int64(name.Sum32())&^(lockParts-1)+int64(part), 10))
		}
	}
	function := "pg_advisory_xact_lock_shared"
	if exclusive {
		function = "pg_advisory_xact_lock"
	}
	s := tx.statement()
	s.text("SELECT count(", function, "((CAST(CAST('", tombstoneTable, "' AS regclass) AS oid)::bigint << 32) + key))")
	s.text(" FROM unnest(CAST(string_to_array(").arg(textOf(strings.Join(keys, ","))).text(", ',') AS bigint[])) AS key")
	return tx.exec(ctx, "lock "+t.name, s)
}

func (g *tombstoneGuard) needs(s *tableSpec) {
	s.libraries = append(s.libraries, tombstoneTable)
	if g.own {
		s.column(g.column).version = true
		s.ordered = true // it cannot be had, and the batch loop finds the order
	} else {
		s.needGuard(g.column)
	}
}
