package model

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/servers"
)

// mutation takes one protection out of the library.
type mutation struct {
	name string
	edit
	engine string // where the model test is run; "" is SQLite
	beside []edit // what has to go with it
}

// edit is a change of the source.
type edit struct {
	file     string // below the module's root
	from, to string // source text; from must occur once
}

var mutations = []mutation{
	{name: "order guard of upserts", edit: edit{"sink/sqlsink/upsert.go", `if u.guard != "" {
		g := d.quote(u.guard)
		s.text(" WHERE`, `if false {
		g := d.quote(u.guard)
		s.text(" WHERE`}},
	{name: "order guard of deletes", edit: edit{"sink/sqlsink/remove.go", `s.text(" AND (", g,`, `s.text(" AND (1 = 1 OR ", g,`}},
	{name: "order guard of soft deletes", edit: edit{"sink/sqlsink/softdelete.go", "keys[:len(keys):len(keys)], g.column}", `keys[:len(keys):len(keys)], ""}`}},
	{name: "tombstones", edit: edit{"sink/sqlsink/tombstone.go", "return buried[c.hash] > c.version", "return false"}},
	{name: "numeric comparison of sequence numbers", edit: edit{"sink/sequence.go", "return zeros[len(sequence):] + sequence, nil", "return sequence, nil"}},
	{name: "inbox of Once", edit: edit{"sink/sqlsink/once.go", "if !tx.fresh[call] {", "if false {"}},
	{name: "guard of Newest", edit: edit{"sink/sqlsink/newest.go", "!newest[entry.hash]", "!newest[entry.hash] && false"}},
	{name: "owner guard of Children", edit: edit{"sink/sqlsink/children.go", "return newest[entries[i].hash]", "return newest[entries[i].hash] || true"}},
	{name: "keyed halt's hold on unguarded work", edit: edit{"handler/run.go", " && !r.state[i].batch.Unguarded()", ""}},
	{name: "bisect", edit: edit{"handler/commit.go", "case len(kept) == 1:", "case true:"}},
	{name: "rollback of a failed transaction", edit: edit{"sink/sqlsink/db.go", "defer sqlTx.Rollback()", "defer sqlTx.Commit()"}},
	{name: "order guard of documents", engine: "mongodb",
		edit:   edit{"sink/mongosink/guard.go", "if g.protects() {\n\t\tb.document(", "if false {\n\t\tb.document("},
		beside: []edit{{"sink/mongosink/write.go", "ch.there && ch.seen > ch.version", "false"}}},
	{name: "tombstones of documents", engine: "mongodb",
		edit: edit{"sink/mongosink/guard.go", "case !g.protects() && remove:", "case remove && !g.soft:"}},
}

// TestMutations shows that the model test can fail: with each protection taken out it finds a counterexample. The
// patched source is given to the compiler only; the library has no switches for it.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the library once per mutation")
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			if m.engine != "" && servers.Mongo(t).Server.External() {
				t.Skip("the model test kills its server, and this one is a user's")
			}
			out, err := m.run(t)
			if err == nil {
				t.Fatalf("the model test passes without the %s", m.name)
			}
			if !strings.Contains(out, "the tables are not what the history says") && !strings.Contains(out, "does not advance") {
				t.Fatalf("the model test failed for another reason: %v\n%s", err, out)
			}
		})
	}
}

// run runs the model test, on SQLite without wire faults, with the mutation compiled in.
func (m mutation) run(t *testing.T) (output string, err error) {
	t.Helper()
	dir, patched := t.TempDir(), map[string]string{}
	for _, e := range append(m.beside, m.edit) {
		path, err := filepath.Abs(filepath.Join("../../..", e.file))
		if err != nil {
			t.Fatal(err)
		}
		patched[path] = filepath.Join(dir, filepath.Base(e.file))
		write(t, patched[path], e.apply(t, path))
	}
	replace, err := json.Marshal(map[string]any{"Replace": patched})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	write(t, overlay, replace)
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-run", "TestModel/"+cmp.Or(m.engine, "sqlite")+"$",
		"-histories=80", "-count=1", "-timeout=2m", ".")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// apply returns the source at path with the edit made.
func (e edit) apply(t *testing.T, path string) []byte {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), e.from); n != 1 {
		t.Fatalf("%s has the text to mutate %d times: %s", e.file, n, e.from)
	}
	return []byte(strings.Replace(string(source), e.from, e.to, 1))
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
