package di_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/dynasink/dynasink/di"
	"github.com/dynasink/dynasink/sink/sinktest"
)

func newLogger() *slog.Logger { return slog.New(slog.DiscardHandler) }

type Config struct {
	URL     string        `env:"DATABASE_URL,required"`
	Token   string        `env:"TOKEN,notEmpty" envDefault:"none"`
	Pool    int           `env:"POOL" envDefault:"1"`
	Timeout time.Duration `env:"TIMEOUT"`
	Shards  []Shard       `envPrefix:"SHARD_"`
	Limits  struct {
		Pool int `env:"POOL"`
	} `envPrefix:"LIMITS_"`
	Weights map[string]int `env:"WEIGHTS"`
}

type Shard struct {
	Port uint16 `env:"PORT"`
}

type secretConfig struct {
	Key string `env:"KEY,file"`
}

// configure runs a program with an environment and returns what it was configured with.
func configure[C any](t *testing.T, environment string, opts ...di.ConfigOption) (c C, p *di.Program) {
	t.Helper()
	p = di.NewProgram()
	for _, variable := range strings.Fields(environment) {
		key, value, _ := strings.Cut(variable, "=")
		p.Env(key, value)
	}
	status := p.Run(di.Configure[C](opts...), di.SampleEvent([]byte(`[]`)), di.UseMirror[Order](),
		target(sinktest.NewRecorder[Order]()), fx.Populate(&c))
	if (status == 0) != (p.Stderr() == "") {
		t.Errorf("status %d and %q on standard error", status, p.Stderr())
	}
	return c, p
}

func TestConfigure(t *testing.T) {
	t.Parallel()
	c, p := configure[Config](t, "APP_DATABASE_URL=postgres:// APP_TIMEOUT=5s APP_SHARD_0_PORT=1 APP_SHARD_1_PORT=2 POOL=9",
		di.EnvPrefix("APP_"))
	if p.Stderr() != "" {
		t.Fatal(p.Stderr())
	}
	if c.URL != "postgres://" || c.Token != "none" || c.Pool != 1 || c.Timeout != 5*time.Second || len(c.Shards) != 2 {
		t.Errorf("got %+v", c)
	}
}

func TestConfigureNamesEveryProblemAndNoValue(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"": "DATABASE_URL is not set",
		"TOKEN=x POOL=secret1 TIMEOUT=secret2 SHARD_0_PORT=1 SHARD_1_PORT=77777777 LIMITS_POOL=secret4 WEIGHTS=secret5": "DATABASE_URL is not set; " +
			"POOL is not a valid int; TIMEOUT is not a valid time.Duration; SHARD_1_PORT is out of the range of uint16; " +
			"LIMITS_POOL is not a valid int; WEIGHTS is not a valid map[string]int",
		"DATABASE_URL=x LIMITS_POOL=secret": "LIMITS_POOL is not a valid int",
	}
	for environment, want := range tests {
		_, p := configure[Config](t, environment)
		want = "bootstrap: cannot start: di: configuration di_test.Config: " + want + "\n"
		if p.Stderr() != want {
			t.Errorf("%s\ngot  %swant %s", environment, p.Stderr(), want)
		}
	}
}

func TestConfigureHidesFileNames(t *testing.T) {
	t.Parallel()
	_, p := configure[secretConfig](t, "KEY=/no/such/secret")
	want := "bootstrap: cannot start: di: configuration di_test.secretConfig: the file that KEY names cannot be read: no such file or directory\n"
	if p.Stderr() != want {
		t.Errorf("got  %swant %s", p.Stderr(), want)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("s3"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, p := configure[secretConfig](t, "KEY="+file); c.Key != "s3" {
		t.Errorf("got %+v, %s", c, p.Stderr())
	}
}

func TestConfigureReportsBadTypes(t *testing.T) {
	t.Parallel()
	type badDefault struct {
		Port int `env:"PORT" envDefault:"http"`
	}
	type badTag struct {
		Port int `env:"PORT,needed"`
	}
	type badType struct {
		Port chan int `env:"PORT"`
	}
	_, d := configure[badDefault](t, "")
	_, g := configure[badTag](t, "")
	_, c := configure[badType](t, "PORT=1")
	_, i := configure[int](t, "")
	for _, test := range []struct{ got, want string }{
		{d.Stderr(), "badDefault: the default of field Port is not a valid int\n"},
		{g.Stderr(), "badTag: an env tag has the unknown option \"needed\"\n"},
		{c.Stderr(), "badType: field Port has type chan int, which cannot be read from a variable\n"},
		{i.Stderr(), "configuration int: the type is not a struct\n"},
	} {
		if !strings.HasSuffix(test.got, test.want) {
			t.Errorf("got %s, want …%s", test.got, test.want)
		}
	}
}

func TestConfigureReportsAllConfigurationsAtOnce(t *testing.T) {
	t.Parallel()
	p := di.NewProgram()
	p.Run(di.Configure[Config](), di.Configure[badPort](), di.UseMirror[Order](), fx.Provide(newOrders, openDB))
	for _, want := range []string{"configuration di_test.Config: DATABASE_URL is not set", "configuration di_test.badPort: PORT is not set"} {
		if !strings.Contains(p.Stderr(), want) {
			t.Errorf("%q is missing in %s", want, p.Stderr())
		}
	}
	if strings.Contains(p.Stderr(), "\n;") || strings.Count(p.Stderr(), "\n") != 1 {
		t.Errorf("not one line: %q", p.Stderr())
	}
}

type badPort struct {
	Port int `env:"PORT,required"`
}
