package di

import (
	"reflect"

	"github.com/caarlos0/env/v11"
	"go.uber.org/fx"
)

// Configure provides C, a struct, read from environment variables by github.com/caarlos0/env:
//
//	type Config struct {
//		DatabaseURL string        `env:"DATABASE_URL,required"`
//		Timeout     time.Duration `env:"TIMEOUT" envDefault:"5s"`
//	}
//
//	di.Run(
//		di.Configure[Config](),
//		fx.Provide(openDB), // func openDB(Config) (*sqlx.DB, error)
//		…
//	)
//
// The variables are read when the program starts, whether or not a constructor asks for C. One start-up error names all
// that are missing or malformed, of all Configure options together, and never shows a variable's value.
func Configure[C any](opts ...ConfigOption) fx.Option {
	return fx.Provide(
		func(p *parsed[C]) (C, error) { return p.config, p.err },
		func(p process) *parsed[C] { return parse[C](p.env, opts) },
		fx.Annotate(func(p *parsed[C]) configError { return configError{p.err} }, fx.ResultTags(`group:"dynasink.config"`)),
	)
}

// ConfigOption changes how [Configure] reads the environment.
type ConfigOption interface{ apply(*env.Options) }

type configOption func(*env.Options)

func (o configOption) apply(to *env.Options) { o(to) }

// EnvPrefix puts prefix before the name of every variable: with EnvPrefix("ORDERS_") the field `env:"TABLE"` is read from
// ORDERS_TABLE. The default is no prefix.
func EnvPrefix(prefix string) ConfigOption {
	return configOption(func(o *env.Options) { o.Prefix = prefix })
}

// parsed is a C that may have failed; being a type of its own, it lets all of them fail together.
type parsed[C any] struct {
	config C
	err    error
}

type configError struct{ err error }

func parse[C any](environment map[string]string, opts []ConfigOption) *parsed[C] {
	o := env.Options{Environment: environment}
	for _, opt := range opts {
		opt.apply(&o)
	}
	p := &parsed[C]{}
	if err := env.ParseWithOptions(&p.config, o); err != nil {
		var none C
		p.config, p.err = none, redacted[C](err, o)
	}
	return p
}

func checkConfig(results []configError) (configured, error) {
	var errs []error
	for _, r := range results {
		errs = append(errs, r.err)
	}
	return configured{}, together(errs)
}

func configName[C any]() string { return short(reflect.TypeFor[C]().String()) }
