// The two WebSocket clients that Go programs use, gorilla/websocket and coder/websocket, as judges of Sockeye.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	mib  = 1 << 20
	text = "안녕하세요, 연어 여러분 🐟🏳️‍🌈 \uffff"
	// The longest any check may take.
	deadline  = 20 * time.Second
	elsewhere = "https://elsewhere.example"
)

var failures = 0

// check runs one check, and prints how it went.
func check(sentence string, run func(context.Context) error) {
	started := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		failures++
		fmt.Printf("  FAILED  %s\n%v\n", sentence, err)
		return
	}
	fmt.Printf("  ok      %s (%d ms)\n", sentence, time.Since(started).Milliseconds())
}

// want is an error unless both are the same.
func want[T comparable](what string, got, wanted T) error {
	if got == wanted {
		return nil
	}
	return fmt.Errorf("%s: %.200v, not %.200v", what, got, wanted)
}

// trust is how servers are known: by the certificate that the harness made for them.
func trust() *tls.Config {
	path := os.Getenv("INTEROP_CERT")
	if path == "" {
		return nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots}
}

func refused(response *http.Response, err error) error {
	if err == nil {
		return errors.New("it was let in")
	}
	if response == nil {
		return err
	}
	return want("status", response.StatusCode, http.StatusForbidden)
}

func stopServers() error {
	for _, server := range strings.Fields(os.Getenv("INTEROP_SERVERS")) {
		pid, err := strconv.Atoi(server)
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	bases := []string{os.Getenv("INTEROP_WS")}
	if secure := os.Getenv("INTEROP_WSS"); secure != "" {
		bases = append(bases, secure)
	}
	for _, base := range bases {
		judgeGorilla(base)
		judgeCoder(base)
	}
	check("gorilla, coder: a server that is stopped says 1001", func(ctx context.Context) error {
		var ends []func() error
		for _, base := range bases {
			gorilla, err := gorillaThatStays(base)
			if err != nil {
				return err
			}
			coder, err := coderThatStays(ctx, base)
			if err != nil {
				return err
			}
			ends = append(ends, gorilla, coder)
		}
		if err := stopServers(); err != nil {
			return err
		}
		for _, end := range ends {
			if err := end(); err != nil {
				return err
			}
		}
		return nil
	})
	if failures > 0 {
		fmt.Printf("  %d FAILED\n", failures)
		os.Exit(1)
	}
	fmt.Println("  all passed")
}
