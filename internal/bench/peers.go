package main

import (
	"context"
	"encoding/json"
	"io"
	"log"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/jmoiron/sqlx"
	mysqldriver "gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"

	"github.com/dynasink/dynasink/handler"
)

// decodeChanges is the usual way from a payload to rows.
func decodeChanges(payload []byte) ([]change, error) {
	var event events.DynamoDBEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	changes := make([]change, len(event.Records))
	for i, r := range event.Records {
		image := r.Change.NewImage
		if r.EventName == string(handler.Remove) {
			image = r.Change.Keys
		}
		changes[i].event = handler.EventName(r.EventName)
		if err := attributevalue.UnmarshalMap(convertMap(image), &changes[i].row); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

const (
	insertRow = `INSERT INTO orders (pk, sk, name, email, status, qty, total, paid, version, placed_at)
	VALUES (:pk, :sk, :name, :email, :status, :qty, :total, :paid, :version, :placed_at) `
	onConflict = insertRow + `ON CONFLICT (pk, sk) DO UPDATE SET name = excluded.name, email = excluded.email, status = excluded.status,
	qty = excluded.qty, total = excluded.total, paid = excluded.paid, version = excluded.version, placed_at = excluded.placed_at`
	onDuplicateKey = insertRow + `ON DUPLICATE KEY UPDATE name = VALUES(name), email = VALUES(email), status = VALUES(status),
	qty = VALUES(qty), total = VALUES(total), paid = VALUES(paid), version = VALUES(version), placed_at = VALUES(placed_at)`
	deleteRow = "DELETE FROM orders WHERE pk = :pk AND sk = :sk"
)

// rowByRow is the usual way to write: sqlx, one statement for each record, one transaction.
func rowByRow(ctx context.Context, pool *sqlx.DB, changes []change) error {
	upsertRow := onConflict
	if pool.DriverName() == "mysql" {
		upsertRow = onDuplicateKey
	}
	tx, err := pool.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i := range changes {
		statement := upsertRow
		if changes[i].event == handler.Remove {
			statement = deleteRow
		}
		if _, err := tx.NamedExecContext(ctx, statement, &changes[i].row); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// openGorm has gorm use a pool.
func openGorm(pool *sqlx.DB) (*gorm.DB, error) {
	var dialector gorm.Dialector
	switch pool.DriverName() {
	case "pgx":
		dialector = postgres.New(postgres.Config{Conn: pool.DB})
	case "mysql":
		dialector = mysqldriver.New(mysqldriver.Config{Conn: pool.DB})
	default:
		dialector = &sqlite.Dialector{DriverName: pool.DriverName(), Conn: pool.DB}
	}
	return gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true, Logger: logger.New(log.New(io.Discard, "", 0), logger.Config{}),
	})
}

// inBatches is how a good user of gorm writes: the last change of each row, upserts and deletions in statements of a
// thousand rows, one transaction.
func inBatches(ctx context.Context, db *gorm.DB, changes []change) error {
	const most = 1000
	upserts, keys := compacted(changes)
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for len(keys) > 0 {
			n := min(most, len(keys))
			if err := tx.Where("(pk, sk) IN ?", keys[:n]).Delete(&flat{}).Error; err != nil {
				return err
			}
			keys = keys[n:]
		}
		return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "pk"}, {Name: "sk"}}, UpdateAll: true}).
			CreateInBatches(upserts, most).Error
	})
}

// compacted returns the rows whose last change writes them, and the keys of those whose last change removes them.
func compacted(changes []change) (upserts []flat, keys [][]any) {
	last := make(map[[2]string]int, len(changes))
	for i := range changes {
		last[[2]string{changes[i].row.PK, changes[i].row.SK}] = i
	}
	for i := range changes {
		c := &changes[i]
		switch {
		case last[[2]string{c.row.PK, c.row.SK}] != i:
		case c.event == handler.Remove:
			keys = append(keys, []any{c.row.PK, c.row.SK})
		default:
			upserts = append(upserts, c.row)
		}
	}
	return upserts, keys
}
