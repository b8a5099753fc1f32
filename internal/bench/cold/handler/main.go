// Command handler is a function of package handler, without package di, that stores nothing.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/internal/bench/order"
	"github.com/dynasink/dynasink/sink"
)

func main() {
	nowhere := sink.Func(func(context.Context, []sink.Write[order.Order]) error { return nil })
	lambda.Start(handler.NewDynamoDBEventHandler(handler.Mirror(nowhere), handler.Needs(handler.NewImage)))
}
