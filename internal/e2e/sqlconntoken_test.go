package e2e

import (
	"context"
	"crypto/rand"
	"database/sql"
	sqldriver "database/sql/driver"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/dynasink/dynasink/sink/sqlsink/rdsauth"
)

var anybody = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, nil
})

// TestTokensAreShown: each connection shows a token of its own, by the hook of the driver or by rdsauth's connector. The
// server takes it for a password, which is made to be the token just before.
func TestTokensAreShown(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, engine, driver string) {
		if engine == "mysql" {
			t.Skip("its passwords have up to 256 bytes")
		}
		a := newAccounts(t, engine)
		user := "app_" + strings.ToLower(rand.Text()[:8])
		tokens, err := rdsauth.New(aws.Config{Credentials: anybody}, "shop.cluster-abc.eu-west-1.rds.amazonaws.com:5432", user)
		if err != nil {
			t.Fatal(err)
		}
		shown := 0
		expect := func(token string) {
			shown++
			a.set(t, user, token)
		}
		expect("none yet")
		db := sql.OpenDB(signedIn(t, a, driver, user, tokens, expect))
		defer db.Close()
		for range 2 {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() // when there are two
		}
		if shown != 3 {
			t.Errorf("%d tokens", shown-1)
		}
	})
}

// signedIn returns a connector that shows tokens, as a program would make it but for expect.
func signedIn(t *testing.T, a *accounts, driver, user string, tokens *rdsauth.Tokens, expect func(token string)) sqldriver.Connector {
	t.Helper()
	switch driver {
	case "pgx":
		config, err := pgx.ParseConfig(a.DSN)
		if err != nil {
			t.Fatal(err)
		}
		config.User = user
		return stdlib.GetConnector(*config, stdlib.OptionBeforeConnect(func(ctx context.Context, c *pgx.ConnConfig) (err error) {
			c.Password, err = tokens.Token(ctx)
			expect(c.Password)
			return err
		}))
	case "mysql":
		config, err := mysql.ParseDSN(a.DSN)
		if err != nil {
			t.Fatal(err)
		}
		config.User = user
		err = config.Apply(mysql.BeforeConnect(func(ctx context.Context, c *mysql.Config) (err error) {
			c.Passwd, err = tokens.Token(ctx)
			expect(c.Passwd)
			return err
		}))
		if err != nil {
			t.Fatal(err)
		}
		connector, err := mysql.NewConnector(config)
		if err != nil {
			t.Fatal(err)
		}
		return connector
	}
	return tokens.Connector(func(token string) (sqldriver.Connector, error) {
		expect(token)
		return a.open(driver, user, token)
	})
}
