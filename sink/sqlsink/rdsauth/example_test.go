package rdsauth_test

import (
	"database/sql"
	"database/sql/driver"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/dynasink/dynasink/sink/sqlsink/rdsauth"
)

// A pool of lib/pq, which has no hook before it connects. There open is
//
//	func(token string) (driver.Connector, error) {
//		c := config // of pq.NewConfig, with sslmode=verify-full
//		c.Password = token
//		return pq.NewConnectorConfig(c)
//	}
func ExampleTokens_Connector() {
	newPool := func(cfg aws.Config, open func(token string) (driver.Connector, error)) (*sql.DB, error) {
		tokens, err := rdsauth.New(cfg, "shop.cluster-abc.eu-west-1.rds.amazonaws.com:5432", "orders_writer")
		if err != nil {
			return nil, err
		}
		return sql.OpenDB(tokens.Connector(open)), nil
	}
	_ = newPool
}
