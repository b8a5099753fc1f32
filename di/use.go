package di

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.uber.org/fx"

	"github.com/dynasink/dynasink/handler"
	"github.com/dynasink/dynasink/sink"
)

// UseStreamEventHandler makes H handle the records of a DynamoDB stream; T is inferred from H. The container must have a
// constructor of H:
//
//	di.Run(
//		fx.Provide(openDB, newOrders, NewOrderHandler),
//		di.UseStreamEventHandler[*OrderHandler](handler.Needs(handler.NewImage)),
//	)
//
// It may be given several times, each with handler.ForTable, for a function that several streams invoke. What is wrong
// with an option, and two handlers for one table, are start-up errors. The reason of a reported record goes to the
// container's *slog.Logger unless handler.WithLogger is among opts.
//
// If the compiler finds that H does not satisfy the constraint, this line next to H makes it say why:
//
//	var _ handler.StreamEventHandler[Order] = (*OrderHandler)(nil)
func UseStreamEventHandler[H handler.StreamEventHandler[T], T any](opts ...handler.Option) fx.Option {
	u := newUse[H]("UseStreamEventHandler", constructor[H]())
	return stream(u, handler.NewDynamoDBEventHandler(idle[T](), opts...),
		func(h H, log *slog.Logger) (entry, error) {
			return entry{use: u, stream: handler.NewDynamoDBEventHandler(h, with(log, opts)...)}, nil
		})
}

// UseStreamBatchHandler is [UseStreamEventHandler] for a handler that wants all records of a batch at once.
func UseStreamBatchHandler[H handler.StreamBatchHandler[T], T any](opts ...handler.Option) fx.Option {
	u := newUse[H]("UseStreamBatchHandler", constructor[H]())
	return stream(u, handler.NewDynamoDBEventHandler(idle[T](), opts...),
		func(h H, log *slog.Logger) (entry, error) {
			return entry{use: u, stream: handler.NewDynamoDBBatchHandler(h, with(log, opts)...)}, nil
		})
}

// UseMirror keeps the sink.Target[T] of the container equal to the table of the stream, as handler.Mirror does; no handler
// has to be written. T carries the tags of both sides (dynamodbav and db, say).
func UseMirror[T any](opts ...handler.Option) fx.Option {
	u := newUse[sink.Target[T]]("UseMirror", "a constructor of the target with fx.Provide")
	u.name = "UseMirror[" + short(reflect.TypeFor[T]().String()) + "]"
	return stream(u, handler.NewDynamoDBEventHandler(idle[T](), opts...),
		func(target sink.Target[T], log *slog.Logger) (entry, error) {
			if target == nil {
				return entry{}, startErrorf("di: the target of %s is nil", u.name)
			}
			return entry{use: u, stream: handler.NewDynamoDBEventHandler(handler.Mirror(target), with(log, opts)...)}, nil
		})
}

// with puts the container's logger before opts, so that they can set another.
func with(log *slog.Logger, opts []handler.Option) []handler.Option {
	return append([]handler.Option{handler.WithLogger(log)}, opts...)
}

// use is what is known of a Use… option before anything is constructed.
type use struct {
	name   string // the option as the program writes it: "UseMirror[main.Order]"
	needs  string // what it takes from the container, as dig prints the type
	advice string // what to register to have that
	stream bool
	table  string
	err    error // what is wrong with the options
}

// entry is the handler that a Use… option has made; one of stream and other is set.
type entry struct {
	use    use
	stream handler.Stream
	other  *handler.Function
}

func (e entry) validate() error {
	if e.other != nil {
		return e.other.Validate()
	}
	return e.stream.Validate()
}

func newUse[H any](option, advice string) use {
	needs := reflect.TypeFor[H]().String()
	return use{name: option + "[" + short(needs) + "]", needs: needs, advice: advice}
}

// constructor guesses what the user calls the constructor of H.
func constructor[H any]() string {
	t := reflect.TypeFor[H]()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	if name == "" || t.Kind() == reflect.Func {
		return "it with fx.Supply, or its constructor with fx.Provide"
	}
	first, size := utf8.DecodeRuneInString(name)
	prefix := "new"
	if unicode.IsUpper(first) {
		prefix = "New"
	}
	return "its constructor with fx.Provide(" + prefix + string(unicode.ToUpper(first)) + name[size:] + ")"
}

// stream is the option for a handler of a stream. probe has the same item type and options as what build makes, so that
// they are checked, and two handlers for one table found, before a database is opened.
func stream(u use, probe handler.Stream, build any) fx.Option {
	u.stream, u.table, u.err = true, probe.Table(), probe.Validate()
	return option(u, build)
}

// option provides what the start-up checks look at and, apart from it, the handler.
func option(u use, build any) fx.Option {
	return fx.Options(
		fx.Supply(fx.Annotate(u, fx.ResultTags(`group:"dynasink.uses"`))),
		fx.Provide(fx.Annotate(build, fx.ResultTags(`group:"dynasink.entries"`))),
	)
}

// idle stands in for the user's handler in a probe.
func idle[T any]() handler.StreamEventHandler[T] {
	return handler.StreamEventHandlerFunc[T](func(context.Context, *handler.Record[T], *sink.Batch) error {
		return errors.ErrUnsupported
	})
}

var packagePath = regexp.MustCompile(`([\w.~-]+/)+`)

// short leaves out the paths of packages in the name of a generic type.
func short(typeName string) string { return packagePath.ReplaceAllString(typeName, "") }
