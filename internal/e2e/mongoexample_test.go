package e2e

import (
	"fmt"
	"testing"

	"github.com/dynasink/dynasink/internal/e2e/runtimeapi"
	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink/mongosink"
	"go.mongodb.org/mongo-driver/v2/bson"
)

const mongoExample = "../../examples/mongo"

func mongoEnv(m servers.MongoDB) []string {
	return []string{"MONGODB_URI=" + m.URI, "MONGODB_DATABASE=" + m.Database}
}

// TestMongoExample runs the example as a user does, and in Lambda; all is delivered twice.
func TestMongoExample(t *testing.T) {
	t.Parallel()
	program := runtimeapi.Build(t, mongoExample)
	want := readFile(t, "testdata/mongo.txt")
	t.Run("locally", func(t *testing.T) {
		t.Parallel()
		m := servers.Mongo(t)
		for range 2 {
			if out, status := runProgram(t, program, mongoEnv(m)); status != 0 || out != want {
				t.Errorf("exit status %d, printed\n%s\nwant\n%s", status, out, want)
			}
		}
	})
	t.Run("no server", func(t *testing.T) {
		t.Parallel()
		out, status := runProgram(t, program, []string{"MONGODB_URI=mongodb://127.0.0.1:1"})
		if status == 0 || out != "" {
			t.Errorf("exit status %d, printed %s", status, out)
		}
	})
	t.Run("in Lambda", func(t *testing.T) {
		t.Parallel()
		m := servers.Mongo(t)
		f := runtimeapi.Start(t, program, runtimeapi.Env("MONGODB_URI", m.URI), runtimeapi.Env("MONGODB_DATABASE", m.Database))
		event := readFile(t, mongoExample+"/event.json")
		for range 2 {
			answer, err := f.Invoke(t.Context(), []byte(event))
			if err != nil || string(answer.Payload) != `{"batchItemFailures":[]}` {
				t.Fatalf("answer %s, error %v\n%s", answer.Payload, err, answer.Logs)
			}
		}
		if exit, err := f.Shutdown(t.Context()); err != nil || exit.Killed || exit.Code != 0 {
			t.Errorf("shutdown: %+v, %v\n%s", exit, err, f.Logs())
		}
		people, err := found[struct{ Name string }](t.Context(), m.Open(t).Collection("people"), bson.D{{Key: mongosink.DeletedField, Value: nil}})
		if got := fmt.Sprint(people); err != nil || got != "[{Ada} {Grace Hopper} {Zoë Müller}]" {
			t.Errorf("the collection holds %s, %v", got, err)
		}
	})
}
