package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/dynasink/dynasink/handler"
	"github.com/jmoiron/sqlx"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
)

// function is the program's handler on a database of the test's own.
func function(t *testing.T) (*handler.DynamoDBEventHandler[Task], *sqlx.DB) {
	t.Helper()
	var h *TaskHandler
	var pool *sqlx.DB
	app := fxtest.New(t,
		fx.Supply(Config{DatabaseURL: filepath.Join(t.TempDir(), "counts.db")}),
		fx.Provide(openPool, openDB, NewTaskHandler),
		fx.Populate(&h, &pool))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return handler.NewDynamoDBEventHandler(h), pool
}

// TestCountsAreExactUnderRedelivery delivers the sample, and then any parts of it in any order.
func TestCountsAreExactUnderRedelivery(t *testing.T) {
	t.Parallel()
	f, pool := function(t)
	invoke(t, f, sample)
	want := "[{garden 0} {home 1} {work 3}]"
	if got := counts(t, pool); got != want {
		t.Fatalf("counts %s, want %s", got, want)
	}
	var event struct{ Records []json.RawMessage }
	if err := json.Unmarshal(sample, &event); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		rng.Shuffle(len(event.Records), func(i, j int) { event.Records[i], event.Records[j] = event.Records[j], event.Records[i] })
		part, err := json.Marshal(map[string]any{"Records": event.Records[:1+rng.IntN(len(event.Records))]})
		if err != nil {
			t.Fatal(err)
		}
		invoke(t, f, part)
	}
	if got := counts(t, pool); got != want {
		t.Errorf("after redeliveries: counts %s, want %s", got, want)
	}
}

func invoke(t *testing.T, f *handler.DynamoDBEventHandler[Task], event []byte) {
	t.Helper()
	response, err := f.Invoke(t.Context(), event)
	if err != nil || string(response) != `{"batchItemFailures":[]}` {
		t.Fatalf("response %s, error %v", response, err)
	}
}

func counts(t *testing.T, pool *sqlx.DB) string {
	t.Helper()
	var rows []struct {
		List  string `db:"list_id"`
		Tasks int    `db:"task_count"`
	}
	if err := pool.SelectContext(t.Context(), &rows, "SELECT list_id, task_count FROM todo_task_count ORDER BY list_id"); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(rows)
}
