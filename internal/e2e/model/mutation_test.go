package model

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutation takes one protection out of the library.
type mutation struct {
	name     string
	file     string // below the module's root
	from, to string // source text; from must occur once
}

var mutations = []mutation{
	{"order guard of upserts", "sink/sqlsink/upsert.go", `if u.guard != "" {
		g := d.quote(u.guard)
		s.text(" WHERE`, `if false {
		g := d.quote(u.guard)
		s.text(" WHERE`},
	{"order guard of deletes", "sink/sqlsink/remove.go", `s.text(" AND (", g,`, `s.text(" AND (1 = 1 OR ", g,`},
	{"order guard of soft deletes", "sink/sqlsink/softdelete.go", "keys[:len(keys):len(keys)], g.column}", `keys[:len(keys):len(keys)], ""}`},
	{"tombstones", "sink/sqlsink/tombstone.go", "return buried[c.hash] > c.version", "return false"},
	{"numeric comparison of sequence numbers", "sink/sequence.go", "return zeros[len(sequence):] + sequence, nil", "return sequence, nil"},
	{"inbox of Once", "sink/sqlsink/once.go", "if !tx.fresh[call] {", "if false {"},
	{"guard of Newest", "sink/sqlsink/newest.go", "!newest[entry.hash]", "!newest[entry.hash] && false"},
	{"owner guard of Children", "sink/sqlsink/children.go", "return newest[entries[i].hash]", "return newest[entries[i].hash] || true"},
	{"keyed halt's hold on unguarded work", "handler/run.go", " && !r.state[i].batch.Unguarded()", ""},
	{"bisect", "handler/commit.go", "case len(kept) == 1:", "case true:"},
	{"rollback of a failed transaction", "sink/sqlsink/db.go", "defer sqlTx.Rollback()", "defer sqlTx.Commit()"},
}

// TestMutations shows that the model test can fail: with each protection taken out it finds a counterexample. The
// patched source is given to the compiler only; the library has no switches for it.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the library once per mutation")
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
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

// run runs the model test on SQLite, without wire faults, with the mutation compiled in.
func (m mutation) run(t *testing.T) (output string, err error) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../..", m.file))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.from); n != 1 {
		t.Fatalf("%s has the text to mutate %d times: %s", m.file, n, m.from)
	}
	patched := filepath.Join(t.TempDir(), filepath.Base(m.file))
	overlay := patched + ".json"
	write(t, patched, []byte(strings.Replace(string(source), m.from, m.to, 1)))
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{path: patched}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, overlay, replace)
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-run", "TestModel/sqlite$", "-histories=80", "-count=1", "-timeout=2m", ".")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
