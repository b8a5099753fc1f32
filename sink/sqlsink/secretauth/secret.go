package secretauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// Client is what a secret needs of *secretsmanager.Client. It must be safe for concurrent use. It may retry on its own, as
// *secretsmanager.Client does.
type Client interface {
	GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, options ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

var _ Client = (*secretsmanager.Client)(nil)

// Login is what a secret holds, in the form that RDS gives it:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
// A secret that RDS manages itself has a user name and a password only. Printed, a Login shows no password.
type Login struct {
	Username string
	Password string
	Engine   string // "postgres", "mysql", "mariadb"; "" if the secret does not say
	Host     string // "" if the secret does not say
	Port     int    // 0 if the secret does not say
	Database string // "" if the secret does not say

	version string
}

// String implements fmt.Stringer.
func (l Login) String() string { return l.Username + "@" + l.Host }

// GoString implements fmt.GoStringer.
func (l Login) GoString() string { return "secretauth.Login{" + l.String() + "}" }

// MarshalText keeps the password out of JSON and structured logs.
func (l Login) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Secret is a secret that holds a [Login]. It is made by [New] and safe for concurrent use.
type Secret struct {
	client Client
	id     string
	free   chan struct{} // holds one token: whoever takes it may look at cached and change it
	cached Login
}

// New returns the secret with this name or ARN. It asks Secrets Manager nothing: a secret that does not exist is found out
// by the first connection. Errors are those of misuse: no client, no name.
func New(client Client, id string) (*Secret, error) {
	if client == nil {
		return nil, errors.New("secretauth: the client is nil")
	}
	if id == "" {
		return nil, errors.New("secretauth: the secret has no name")
	}
	s := &Secret{client: client, id: id, free: make(chan struct{}, 1)}
	s.free <- struct{}{}
	return s, nil
}

// Login returns what was read last, and reads the secret's current version if nothing was.
func (s *Secret) Login(ctx context.Context) (Login, error) {
	return s.locked(ctx, func() (Login, error) {
		if s.cached.version != "" {
			return s.cached, nil
		}
		return s.readCurrent(ctx)
	})
}

// after returns a login to try instead of one that the database has refused, false if there is no other.
func (s *Secret) after(ctx context.Context, refused Login) (Login, bool, error) {
	login, err := s.locked(ctx, func() (Login, error) {
		if s.cached.version != refused.version { // another connection has been here
			return s.cached, nil
		}
		return s.readCurrent(ctx)
	})
	if err != nil || login.version != refused.version {
		return login, err == nil, err
	}
	login, err = s.read(ctx, pending) // not kept: the rotation may still fail
	var absent *types.ResourceNotFoundException
	if errors.As(err, &absent) {
		return refused, false, nil // no rotation is under way
	}
	return login, err == nil && login.version != refused.version, err
}

// locked runs fn alone, so that connections opened together read the secret once.
func (s *Secret) locked(ctx context.Context, fn func() (Login, error)) (Login, error) {
	select {
	case <-s.free:
	case <-ctx.Done():
		return Login{}, fmt.Errorf("secretauth: secret %s: %w", s.id, ctx.Err())
	}
	defer func() { s.free <- struct{}{} }()
	return fn()
}

// readCurrent keeps what it has read.
func (s *Secret) readCurrent(ctx context.Context) (Login, error) {
	login, err := s.read(ctx, current)
	if err == nil {
		s.cached = login
	}
	return login, err
}

// The stages of a secret's versions: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
const (
	current = "AWSCURRENT"
	pending = "AWSPENDING"
)

func (s *Secret) read(ctx context.Context, stage string) (Login, error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.id, VersionStage: &stage})
	if err != nil {
		return Login{}, fmt.Errorf("secretauth: secret %s: %w", s.id, err)
	}
	login, ok := decode(aws.ToString(out.SecretString))
	if !ok { // an error of package json would quote the secret
		return Login{}, fmt.Errorf(`secretauth: secret %s does not hold JSON like {"username": "…", "password": "…"}`, s.id)
	}
	login.version = aws.ToString(out.VersionId)
	return login, nil
}

// decode takes the port as a number or as text: both are in use.
func decode(text string) (Login, bool) {
	var v struct {
		Username, Password, Engine, Host, DBName string
		Port                                     json.Number
	}
	if json.Unmarshal([]byte(text), &v) != nil || v.Username == "" || v.Password == "" {
		return Login{}, false
	}
	port, err := strconv.Atoi(v.Port.String())
	return Login{Username: v.Username, Password: v.Password, Engine: v.Engine, Host: v.Host, Port: port, Database: v.DBName}, err == nil || v.Port == ""
}
