package di

import (
	"go.uber.org/fx"

	"github.com/dynasink/dynasink/handler"
)

// UseEventHandler makes H handle the events of any other source, decoded into E: a schedule, say, or an object in S3. E is
// inferred from H. The container must have a constructor of H:
//
//	di.Run(
//		fx.Provide(NewNightlyJob), // *NightlyJob is a handler.EventHandler[events.CloudWatchEvent]
//		di.UseEventHandler[*NightlyJob](),
//	)
//
// A function has one such handler and no other, because its payloads do not tell whose they are; anything else is a
// start-up error.
func UseEventHandler[H handler.EventHandler[E], E any]() fx.Option {
	u := newUse[H]("UseEventHandler", constructor[H]())
	return option(u, func(h H) entry { return entry{use: u, other: handler.NewEventHandler(h)} })
}

// UseRequestHandler is [UseEventHandler] for a handler that answers: E is decoded from the request, and R is encoded as the
// response.
func UseRequestHandler[H handler.RequestHandler[E, R], E, R any]() fx.Option {
	u := newUse[H]("UseRequestHandler", constructor[H]())
	return option(u, func(h H) entry { return entry{use: u, other: handler.NewRequestHandler(h)} })
}
