// Mongo keeps a MongoDB collection in step with the DynamoDB table people: id becomes _id, created_at a date, and who has no
// age gets one.
//
//	MONGODB_URI=mongodb://127.0.0.1:27017 go run ./examples/mongo              # on a sample; run it again, and nothing changes
//	MONGODB_URI=mongodb://127.0.0.1:27017 go run ./examples/mongo event.json
//
// The handler knows no MongoDB: main_test.go runs it on SQLite with another constructor.
package main

import (
	"context"
	_ "embed"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/mapping"
	"github.com/dynasink/dynasink/sink"
	"go.uber.org/fx"
)

//go:embed event.json
var sample []byte

func main() {
	di.Run(
		di.Configure[Config](),
		fx.Provide(connect, newPeople, newMapper, NewPersonHandler),
		di.UseStreamEventHandler[*PersonHandler](handler.Needs(handler.NewImage)),
		di.SampleEvent(sample),
		fx.Invoke(printPeopleAtEnd),
	)
}

// PersonHandler mirrors people.
type PersonHandler struct {
	people sink.Target[PersonRow]
	mapper mapping.Mapper[Person, PersonRow]
}

var _ handler.StreamEventHandler[Person] = (*PersonHandler)(nil)

// NewPersonHandler returns a handler that stages on people what mapper makes of the items.
func NewPersonHandler(people sink.Target[PersonRow], mapper mapping.Mapper[Person, PersonRow]) *PersonHandler {
	return &PersonHandler{people, mapper}
}

// HandleRecord implements handler.StreamEventHandler.
func (h *PersonHandler) HandleRecord(ctx context.Context, rec *handler.Record[Person], batch *sink.Batch) error {
	if rec.EventName == handler.Remove {
		h.people.Delete(batch, PersonRow{ID: rec.Keys.ID})
		return nil
	}
	row, err := h.mapper.Map(ctx, *rec.NewImage)
	if err != nil {
		return err
	}
	h.people.Upsert(batch, row)
	return nil
}
