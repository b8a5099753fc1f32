package servers

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/lib/pq"              // the driver "postgres", which takes the same DSN
)

// postgres runs PostgreSQL. A test's database is a schema: it takes a fiftieth of the time of CREATE DATABASE.
type postgres struct{}

func (postgres) name() string   { return "postgres" }
func (postgres) driver() string { return "pgx" }

func (postgres) find() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err == nil && len(found) > 0 {
		return newest(found), nil
	}
	if bin, err := exec.LookPath("postgres"); err == nil {
		return filepath.EvalSymlinks(bin)
	}
	return "", missing("postgres", "postgresql")
}

// newest returns the path with the highest version in it, as in /usr/lib/postgresql/17/bin/postgres.
func newest(paths []string) string {
	best, bestVersion := paths[0], -1
	for _, p := range paths {
		version, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p))))
		if version > bestVersion {
			best, bestVersion = p, version
		}
	}
	return best
}

// prepare sorts text as people do, like a managed PostgreSQL: code that needs a binary order has to ask for it.
func (p postgres) prepare(ctx context.Context, bin, dir string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(bin), "initdb"), "--pgdata="+dataFolder(dir),
		"--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
		"--locale-provider=icu", "--icu-locale=en-US", "--no-sync", "--no-instructions")
	return p.run(cmd)
}

func (p postgres) run(cmd *exec.Cmd) error {
	who, err := p.owner()
	if err != nil {
		return err
	}
	return runTool(cmd, who)
}

// command turns fsync off, which only a crash of the machine could notice. What a killed process needs to recover
// (the log written before each commit returns, whole pages in it) stays on: tests kill this server.
func (postgres) command(bin, dir string, port int) *exec.Cmd {
	settings := []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "port=" + strconv.Itoa(port),
		"fsync=off", "max_connections=300", "shared_buffers=64MB", "max_wal_size=256MB",
		"dynamic_shared_memory_type=mmap", // inside the folder: a killed server leaves nothing in /dev/shm
		"timezone=UTC", "log_timezone=UTC", "autovacuum_naptime=10min",
		"deadlock_timeout=50ms", // each deadlock of a test costs this much: by default a second
	}
	args := []string{"-D", dataFolder(dir)}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return exec.Command(bin, args...)
}

// owner is postgres or nobody when the tests run as root: PostgreSQL refuses to.
func (postgres) owner() (*syscall.Credential, error) {
	if !isRoot() {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return credential(u)
		}
	}
	return nil, fmt.Errorf("servers: postgres refuses to run as root and there is no user postgres or nobody")
}

func (p postgres) check(ctx context.Context, addr, dir string) error {
	return checkFolder(ctx, p.driver(), p.dsn(addr), "show data_directory", dir)
}

// endSignal makes PostgreSQL end without a checkpoint but give its shared memory back.
func (postgres) endSignal() syscall.Signal { return syscall.SIGQUIT }

func (postgres) dsn(addr string) string {
	return "postgres://postgres@" + addr + "/postgres?sslmode=disable"
}

func (postgres) parse(dsn string) (string, string, error) {
	u, err := url.Parse(dsn)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return "", "", fmt.Errorf("servers: want a URL like postgres://user:password@host:5432/database") // err would show the password
	}
	return dsn, withPort(u.Host, "5432"), nil
}

func (postgres) creation(name string) string { return "create schema " + name }
func (postgres) removal(name string) string  { return "drop schema if exists " + name + " cascade" }

func (postgres) within(dsn, name string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func (postgres) via(dsn, addr string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	u.Host = addr
	return u.String(), nil
}

// checkFolder connects afresh and compares the folder that the server says it uses with the one it was given.
func checkFolder(ctx context.Context, driver, dsn, query, dir string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	var got string
	if err := db.QueryRowContext(ctx, query).Scan(&got); err != nil {
		return err
	}
	if want := dataFolder(dir); filepath.Clean(got) != want {
		return fmt.Errorf("another server has the port: it uses %s, not %s", got, want)
	}
	return nil
}
