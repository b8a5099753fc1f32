package sqlsink

import (
	"context"
	"fmt"
	"slices"

	"github.com/dynasink/dynasink/sink"
)

// newestTable holds the version of what Newest functions and Children have written last, by name and key.
const newestTable = "dynasink_newest"

// Newest stages fn to take effect only if no newer record has done so for the same name and key: for SQL that replaces
// the state of something, where an old delivery must not undo a newer one. A redelivery of the newest record runs fn again,
// so fn sets state and does not add to it. The version is kept in the table dynasink_newest, in the same transaction.
//
// Sequence numbers order records of one stream only.
func (d *DB) Newest(b *sink.Batch, name, key string, fn Function, opts ...FunctionOption) {
	version, err := sink.PadSequence(b.Origin().Sequence)
	misuse := checkFunction("Newest", name, fn)
	switch {
	case misuse != nil:
		b.Fail(misuse)
	case err != nil:
		b.Fail(fmt.Errorf("sqlsink: Newest(%q): %w", name, err))
	default:
		entry := version40{keyHash(key), version}
		d.do(b, true, nil, opts, func(ctx context.Context, tx *tx) error {
			newest, err := tx.advance(ctx, name, []version40{entry})
			if err != nil || !newest[entry.hash] {
				return err
			}
			return tx.call(ctx, fn)
		})
	}
}

// version40 is the version that something, known by its hash, would get.
type version40 struct{ hash, version string }

// advance raises the versions of entries where they are not lower, and returns those that are now at their entry's version.
// Entries must be sorted by hash. The rows stay locked until the commit, so that nothing overtakes.
func (t *tx) advance(ctx context.Context, name string, entries []version40) (map[string]bool, error) {
	rows := newGrid(4, len(entries))
	wanted := make(map[string]string, len(entries))
	for _, e := range entries {
		rows.add(textOf(name), textOf(e.hash), momentOf(t.now), textOf(e.version))
		wanted[e.hash] = e.version
	}
	columns := []string{"name", "row_key", "changed_at", "sequence"}
	put := upsert{table: newestTable, columns: columns, keys: columns[:2], guard: "sequence"}
	if err := put.exec(ctx, t, rows); err != nil {
		return nil, withDDL(err, t.store.dialect, newestTable)
	}
	newest := map[string]bool{}
	for chunk := range slices.Chunk(entries, 1000) {
		s := t.statement()
		hashes := make([]string, len(chunk))
		for i := range chunk {
			hashes[i] = chunk[i].hash
		}
		s.text("SELECT row_key, sequence FROM ", newestTable, " WHERE name = ").arg(textOf(name)).text(" AND row_key").in(hashes)
		err := t.collect(ctx, "read versions of "+name, s, 2, func(c []string) { newest[c[0]] = c[1] == wanted[c[0]] })
		if err != nil {
			return nil, err
		}
	}
	return newest, nil
}
