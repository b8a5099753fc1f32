package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sinktest"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite"
)

// invoke runs the program's handler on the sample, with people going to a target.
func invoke(t *testing.T, people sink.Target[PersonRow]) {
	t.Helper()
	mapper, err := newMapper()
	if err != nil {
		t.Fatal(err)
	}
	h := handler.NewDynamoDBEventHandler(NewPersonHandler(people, mapper), handler.Needs(handler.NewImage))
	response, err := h.Invoke(t.Context(), sample)
	if err != nil || string(response) != `{"batchItemFailures":[]}` {
		t.Fatalf("response %s, error %v", response, err)
	}
}

func TestPersonHandler(t *testing.T) {
	t.Parallel()
	people := sinktest.NewRecorder[PersonRow]()
	invoke(t, people)
	upserts, deletes := people.Upserts(), people.Deletes()
	if len(upserts) != 5 || len(deletes) != 1 || deletes[0].ID != "p-3" {
		t.Fatalf("upserts %+v, deletes %+v", upserts, deletes)
	}
	ada, zoe := upserts[0], upserts[4]
	if ada.Age != defaultAge || ada.CreatedAt.Unix() != 1763700001 || zoe.Age != 0 {
		t.Errorf("no age becomes %d, an age of 0 %d, created_at %v", ada.Age, zoe.Age, ada.CreatedAt)
	}
}

// newPeopleSQL is newPeople for SQLite: all that another store needs.
func newPeopleSQL(pool *sqlx.DB) (sink.Target[PersonRow], error) {
	db, err := sqlsink.New(pool)
	if err != nil {
		return nil, err
	}
	table := `CREATE TABLE people (id TEXT NOT NULL PRIMARY KEY, name TEXT, nickname TEXT, age INTEGER, created_at TIMESTAMP, stream_sequence CHAR(40))`
	for _, statement := range append(db.DDL(), table) {
		if _, err := pool.Exec(statement); err != nil {
			return nil, err
		}
	}
	return sqlsink.NewTable[PersonRow](db, "people")
}

// TestSameHandlerOnSQL delivers the sample twice.
func TestSameHandlerOnSQL(t *testing.T) {
	t.Parallel()
	pool, err := sqlx.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "people.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	people, err := newPeopleSQL(pool)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{p-1 Ada 18} {p-2 Grace Hopper 46} {p-4 Zoë Müller 0}]"
	for range 2 {
		invoke(t, people)
		var rows []struct {
			ID, Name string
			Age      int
		}
		if err := pool.SelectContext(t.Context(), &rows, "SELECT id, name, age FROM people ORDER BY id"); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(rows); got != want {
			t.Errorf("rows %s, want %s", got, want)
		}
	}
}

const asProgram = "EXAMPLE_MONGO_AS_PROGRAM"

// TestMain lets the test run the program itself.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	os.Args = os.Args[:1]
	main()
}

// TestWithoutServer is what somebody sees who has none.
func TestWithoutServer(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{"": "MONGODB_URI is not set", "localhost": "not a connection string"} {
		program := exec.CommandContext(t.Context(), os.Args[0])
		program.Env = append(os.Environ(), asProgram+"=1", "MONGODB_URI="+uri)
		out, err := program.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "docker run") {
			t.Errorf("MONGODB_URI=%q: error %v\n%s", uri, err, out)
		}
	}
}
