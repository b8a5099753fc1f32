package di

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/fx"
)

// lambdaStopTimeout leaves a fifth of the time between Lambda's SIGTERM and its SIGKILL to the process itself.
const lambdaStopTimeout = 400 * time.Millisecond

// serve runs the function in Lambda until a signal or a fx.Shutdowner ends it. It comes after all OnStart hooks, because
// lambda.Start never returns: a hook that called it would keep the later ones from running.
func (p *program) serve(app *fx.App, f *function) int {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	end := app.Wait() // before lambda.Start registers for SIGTERM, so that none is missed
	r := &running{Handler: f}
	go lambda.StartWithOptions(r, lambda.WithContext(base), lambda.WithEnableSIGTERM())
	signal := <-end

	ctx, stop := context.WithTimeout(context.Background(), app.StopTimeout())
	defer stop()
	cancel()
	r.wait(app.StopTimeout() / 2)
	return p.stop(ctx, app, signal.ExitCode)
}

// running knows whether an invocation is under way.
type running struct {
	lambda.Handler
	mu sync.RWMutex
}

func (r *running) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.Handler.Invoke(ctx, payload)
}

// wait returns when no invocation is under way, or after d. No other begins, so that the OnStop hooks can close what
// invocations use.
func (r *running) wait(d time.Duration) {
	idle := make(chan struct{})
	go func() {
		r.mu.Lock()
		close(idle)
	}()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	}
}
