// Package rdsauth signs in to databases of Amazon RDS, Aurora and RDS Proxy with IAM, so that a function needs no password:
// each new connection presents a token that the function's role has signed.
//
//	tokens, err := rdsauth.New(cfg, "shop.cluster-abc.eu-west-1.rds.amazonaws.com:5432", "orders_writer")
//	…
//	config, err := pgx.ParseConfig("postgres://orders_writer@shop.cluster-abc.eu-west-1.rds.amazonaws.com/shop?sslmode=verify-full")
//	…
//	pool := stdlib.OpenDB(*config, stdlib.OptionBeforeConnect(func(ctx context.Context, c *pgx.ConnConfig) (err error) {
//		c.Password, err = tokens.Token(ctx)
//		return err
//	}))
//	db, err := sqlsink.New(sqlsink.Pool(sqlx.NewDb(pool, "pgx")))
//
// go-sql-driver/mysql has the same hook, mysql.BeforeConnect, and has to be told to send the token as it is
// (AllowCleartextPasswords). A driver without a hook, as lib/pq, is opened anew for each connection: see
// [Tokens.Connector].
//
// What it takes besides: IAM authentication enabled on the database, a user in it that may use it (GRANT rds_iam TO … on
// PostgreSQL, IDENTIFIED WITH AWSAuthenticationPlugin on MySQL), the permission rds-db:connect for the role, and TLS, which
// the database insists on. Verify the server's certificate (sslmode=verify-full, a tls.Config with its name): a token shown
// to an impostor lets it in for a quarter of an hour.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
package rdsauth

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
)

// Tokens makes the tokens of one database user. It is made by [New] and safe for concurrent use.
type Tokens struct {
	credentials            aws.CredentialsProvider
	endpoint, region, user string
}

// New returns the source of tokens for a user of the database at endpoint, a host and port.
//
// The host must be the one that RDS gave the instance, cluster or proxy, and not an alias of one's own: the token is signed
// for it. The region is the one in it; for a host that names none it is cfg's. Of cfg it takes Credentials too, which
// config.LoadDefaultConfig fills in and keeps fresh.
//
// It asks nothing of AWS. Errors are those of misuse: no credentials, no port, no user, no region.
func New(cfg aws.Config, endpoint, user string) (*Tokens, error) {
	host, port, err := net.SplitHostPort(endpoint)
	region := regionOf(host)
	if region == "" {
		region = cfg.Region
	}
	switch {
	case err != nil || host == "" || port == "":
		return nil, fmt.Errorf("rdsauth: the endpoint %q is not a host and a port, like shop.abc.eu-west-1.rds.amazonaws.com:5432", endpoint)
	case user == "":
		return nil, errors.New("rdsauth: the database user has no name")
	case region == "":
		return nil, fmt.Errorf("rdsauth: neither the endpoint %s nor the configuration says in which region the database is", endpoint)
	case cfg.Credentials == nil:
		return nil, errors.New("rdsauth: the configuration has no credentials; use one from config.LoadDefaultConfig")
	}
	return &Tokens{credentials: cfg.Credentials, endpoint: endpoint, region: region, user: user}, nil
}

// regionOf finds the region in NAME.ID.REGION.rds.amazonaws.com, and in China NAME.ID.rds.REGION.amazonaws.com.cn.
func regionOf(host string) string {
	labels := strings.Split(strings.ToLower(host), ".")
	at := slices.Index(labels, "amazonaws")
	switch {
	case at >= 2 && labels[at-1] == "rds":
		return labels[at-2]
	case at >= 2 && labels[at-2] == "rds":
		return labels[at-1]
	}
	return ""
}

// Token returns a token for one new connection, to be used as the password at once: it is valid for 15 minutes, and no longer
// than the credentials that signed it. An established connection outlives its token.
//
// Each call signs anew, which takes some 20 µs and no request unless the credentials have to be fetched. A token that was
// kept could outlive the credentials of a role, which no one can see by looking at it.
func (t *Tokens) Token(ctx context.Context) (string, error) {
	token, err := auth.BuildAuthToken(ctx, t.endpoint, t.region, t.user, t.credentials)
	if err != nil {
		return "", fmt.Errorf("rdsauth: token of the database user %s: %w", t.user, err)
	}
	return token, nil
}

// Connector returns a connector for sql.OpenDB that opens each connection with a token of its own. Open makes the driver's
// connector from a token, which it uses as the password; it connects to nothing.
func (t *Tokens) Connector(open func(token string) (driver.Connector, error)) driver.Connector {
	return &connector{tokens: t, open: open}
}

type connector struct {
	tokens *Tokens
	open   func(token string) (driver.Connector, error)
}

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return nil, err
	}
	opened, err := c.open(token)
	if err != nil {
		return nil, fmt.Errorf("rdsauth: open the driver's connector: %w", err)
	}
	return opened.Connect(ctx)
}

// Driver implements driver.Connector: the driver is that of the connectors, nil if none can be opened.
func (c *connector) Driver() driver.Driver {
	opened, err := c.open("")
	if err != nil {
		return nil
	}
	return opened.Driver()
}
