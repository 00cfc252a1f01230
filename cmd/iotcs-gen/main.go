package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(start()) }

// start runs the command in the process's surroundings.
func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "iotcs-gen: cannot find the working directory:", err)
		return exitTrouble
	}
	return run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, os.Environ(), dir)
}
