package runtimeapi

import (
	"os"
	"path/filepath"
	"time"
)

type config struct {
	name    string
	timeout time.Duration
	grace   time.Duration
	env     []string
}

// Option changes how a function is run.
type Option func(*config)

// Name is the function's name, "function" by default.
func Name(name string) Option { return func(c *config) { c.name = name } }

// Timeout is how long an invocation may take before the sandbox is killed: 30 seconds by default.
func Timeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// Grace is how long the function may live on after SIGTERM before it is killed. Lambda gives 500 milliseconds; the
// default is 10 seconds, for machines that do much else.
func Grace(d time.Duration) Option { return func(c *config) { c.grace = d } }

// Env sets an environment variable of the function. It gets none of the test's own but PATH.
func Env(key, value string) Option {
	return func(c *config) { c.env = append(c.env, key+"="+value) }
}

const (
	region  = "us-east-1"
	account = "123456789012"
)

// environment is what Lambda sets (and nothing of the machine's), then what the test adds.
func (c *config) environment(bootstrap, addr string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "LANG=en_US.UTF-8", "TZ=:UTC",
		"AWS_LAMBDA_RUNTIME_API=" + addr,
		"AWS_LAMBDA_FUNCTION_NAME=" + c.name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + c.name, "AWS_LAMBDA_LOG_STREAM_NAME=2026/01/01/[$LATEST]0",
		"AWS_REGION=" + region, "AWS_DEFAULT_REGION=" + region,
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", // so that no SDK looks for others
		"LAMBDA_TASK_ROOT=" + filepath.Dir(bootstrap), "LAMBDA_RUNTIME_DIR=/var/runtime", "_HANDLER=bootstrap",
	}, c.env...)
}

func (c *config) arn() string {
	return "arn:aws:lambda:" + region + ":" + account + ":function:" + c.name
}
