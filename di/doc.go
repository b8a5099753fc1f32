// Package di makes a program of handlers and constructors: a whole Lambda function, wired by go.uber.org/fx.
//
//	func main() {
//		di.Run(
//			di.Configure[Config](),
//			fx.Provide(openDB, newOrders, NewOrderHandler),
//			di.UseStreamEventHandler[*OrderHandler](handler.Needs(handler.NewImage)),
//		)
//	}
//
// It is the only package of the module that imports fx, and none of the others needs it: lambda.Start with
// handler.NewDynamoDBEventHandler does without a container.
//
// # The three hooks
//
// The function bootstrap of .NET libraries has three hooks to override, like an ASP.NET Startup class. Here they are
// options of [Run], and the order does not matter:
//
//	Configure(IConfigurationBuilder)       Configure[Config](): a struct read from the environment
//	ConfigureLogging(ILoggerFactory, …)    ConfigureLogging(func(*Logging)): the *slog.Logger in the container
//	ConfigureServices(IServiceCollection)  fx.Provide(constructors…), fx.Supply(values…), fx.Decorate, fx.Module
//	services.UseStreamEventHandler<…>()    UseStreamEventHandler[*OrderHandler]()
//	EventFunction<T>, RequestFunction<…>   UseEventHandler[*Job](), UseRequestHandler[*Greeter]() for other events
//	ILogger, IMapper, DbContext in a ctor  parameters of a constructor: func NewOrderHandler(*slog.Logger, sink.Target[Order])
//	IHostedService, IDisposable            fx.Lifecycle: OnStart before the first invocation, OnStop at SIGTERM
//
// What a constructor returns lives as long as the process, through all invocations. There are no scopes per invocation:
// what a batch needs for itself is its sink.Batch.
//
// # What is checked when the program starts
//
// A missing handler or target, an item type that cannot be decoded, two handlers for one table and a missing environment
// variable keep the program from starting, and the message says what to register. [Validate] finds all but the last
// in a unit test.
//
// # Running it locally
//
// Outside of Lambda (AWS_LAMBDA_RUNTIME_API is not set) the same binary is a command that invokes the function:
//
//	./bootstrap event.json …            on each file
//	./bootstrap < event.json            on standard input; with names, "-" stands for it
//	./bootstrap -timeout 3s event.json  with a deadline; without -timeout an invocation has none
//
// It prints each response as one line on standard output, logs and errors go to standard error, and OnStop hooks run at
// the end. The status is 1 if a record or an invocation failed, 2 if the command line is wrong. An event is what Lambda sends,
// {"Records":[…]}, or for streams also the bare array of records. Each invocation has a made-up request id. Ctrl-C cancels
// the invocation: what has been handled is committed and the rest reported; a second one ends the process at once.
package di
