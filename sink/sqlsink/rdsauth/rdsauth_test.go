package rdsauth_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/dynasink/dynasink/sink/sqlsink/rdsauth"
)

func credentials(id string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: "hunter2", SessionToken: "session"}, nil
	})
}

const endpoint = "shop.cluster-abc.eu-west-1.rds.amazonaws.com:5432"

// parse takes a token apart: it is a signed URL without its scheme.
func parse(t *testing.T, token string) *url.URL {
	t.Helper()
	u, err := url.Parse("https://" + token)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestToken(t *testing.T) {
	t.Parallel()
	tokens, err := rdsauth.New(aws.Config{Credentials: credentials("AKID"), Region: "us-east-1"}, endpoint, "orders writer")
	if err != nil {
		t.Fatal(err)
	}
	token, err := tokens.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u := parse(t, token)
	for name, want := range map[string]string{"Action": "connect", "DBUser": "orders writer", "X-Amz-Expires": "900", "X-Amz-Security-Token": "session"} {
		if got := u.Query().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	credential := u.Query().Get("X-Amz-Credential") // AKID/20261121/eu-west-1/rds-db/aws4_request
	if u.Host != endpoint || !strings.HasPrefix(credential, "AKID/") || !strings.HasSuffix(credential, "/eu-west-1/rds-db/aws4_request") {
		t.Errorf("token for %s by %s", u.Host, credential)
	}
	if strings.Contains(token, "hunter2") {
		t.Error("the token holds the secret key")
	}
}

func TestRegions(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"shop.abc.eu-west-1.rds.amazonaws.com":                "eu-west-1",
		"SHOP.abc.EU-WEST-1.rds.amazonaws.com":                "eu-west-1",
		"shop.cluster-ro-abc.us-gov-west-1.rds.amazonaws.com": "us-gov-west-1",
		"shop.proxy-abc.ap-south-2.rds.amazonaws.com":         "ap-south-2",
		"shop.abc.rds.cn-north-1.amazonaws.com.cn":            "cn-north-1",
		"rds.rds.us-west-2.rds.amazonaws.com":                 "us-west-2",
		"127.0.0.1":                                           "of-the-configuration",
		"rds.amazonaws.com":                                   "of-the-configuration",
		"db.example.com":                                      "of-the-configuration",
	} {
		tokens, err := rdsauth.New(aws.Config{Credentials: credentials("AKID"), Region: "of-the-configuration"}, host+":3306", "u")
		if err != nil {
			t.Fatal(err)
		}
		token, err := tokens.Token(t.Context())
		if got := parse(t, token).Query().Get("X-Amz-Credential"); err != nil || !strings.Contains(got, "/"+want+"/rds-db/") {
			t.Errorf("%s: %s, error %v; want %s", host, got, err, want)
		}
	}
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	full := aws.Config{Credentials: credentials("AKID"), Region: "eu-west-1"}
	for name, c := range map[string]struct {
		cfg            aws.Config
		endpoint, user string
		want           string
	}{
		"no port":        {full, "shop.abc.eu-west-1.rds.amazonaws.com", "u", "host and a port"},
		"empty port":     {full, "shop.abc.eu-west-1.rds.amazonaws.com:", "u", "host and a port"},
		"no host":        {full, ":5432", "u", "host and a port"},
		"no user":        {full, endpoint, "", "user"},
		"no region":      {aws.Config{Credentials: full.Credentials}, "db.example.com:5432", "u", "region"},
		"no credentials": {aws.Config{Region: "eu-west-1"}, endpoint, "u", "LoadDefaultConfig"},
	} {
		if tokens, err := rdsauth.New(c.cfg, c.endpoint, c.user); err == nil || tokens != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

var errExpired = errors.New("the role's credentials cannot be had")

func TestCredentialsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	none := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errExpired })
	tokens, err := rdsauth.New(aws.Config{Credentials: none}, endpoint, "orders_writer")
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(tokens.Connector(func(string) (driver.Connector, error) { t.Error("opened"); return nil, nil }))
	defer db.Close()
	if err := db.PingContext(t.Context()); !errors.Is(err, errExpired) || !strings.Contains(err.Error(), "orders_writer") {
		t.Errorf("error %v", err)
	}
}

// TestConnectorsTokens are new for each connection, from the credentials of that moment.
func TestConnectorsTokens(t *testing.T) {
	t.Parallel()
	id := "FIRST"
	changing := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) { return credentials(id).Retrieve(ctx) })
	tokens, err := rdsauth.New(aws.Config{Credentials: changing}, endpoint, "u")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	db := sql.OpenDB(tokens.Connector(func(token string) (driver.Connector, error) {
		if token != "" {
			got = append(got, token)
		}
		return opened{}, nil
	}))
	defer db.Close()
	for _, id = range []string{"FIRST", "SECOND"} {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() // when there are two
	}
	if len(got) != 2 || !strings.Contains(got[0], "FIRST") || !strings.Contains(got[1], "SECOND") {
		t.Errorf("tokens %v", got)
	}
	if db.Driver() != (opened{}) {
		t.Errorf("the driver is %v", db.Driver())
	}
}

func TestConnectorThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	tokens, err := rdsauth.New(aws.Config{Credentials: credentials("AKID")}, endpoint, "u")
	if err != nil {
		t.Fatal(err)
	}
	bad := errors.New("no such host")
	db := sql.OpenDB(tokens.Connector(func(string) (driver.Connector, error) { return nil, bad }))
	defer db.Close()
	if err := db.PingContext(t.Context()); !errors.Is(err, bad) || db.Driver() != nil {
		t.Errorf("error %v, driver %v", err, db.Driver())
	}
}

func BenchmarkToken(b *testing.B) {
	tokens, err := rdsauth.New(aws.Config{Credentials: credentials("AKID")}, endpoint, "u")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := tokens.Token(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// opened is a connector, a driver and a connection of no database.
type opened struct{ driver.Conn }

func (opened) Connect(context.Context) (driver.Conn, error) { return opened{}, nil }
func (opened) Driver() driver.Driver                        { return opened{} }
func (opened) Open(string) (driver.Conn, error)             { return opened{}, nil }
func (opened) Close() error                                 { return nil }
