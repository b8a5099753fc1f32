// Package runtimeapi runs a Lambda function as Lambda does: it starts the real bootstrap binary, serves it the Lambda
// Runtime API on loopback, hands it events and takes its answers.
//
//	f := runtimeapi.Start(t, runtimeapi.Build(t, "../../examples/replicate"), runtimeapi.Env("DATABASE_URL", dsn))
//	answer, err := f.Invoke(t.Context(), event)
//
// What it keeps of Lambda: one invocation at a time per sandbox (unless the function asks for more), the deadline that
// kills the sandbox, the error a dead sandbox leaves behind, SIGTERM only for functions that registered an extension,
// and the freeze between invocations ([Function.Freeze]). A function that has died is not started again: start another.
package runtimeapi
