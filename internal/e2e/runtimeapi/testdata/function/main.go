// Command function does what the event tells it, to try the host of the Runtime API.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type order struct {
	Do   string `json:"do"`
	Text string `json:"text"`
}

type report struct {
	Text      string `json:"text"`
	RequestID string `json:"requestId"`
	ARN       string `json:"arn"`
	Function  string `json:"function"`
	Custom    string `json:"custom"`
	LeftMS    int64  `json:"leftMs"`
}

// broken is a response that fails after its first half.
type broken struct{ half io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.half.Read(p)
	if err == io.EOF {
		err = errors.New("broken off")
	}
	return n, err
}

func handle(ctx context.Context, o order) (any, error) {
	fmt.Println("doing", o.Do)
	switch o.Do {
	case "fail":
		return nil, errors.New(o.Text)
	case "panic":
		panic(o.Text)
	case "exit":
		os.Exit(3)
	case "hang":
		select {}
	case "large":
		return strings.Repeat("x", 7<<20), nil
	case "break":
		return broken{strings.NewReader("half")}, nil
	}
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return report{
		Text: o.Text, RequestID: lc.AwsRequestID, ARN: lc.InvokedFunctionArn, Function: lambdacontext.FunctionName,
		Custom: os.Getenv("CUSTOM"), LeftMS: time.Until(deadline).Milliseconds(),
	}, nil
}

func main() {
	var options []lambda.Option
	switch os.Getenv("MODE") {
	case "no start":
		fmt.Println("cannot start")
		os.Exit(7)
	case "deaf":
		options = append(options, lambda.WithEnableSIGTERM(func() { fmt.Println("not listening") }))
	case "polite":
		options = append(options, lambda.WithEnableSIGTERM(func() {
			fmt.Println("goodbye")
			os.Exit(0)
		}))
	}
	lambda.StartWithOptions(handle, options...)
}
