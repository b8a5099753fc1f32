package secretauth

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"

	"github.com/dynasink/dynasink/internal/sqlcode"
)

// Connector returns a connector for sql.OpenDB that opens each connection with the secret's login. Open makes the driver's
// connector from a login; it connects to nothing.
//
// When the database refuses the login, the secret is read again, and if it has another version the connection is tried once
// more with that one. Else the database's error is returned, as any other error is.
func (s *Secret) Connector(open func(Login) (driver.Connector, error)) driver.Connector {
	return &connector{secret: s, open: open}
}

type connector struct {
	secret *Secret
	open   func(Login) (driver.Connector, error)
}

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	login, err := c.secret.Login(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := c.connect(ctx, login)
	if !refused(err) {
		return conn, err
	}
	next, another, failed := c.secret.after(ctx, login)
	switch {
	case failed != nil:
		return nil, fmt.Errorf("%w (after the database refused the login: %w)", failed, err)
	case !another:
		return nil, err
	}
	return c.connect(ctx, next)
}

func (c *connector) connect(ctx context.Context, login Login) (driver.Conn, error) {
	opened, err := c.open(login)
	if err != nil {
		return nil, fmt.Errorf("secretauth: open the driver's connector: %w", err)
	}
	return opened.Connect(ctx)
}

// Driver implements driver.Connector: the driver is that of the connectors, nil if none can be opened.
func (c *connector) Driver() driver.Driver {
	opened, err := c.open(Login{})
	if err != nil {
		return nil
	}
	return opened.Driver()
}

// refused reports whether the database did not accept a user name and password.
// https://www.postgresql.org/docs/current/errcodes-appendix.html: class 28
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html: ER_ACCESS_DENIED_ERROR and its kin
func refused(err error) bool {
	if err == nil {
		return false
	}
	state, number := sqlcode.Of(err)
	return state == "28P01" || number == 0 && state == "28000" || slices.Contains([]int{1045, 1698, 1862}, number)
}
