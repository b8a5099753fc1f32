package secretauth_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/dynasink/dynasink/sink/sqlsink/secretauth"
)

func TestSecretsManagerFails(t *testing.T) {
	t.Parallel()
	denied := errors.New("AccessDenied")
	s, d := &store{err: denied}, &database{}
	pool := newPool(t, s, d)
	if err := connect(t, s, pool, current); !errors.Is(err, denied) || !strings.Contains(err.Error(), "shop") {
		t.Errorf("error %v", err)
	}
	s.err = nil
	s.put(current, "app", "one")
	d.change("app", "one")
	must(t, connect(t, s, pool, current))
	d.change("app", "two")
	s.err = denied
	var state interface{ SQLState() string }
	if err := connect(t, s, pool, current); !errors.Is(err, denied) || !errors.As(err, &state) {
		t.Errorf("error %v does not tell both", err)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	s := &stuck{asked: make(chan struct{})}
	secret, err := secretauth.New(s, "shop")
	if err != nil {
		t.Fatal(err)
	}
	first, cancelFirst := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := secret.Login(first)
		done <- err
	}()
	<-s.asked
	second, cancelSecond := context.WithCancel(t.Context())
	cancelSecond()
	if _, err := secret.Login(second); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	cancelFirst()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// stuck answers when the context ends.
type stuck struct{ asked chan struct{} }

func (s *stuck) GetSecretValue(ctx context.Context, _ *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	close(s.asked)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]secretauth.Login{
		`{"username":"u","password":"hunter2"}`: {Username: "u", Password: "hunter2"},
		`{"engine":"mysql","host":"h","username":"u","password":"p","dbname":"d","port":3306,"other":[1]}`: {Username: "u", Password: "p", Engine: "mysql", Host: "h", Port: 3306, Database: "d"},
		`{"username":"u","password":"p","port":"5432"}`:                                                    {Username: "u", Password: "p", Port: 5432},
		`{"username":"u","password":"hunter2","port":"http"}`:                                              {},
		`{"username":"u"}`:                  {},
		`{"password":"hunter2"}`:            {},
		`{"username":"u","password":12345}`: {},
		`hunter2`:                           {},
		``:                                  {},
	} {
		s := &store{stages: map[string]string{current: "1"}, texts: map[string]string{"1": text}}
		secret, err := secretauth.New(s, "shop")
		if err != nil {
			t.Fatal(err)
		}
		login, err := secret.Login(t.Context())
		if want == (secretauth.Login{}) {
			if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "12345") {
				t.Errorf("%s: error %v", text, err)
			}
			continue
		}
		if err != nil || login.Username != want.Username || login.Password != want.Password || login.Engine != want.Engine ||
			login.Host != want.Host || login.Port != want.Port || login.Database != want.Database {
			t.Errorf("%s: another login, error %v", text, err)
		}
	}
}

func TestAPasswordIsNotPrinted(t *testing.T) {
	t.Parallel()
	login := secretauth.Login{Username: "app", Password: "hunter2", Host: "shop"}
	encoded, err := json.Marshal(login)
	must(t, err)
	text := fmt.Sprintf("%v %+v %#v %s %q %v %s", login, login, login, login, login, &login, encoded)
	if strings.Contains(text, "hunter2") || !strings.Contains(text, "app@shop") {
		t.Error(text)
	}
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	if _, err := secretauth.New(nil, "shop"); err == nil {
		t.Error("a nil client was taken")
	}
	if _, err := secretauth.New(&store{}, ""); err == nil {
		t.Error("a secret without a name was taken")
	}
	bad := errors.New("no such host")
	s := &store{}
	s.put(current, "app", "one")
	secret, err := secretauth.New(s, "shop")
	must(t, err)
	pool := sql.OpenDB(secret.Connector(func(secretauth.Login) (driver.Connector, error) { return nil, bad }))
	defer pool.Close()
	if err := pool.PingContext(t.Context()); !errors.Is(err, bad) || pool.Driver() != nil {
		t.Errorf("error %v, driver %v", err, pool.Driver())
	}
	if pool := newPool(t, s, &database{}); pool.Driver() == nil {
		t.Error("the driver is not known")
	}
}
