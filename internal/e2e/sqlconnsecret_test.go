package e2e

import (
	"context"
	"crypto/rand"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/jmoiron/sqlx"

	"github.com/dynasink/dynasink/internal/e2e/servers"
	"github.com/dynasink/dynasink/sink"
	"github.com/dynasink/dynasink/sink/sqlsink"
	"github.com/dynasink/dynasink/sink/sqlsink/secretauth"
)

// managed is a secret of Secrets Manager, and counts how often it is read.
type managed struct {
	*secretsmanager.Client
	id      *string
	current *string // the version
	reads   atomic.Int32
}

func newManaged(t *testing.T) *managed {
	t.Helper()
	m := &managed{id: aws.String("dynasink-" + rand.Text()), Client: secretsmanager.New(secretsmanager.Options{
		BaseEndpoint: aws.String(servers.SecretsManager(t)), Region: "eu-west-1", Credentials: anybody,
	})}
	if _, err := m.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: m.id}); err != nil {
		t.Fatal(err)
	}
	return m
}

// GetSecretValue implements secretauth.Client.
func (m *managed) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, options ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	m.reads.Add(1)
	return m.Client.GetSecretValue(ctx, in, options...)
}

// begin makes a new version of the secret, which a rotation then sets in the database.
func (m *managed) begin(t *testing.T, user, password string) (version *string) {
	t.Helper()
	stage := "AWSPENDING"
	if m.current == nil {
		stage = "AWSCURRENT"
	}
	out, err := m.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: m.id, VersionStages: []string{stage}, SecretString: aws.String(fmt.Sprintf(`{"username": %q, "password": %q}`, user, password)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if m.current == nil {
		m.current = out.VersionId
	}
	return out.VersionId
}

// finish makes that version the current one, which ends a rotation.
func (m *managed) finish(t *testing.T, version *string) {
	t.Helper()
	_, err := m.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: m.id, VersionStage: aws.String("AWSCURRENT"), RemoveFromVersionId: m.current, MoveToVersionId: version,
	})
	if err != nil {
		t.Fatal(err)
	}
	m.current = version
}

// writer is a function that signs in with a secret.
type writer struct {
	*accounts
	*managed
	driver string
	user   string
	pool   *sqlx.DB
	db     *sqlsink.DB
}

func newWriter(t *testing.T, engine, driver string) *writer {
	t.Helper()
	w := &writer{accounts: newAccounts(t, engine), managed: newManaged(t), driver: driver, user: "app_" + strings.ToLower(rand.Text()[:8])}
	secret, err := secretauth.New(w.managed, *w.id)
	if err != nil {
		t.Fatal(err)
	}
	w.pool = sqlsink.Pool(sqlx.NewDb(sql.OpenDB(secret.Connector(func(l secretauth.Login) (sqldriver.Connector, error) {
		return w.open(driver, l.Username, l.Password)
	})), driver))
	t.Cleanup(func() { w.pool.Close() })
	if w.db, err = sqlsink.New(w.pool); err != nil {
		t.Fatal(err)
	}
	return w
}

// batch runs one, which must be as that user and read the secret as often as reads says.
func (w *writer) batch(t *testing.T, moment, user string, reads int32) {
	t.Helper()
	before := w.reads.Load()
	err := staging(t, func(b *sink.Batch) {
		w.db.AtLeastOnce(b, func(ctx context.Context, tx *sqlx.Tx) error {
			var who string
			err := tx.GetContext(ctx, &who, "SELECT CURRENT_USER")
			if err == nil && !strings.HasPrefix(who, user) {
				t.Errorf("%s: connected as %s", moment, who)
			}
			return err
		})
	})
	if got := w.reads.Load() - before; err != nil || got != reads {
		t.Errorf("%s: the secret was read %d times, want %d; error %v", moment, got, reads, err)
	}
}

// TestPasswordsRotate while a function goes on writing.
func TestPasswordsRotate(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, engine, driver string) {
		w := newWriter(t, engine, driver)
		w.set(t, w.user, "one")
		w.begin(t, w.user, "one")
		w.batch(t, "at first", w.user, 1)

		second := w.begin(t, w.user, "two")
		w.set(t, w.user, "two")
		w.batch(t, "over a connection that was there", w.user, 0)
		w.pool.SetMaxIdleConns(0) // from here on each batch has a new connection
		w.batch(t, "in the middle of the rotation", w.user, 2)
		w.finish(t, second)
		w.batch(t, "after the rotation", w.user, 1)
		w.batch(t, "later", w.user, 0)

		w.set(t, w.user, "by hand")
		err := staging(t, func(b *sink.Batch) { w.db.AtLeastOnce(b, run()) })
		if !sink.IsTransient(err) || strings.Contains(err.Error(), "two") {
			t.Errorf("a password that is wrong: %v", err)
		}
	})
}

// TestUsersAlternate: the version before the current one goes on working until the rotation after the next.
func TestUsersAlternate(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, engine, driver string) {
		w := newWriter(t, engine, driver)
		w.pool.SetMaxIdleConns(0)
		rotate := func(user, password string) {
			version := w.begin(t, user, password)
			w.set(t, user, password)
			if version != w.current {
				w.finish(t, version)
			}
		}
		rotate(w.user, "one")
		w.batch(t, "at first", w.user, 1)
		rotate(w.user+"_clone", "two")
		w.batch(t, "the other user has its turn", w.user, 0)
		rotate(w.user, "three")
		w.batch(t, "and the first again", w.user, 1)
	})
}
