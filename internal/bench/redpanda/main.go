// Command redpanda is Redpanda Connect with what it takes to bring stream events into PostgreSQL, as a peer to measure. It is
// a module of its own because it needs hundreds of others.
package main

import (
	"context"

	_ "github.com/lib/pq"
	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	_ "github.com/redpanda-data/connect/v4/public/components/sql/base"
)

func main() { service.RunCLI(context.Background()) }
