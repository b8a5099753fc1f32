package servers

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
)

// account is whom tests connect as: root may only come from "localhost", which is a name and not an address.
const account = "dynasink"

// Tests cut connections by the thousand; the driver would print a line for each beside returning the error.
func init() { _ = mysql.SetLogger(log.New(io.Discard, "", 0)) }

// mysqld is what MariaDB and MySQL have in common.
type mysqld struct{}

func (mysqld) driver() string                      { return "mysql" }
func (mysqld) owner() (*syscall.Credential, error) { return nil, nil }
func (mysqld) endSignal() syscall.Signal           { return syscall.SIGKILL }

// arguments are for both servers. Nothing waits for the disk, which only a crash of the machine could notice. What a
// killed process needs to recover (the log written before each commit returns, whole pages) stays on: tests kill it.
// The socket's path is relative to the data folder: a path to a socket has to be short.
func (mysqld) arguments(dir string, port int) []string {
	args := []string{
		"--datadir=" + dataFolder(dir), "--tmpdir=" + dir, "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port),
		"--socket=mysql.sock", "--pid-file=mysql.pid", "--init-file=" + accountFile(dir),
		"--skip-log-bin", "--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=2",
		"--innodb-buffer-pool-size=64M", "--performance-schema=OFF", "--max-connections=300",
		"--character-set-server=utf8mb4", // MariaDB's own default is latin1
	}
	return append(args, asRoot()...)
}

// asRoot lets the server keep the rights of a root who runs the tests: it serves this machine's loopback only.
func asRoot() []string {
	if isRoot() {
		return []string{"--user=root"}
	}
	return nil
}

func accountFile(dir string) string { return filepath.Join(dir, "account.sql") }

// writeAccount writes the statements that the server runs at each start, before it listens.
func writeAccount(dir string) error {
	sql := fmt.Sprintf("CREATE USER IF NOT EXISTS %[1]s@'%%';\nGRANT ALL ON *.* TO %[1]s@'%%' WITH GRANT OPTION;\n", account)
	return os.WriteFile(accountFile(dir), []byte(sql), 0o644)
}

func (s mysqld) check(ctx context.Context, addr, dir string) error {
	return checkFolder(ctx, s.driver(), s.dsn(addr), "select @@datadir", dir)
}

func (mysqld) dsn(addr string) string {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr, config.ParseTime, config.MultiStatements = account, "tcp", addr, true, true
	return config.FormatDSN()
}

// parse takes both forms in use: the driver's own, and mysql://user:password@host:port/database.
func (mysqld) parse(dsn string) (string, string, error) {
	bad := fmt.Errorf("servers: want user:password@tcp(host:3306)/database or mysql://user:password@host:3306/database")
	config, err := mysql.ParseDSN(dsn)
	if strings.Contains(dsn, "://") {
		config, err = fromURL(dsn)
	}
	if err != nil || config.Net != "tcp" {
		return "", "", bad // the driver's error could show the password
	}
	config.ParseTime, config.MultiStatements = true, true
	return config.FormatDSN(), config.Addr, nil
}

func fromURL(dsn string) (*mysql.Config, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, err
	}
	config := mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.Addr = "tcp", withPort(u.Host, "3306")
	config.DBName = strings.TrimPrefix(u.Path, "/")
	return config, nil
}

func (mysqld) creation(name string) string { return "create database " + name }
func (mysqld) removal(name string) string  { return "drop database if exists " + name }

func (mysqld) within(dsn, name string) (string, error) {
	return changed(dsn, func(c *mysql.Config) { c.DBName = name })
}

func (mysqld) via(dsn, addr string) (string, error) {
	return changed(dsn, func(c *mysql.Config) { c.Addr = addr })
}

func changed(dsn string, change func(*mysql.Config)) (string, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "", err
	}
	change(config)
	return config.FormatDSN(), nil
}

type mariadb struct{ mysqld }

func (mariadb) name() string { return "mariadb" }

func (mariadb) find() (string, error) {
	return lookPath(missing("mariadb", "mariadb-server-core and mariadb-client-core"), "mariadbd")
}

func (mariadb) prepare(ctx context.Context, _, dir string) error {
	tool, err := lookPath(missing("mariadb", "mariadb-server-core"), "mariadb-install-db")
	if err != nil {
		return err
	}
	args := append([]string{"--no-defaults", "--datadir=" + dataFolder(dir), "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve"}, asRoot()...)
	if err := runTool(exec.CommandContext(ctx, tool, args...), nil); err != nil {
		return err
	}
	return writeAccount(dir)
}

func (m mariadb) command(bin, dir string, port int) *exec.Cmd {
	return exec.Command(bin, append([]string{"--no-defaults"}, m.arguments(dir, port)...)...)
}

// mysqlServer is Oracle's MySQL, from the parts folder or installed.
type mysqlServer struct{ mysqld }

func (mysqlServer) name() string { return "mysql" }

func (mysqlServer) find() (string, error) {
	if unpacked := filepath.Join(partsFolder(), "mysql", "usr", "sbin", "mysqld"); exists(unpacked) {
		return unpacked, nil
	}
	absent := missing("mysql", "mysql-server-core")
	bin, err := lookPath(absent, "mysqld")
	if err != nil {
		return "", err
	}
	version, err := exec.Command(bin, "--version").Output()
	if err != nil || strings.Contains(strings.ToLower(string(version)), "mariadb") {
		return "", absent // MariaDB's package installs itself under this name too
	}
	return bin, nil
}

func (m mysqlServer) prepare(ctx context.Context, bin, dir string) error {
	args := append([]string{"--initialize-insecure", "--datadir=" + dataFolder(dir), "--skip-log-bin",
		"--innodb-flush-method=nosync"}, asRoot()...)
	path, args := m.invocation(bin, args)
	if err := runTool(exec.CommandContext(ctx, path, args...), nil); err != nil {
		return err
	}
	return writeAccount(dir)
}

func (m mysqlServer) command(bin, dir string, port int) *exec.Cmd {
	path, args := m.invocation(bin, append(m.arguments(dir, port), "--mysqlx=OFF"))
	return exec.Command(path, args...)
}

// invocation runs an unpacked server through its own dynamic loader: it was built against newer libraries than the
// machine's.
func (mysqlServer) invocation(bin string, args []string) (string, []string) {
	args = append([]string{"--no-defaults", "--secure-file-priv=NULL"}, args...)
	usr := filepath.Dir(filepath.Dir(bin))
	loaders, err := filepath.Glob(filepath.Join(usr, "lib", "*", "ld-linux-*.so.*"))
	if err != nil || len(loaders) == 0 || !strings.HasPrefix(bin, partsFolder()) {
		return bin, args
	}
	share := filepath.Join(usr, "share", "mysql")
	loader := []string{"--library-path", filepath.Dir(loaders[0]), bin, "--no-defaults", "--basedir=" + usr,
		"--lc-messages-dir=" + share, "--character-sets-dir=" + filepath.Join(share, "charsets"),
		"--plugin-dir=" + filepath.Join(usr, "lib", "mysql", "plugin")}
	return loaders[0], append(loader, args[1:]...)
}
