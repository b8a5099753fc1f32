package sqlsink

import (
	"context"
	"slices"
	"strconv"
)

// lockRows locks rows of the tombstone table that stand for the parts; MySQL's named locks belong to a session and not to a
// transaction. The rows are made when they are first needed.
func (t *table) lockRows(ctx context.Context, tx *tx, parts [lockParts]bool, exclusive bool) error {
	var names []string
	for part, taken := range parts {
		if taken {
			names = append(names, "lock "+strconv.Itoa(100+part))
		}
	}
	if tx.gathered != nil {
		return t.gatherLock(ctx, tx, names, exclusive)
	}
	found := 0
	count := func([]string) { found++ }
	if err := tx.collect(ctx, "lock "+t.name, t.lockStatement(tx, names, exclusive), 1, count); err != nil {
		return err
	}
	if found == len(names) {
		return nil
	}
	return buried().exec(ctx, tx, t.lockGrid(names))
}

// lockGrid is the rows that stand for parts, as tombstones that are never purged.
func (t *table) lockGrid(names []string) *grid {
	rows := newGrid(4, len(names))
	for _, name := range names {
		rows.add(textOf(t.name), textOf(name), textOf("9999-12-31 00:00:00"), textOf("0"))
	}
	return rows
}

// gatherLock locks without looking: an upsert locks the rows that are there too, for one alone. To share them, those that are
// missing are made first.
func (t *table) gatherLock(ctx context.Context, tx *tx, names []string, exclusive bool) error {
	rows := t.lockGrid(names)
	if exclusive {
		return buried().exec(ctx, tx, rows)
	}
	s := tx.statement()
	s.text("INSERT IGNORE INTO ", tombstoneTable, " (", s.dialect.quoteAll(buried().columns), ") VALUES ").rows(rows)
	if err := tx.exec(ctx, "lock "+t.name, s); err != nil {
		return err
	}
	return tx.exec(ctx, "lock "+t.name, t.lockStatement(tx, names, false))
}

func (t *table) lockStatement(tx *tx, names []string, exclusive bool) *statement {
	s := tx.statement()
	s.text("SELECT row_key FROM ", tombstoneTable, " WHERE table_name = ").arg(textOf(t.name))
	s.text(" AND row_key").in(names).text(" ORDER BY row_key ")
	if exclusive {
		return s.text("FOR UPDATE")
	}
	return s.text("LOCK IN SHARE MODE")
}

// assertAlive makes a gathered transaction fail, so that it is written with alive, if there may be an upsert that a tombstone
// is newer than: one that is newer than the oldest upsert. The live stream has none. It is a SELECT because MariaDB takes errors of
// a DO for warnings.
func (g *tombstoneGuard) assertAlive(ctx context.Context, tx *tx, t *table, upserts []change) error {
	newer := " > "
	if g.own {
		newer = " >= "
	}
	for chunk := range slices.Chunk(upserts, 1000) {
		s := tx.statement()
		s.text("SELECT IF(EXISTS(SELECT 1 FROM ", tombstoneTable, " WHERE table_name = ").arg(textOf(t.name)).text(" AND row_key").in(hashes(chunk))
		s.text(" AND sequence", newer).arg(textOf(lowest(chunk))).text("), (SELECT NULL UNION ALL SELECT NULL), 0)")
		if err := tx.exec(ctx, "look for tombstones of "+t.name, s); err != nil {
			return err
		}
	}
	return nil
}
