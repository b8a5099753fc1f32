package secretauth_test

import (
	"database/sql"
	"database/sql/driver"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/dynasink/dynasink/sink/sqlsink/secretauth"
)

// A pool of go-sql-driver/mysql. There open is
//
//	func(login secretauth.Login) (driver.Connector, error) {
//		c := config.Clone() // of mysql.NewConfig, with the address, the database and TLS
//		c.User, c.Passwd = login.Username, login.Password
//		return mysql.NewConnector(c)
//	}
func ExampleSecret_Connector() {
	newPool := func(cfg aws.Config, open func(secretauth.Login) (driver.Connector, error)) (*sql.DB, error) {
		secret, err := secretauth.New(secretsmanager.NewFromConfig(cfg), "prod/shop/orders_writer")
		if err != nil {
			return nil, err
		}
		return sql.OpenDB(secret.Connector(open)), nil
	}
	_ = newPool
}
