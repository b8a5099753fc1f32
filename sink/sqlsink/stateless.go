package sqlsink

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// NoSessionState makes batches do nothing that has RDS Proxy pin the session to a database connection, which would take
// that connection from other functions: no named prepared statements, and no SET, so no server-side time-outs
// ([NoTimeouts]); give the database user those (ALTER ROLE … SET statement_timeout). Poolers that give each transaction
// another server connection, as PgBouncer in transaction mode, want it too.
//
// Functions and the parameters of the data source name are the caller's:
//
//   - pgx: default_query_exec_mode=exec, which does without named statements.
//   - go-sql-driver: interpolateParams=true, which does without prepared ones, and
//     transaction_isolation=%27READ-COMMITTED%27 (on MariaDB before 11.1 tx_isolation), because the isolation level of a
//     single transaction would pin and that of the session does not. Without it batches fail with an error that says so.
//     Other system variables there may pin.
//
// What pins, of what a program might do: statements longer than 16 KB, so a large batch on MySQL; temporary tables; most
// SET of session variables, and set_config; PREPARE and its kin; on PostgreSQL also LISTEN, cursors, nextval and setval, and
// advisory locks of the session (the library takes those of the transaction); on MySQL prepared statements of either
// protocol, user variables, LOCK TABLES, GET_LOCK and executable comments.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
func NoSessionState() Option {
	return option(func(s *store) { s.stateless = true })
}

// isolation is the dialect's, unless asking for it would pin: then isolated has found that the session has it.
func (s *store) isolation() *sql.TxOptions {
	if s.stateless && s.dialect == MySQL {
		return nil
	}
	return s.dialect.isolation()
}

// isolated makes sure, once, that sessions have the isolation level that a transaction does not ask for.
func (s *store) isolated(ctx context.Context, q sqlx.QueryerContext) error {
	if !s.stateless || s.dialect != MySQL || s.levelKnown.Load() {
		return nil
	}
	var name, level string
	err := q.QueryRowxContext(ctx, "SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')").Scan(&name, &level)
	if err != nil {
		return fmt.Errorf("read the isolation level: %w", err)
	}
	if level != "READ-COMMITTED" {
		return fmt.Errorf("with NoSessionState the sessions must have the isolation level READ-COMMITTED and have %s; "+
			"add %s=%%27READ-COMMITTED%%27 to the parameters of the data source name", level, name)
	}
	s.levelKnown.Store(true)
	return nil
}
