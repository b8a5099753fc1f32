package model

import (
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
	name   string
	engine string // where it is
	edit
	beside []edit // what has to go with it
}

// edit is a change of the source.
type edit struct {
	file     string // below the module's root
	from, to string // source text; from must occur once
}

var mutations = []mutation{
	{"order guard of upserts", "sqlite", edit{"sink/sqlsink/upsert.go", `if u.guard != "" {
		g := d.quote(u.guard)
		s.text(" WHERE`, `if false {
		g := d.quote(u.guard)
		s.text(" WHERE`}, nil},
	{"order guard of deletes", "sqlite", edit{"sink/sqlsink/remove.go", `s.text(" AND (", g,`, `s.text(" AND (1 = 1 OR ", g,`}, nil},
	{"order guard of soft deletes", "sqlite", edit{"sink/sqlsink/softdelete.go", "keys[:len(keys):len(keys)], guard: g.column}", `keys[:len(keys):len(keys)], guard: ""}`}, nil},
	{"tombstones", "sqlite", edit{"sink/sqlsink/tombstone.go", "return buried[c.hash] > c.version", "return false"}, nil},
	{"order of every change", "sqlite", edit{"sink/sqlsink/runs.go", "if seen[key] || c.remove && upserted {", "if false {"}, nil},
	{"event column of Append", "sqlite", edit{"sink/sqlsink/append.go", "strconv.Itoa(ordinal))", "strconv.Itoa(ordinal), fmt.Sprint(&ordinal))"}, nil},
	{"numeric comparison of sequence numbers", "sqlite", edit{"sink/sequence.go", "return zeros[len(sequence):] + sequence, nil", "return sequence, nil"}, nil},
	{"inbox of Once", "sqlite", edit{"sink/sqlsink/once.go", "if !tx.fresh[call] {", "if false {"}, nil},
	{"guard of Newest", "sqlite", edit{"sink/sqlsink/newest.go", "!newest[entry.hash]", "!newest[entry.hash] && false"}, nil},
	{"owner guard of Children", "sqlite", edit{"sink/sqlsink/children.go", "return newest[entries[i].hash]", "return newest[entries[i].hash] || true"}, nil},
	{"keyed halt's hold on unguarded work", "sqlite", edit{"handler/run.go", " && !r.state[i].batch.Unguarded()", ""}, nil},
	{"bisect", "sqlite", edit{"handler/commit.go", "case len(kept) == 1:", "case true:"}, nil},
	{"rollback of a failed transaction", "sqlite", edit{"sink/sqlsink/db.go", "defer sqlTx.Rollback()", "defer sqlTx.Commit()"}, nil},
	{"tombstones in PostgreSQL's upsert", "postgres", edit{"sink/sqlsink/upsert.go", `if u.buried.table != "" {`, "if false {"}, nil},
	{"tombstones before COPY", "postgres", edit{"sink/sqlsink/copy.go", `if u.buried.table != "" {`, "if false {"}, nil},
	{"failure of a batch in one round trip", "postgres", edit{"sink/sqlsink/pgxwire/pgxwire.go", "return f.failure\n", "return nil\n"}, nil},
	{"order guard of MySQL's upserts", "mariadb", edit{"sink/sqlsink/upsert.go", `s.text("IF(", g, " IS NULL OR ",`, `s.text("IF(1 = 1 OR ", g, " IS NULL OR ",`}, nil},
	{"tombstones in MySQL's one text", "mariadb", edit{"sink/sqlsink/mysqllock.go", `s.text(" AND sequence", newer)`, `s.text(" AND 1 = 0 AND sequence", newer)`}, nil},
	{"order guard of documents", "mongodb", edit{"sink/mongosink/guard.go", "if g.protects() {\n\t\tb.document(", "if false {\n\t\tb.document("},
		[]edit{{"sink/mongosink/write.go", "ch.there && ch.seen > ch.version", "false"}}},
	{"tombstones of documents", "mongodb", edit{"sink/mongosink/guard.go", "case !g.protects() && remove:", "case remove && !g.soft:"}, nil},
}

// TestMutations shows that the model test can fail: with each protection taken out it finds a counterexample. The
// patched source is given to the compiler only; the library has no switches for it.
func TestMutations(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the library once per mutation")
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			needsOwn(t, m.engine)
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

// needsOwn skips the test where the engine is missing or a user's own, as the model test does.
func needsOwn(t *testing.T, engine string) {
	t.Helper()
	external := false
	if engine == "mongodb" {
		external = servers.Mongo(t).Server.External()
	} else if s := servers.For(t, engine).Server; s != nil {
		external = s.External()
	}
	if external {
		t.Skip("the model test kills its server, and this one is a user's")
	}
}

// run runs the model test on the mutation's engine, without wire faults, with the mutation compiled in.
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
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-run", "TestModel/"+m.engine+"$", "-calm", "-histories=120", "-count=1", "-timeout=2m", ".")
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
