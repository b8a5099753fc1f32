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
	engine   string // where it is
	file     string // below the module's root
	from, to string // source text; from must occur once
}

var mutations = []mutation{
	{"order guard of upserts", "sqlite", "sink/sqlsink/upsert.go", `if u.guard != "" {
		g := d.quote(u.guard)
		s.text(" WHERE`, `if false {
		g := d.quote(u.guard)
		s.text(" WHERE`},
	{"order guard of deletes", "sqlite", "sink/sqlsink/remove.go", `s.text(" AND (", g,`, `s.text(" AND (1 = 1 OR ", g,`},
	{"order guard of soft deletes", "sqlite", "sink/sqlsink/softdelete.go", "keys[:len(keys):len(keys)], guard: g.column}", `keys[:len(keys):len(keys)], guard: ""}`},
	{"tombstones", "sqlite", "sink/sqlsink/tombstone.go", "return buried[c.hash] > c.version", "return false"},
	{"order of every change", "sqlite", "sink/sqlsink/runs.go", "if seen[key] || c.remove && upserted {", "if false {"},
	{"event column of Append", "sqlite", "sink/sqlsink/append.go", "strconv.Itoa(ordinal))", "strconv.Itoa(ordinal), fmt.Sprint(&ordinal))"},
	{"numeric comparison of sequence numbers", "sqlite", "sink/sequence.go", "return zeros[len(sequence):] + sequence, nil", "return sequence, nil"},
	{"inbox of Once", "sqlite", "sink/sqlsink/once.go", "if !tx.fresh[call] {", "if false {"},
	{"guard of Newest", "sqlite", "sink/sqlsink/newest.go", "!newest[entry.hash]", "!newest[entry.hash] && false"},
	{"owner guard of Children", "sqlite", "sink/sqlsink/children.go", "return newest[entries[i].hash]", "return newest[entries[i].hash] || true"},
	{"keyed halt's hold on unguarded work", "sqlite", "handler/run.go", " && !r.state[i].batch.Unguarded()", ""},
	{"bisect", "sqlite", "handler/commit.go", "case len(kept) == 1:", "case true:"},
	{"rollback of a failed transaction", "sqlite", "sink/sqlsink/db.go", "defer sqlTx.Rollback()", "defer sqlTx.Commit()"},
	{"tombstones in PostgreSQL's upsert", "postgres", "sink/sqlsink/upsert.go", `if u.buried.table != "" {`, "if false {"},
	{"tombstones before COPY", "postgres", "sink/sqlsink/copy.go", `if u.buried.table != "" {`, "if false {"},
	{"failure of a batch in one round trip", "postgres", "sink/sqlsink/pgxwire/pgxwire.go", "return f.failure\n", "return nil\n"},
	{"order guard of MySQL's upserts", "mariadb", "sink/sqlsink/upsert.go", `s.text("IF(", g, " IS NULL OR ",`, `s.text("IF(1 = 1 OR ", g, " IS NULL OR ",`},
	{"tombstones in MySQL's one text", "mariadb", "sink/sqlsink/mysqllock.go", `s.text(" AND sequence", newer)`, `s.text(" AND 1 = 0 AND sequence", newer)`},
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

// run runs the model test on the mutation's engine, without wire faults, with the mutation compiled in.
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
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-run", "TestModel/"+m.engine+"$", "-calm", "-histories=120", "-count=1", "-timeout=2m", ".")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
