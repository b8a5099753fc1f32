// Taskcount keeps the number of tasks of each list, from the stream of a table of tasks: a materialized view that is exact
// under redelivery, because each record counts once however often it comes.
//
//	go run ./examples/taskcount              # on a sample; run it again, and the counts stay
//	go run ./examples/taskcount event.json
//
// The counts are in an SQLite file, taskcount.db, or in PostgreSQL when DATABASE_URL names one.
package main

import (
	"context"
	_ "embed"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/jmoiron/sqlx"
	"go.uber.org/fx"
)

//go:embed event.json
var sample []byte

func main() {
	di.Run(
		di.Configure[Config](),
		fx.Provide(openPool, openDB, NewTaskHandler),
		di.UseStreamEventHandler[*TaskHandler](handler.Needs(handler.NewImage|handler.OldImage)),
		di.SampleEvent(sample),
		fx.Invoke(printCountsAtEnd),
	)
}

// Task is the item as DynamoDB holds it. Nothing else of it is counted.
type Task struct {
	TaskID string `dynamodbav:"TaskId"`
	ListID string `dynamodbav:"ListId"`
}

// TaskHandler counts tasks per list.
type TaskHandler struct{ db *sqlsink.DB }

var _ handler.StreamEventHandler[Task] = (*TaskHandler)(nil)

// NewTaskHandler returns a handler that counts in db.
func NewTaskHandler(db *sqlsink.DB) *TaskHandler { return &TaskHandler{db} }

// HandleRecord implements handler.StreamEventHandler: a task leaves the list of its old image and enters that of its new
// one. A change that does not move it counts nothing.
func (h *TaskHandler) HandleRecord(_ context.Context, rec *handler.Record[Task], batch *sink.Batch) error {
	left, entered := listOf(rec.OldImage), listOf(rec.NewImage)
	if left == entered {
		return nil
	}
	// Once: adding is not idempotent. Independent: no rows are staged for the table of counts.
	h.db.Once(batch, "task count", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := add(ctx, tx, left, -1); err != nil {
			return err
		}
		return add(ctx, tx, entered, 1)
	}, sqlsink.Independent())
	return nil
}

func listOf(task *Task) string {
	if task == nil {
		return ""
	}
	return task.ListID
}

func add(ctx context.Context, tx *sqlx.Tx, list string, n int) error {
	if list == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, tx.Rebind(`INSERT INTO todo_task_count (list_id, task_count) VALUES (?, ?)
		ON CONFLICT (list_id) DO UPDATE SET task_count = todo_task_count.task_count + excluded.task_count`), list, n)
	return err
}
