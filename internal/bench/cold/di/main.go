// Command di is a function of package di that stores nothing.
package main

import (
	"context"

	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/internal/bench/order"
	"github.com/dynasink/dynasink/sink"
)

func main() {
	di.Run(fx.Provide(nowhere), di.UseMirror[order.Order](handler.Needs(handler.NewImage)))
}

func nowhere() sink.Target[order.Order] {
	return sink.Func(func(context.Context, []sink.Write[order.Order]) error { return nil })
}
