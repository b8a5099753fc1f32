// Package secretauth signs in to a database with the user name and password that AWS Secrets Manager keeps and rotates, so
// that a function has no password in its environment and goes on through a rotation.
//
//	secret, err := secretauth.New(secretsmanager.NewFromConfig(cfg), "arn:aws:secretsmanager:…")
//	…
//	config, err := pgx.ParseConfig("postgres://shop.cluster-abc.eu-west-1.rds.amazonaws.com/shop?sslmode=verify-full")
//	…
//	pool := sql.OpenDB(secret.Connector(func(login secretauth.Login) (driver.Connector, error) {
//		c := config.Copy()
//		c.User, c.Password = login.Username, login.Password
//		return stdlib.GetConnector(*c), nil
//	}))
//	db, err := sqlsink.New(sqlsink.Pool(sqlx.NewDb(pool, "pgx")))
//
// With go-sql-driver/mysql it is config.Clone and mysql.NewConnector, with lib/pq a copy of its Config and
// pq.NewConnectorConfig.
//
// # Rotation
//
// The secret is read once, and again when the database refuses what was read: the connection is then tried a second time,
// and nobody notices. That holds for both ways in which Secrets Manager rotates. With a single user the password is changed
// in the database some seconds before the new one becomes the secret's current version; in between the pending version is
// tried. With alternating users the version before the current one goes on working, so there is nothing to notice until the
// rotation after the next. Established connections outlive a rotation.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotation-strategy.html
//
// The function's role needs secretsmanager:GetSecretValue for the secret, and kms:Decrypt if its key is the customer's own.
package secretauth
