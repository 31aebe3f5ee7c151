package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

func coderDial(ctx context.Context, url string, options websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	options.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: trust()}}
	conn, response, err := websocket.Dial(ctx, url, &options)
	if conn != nil {
		conn.SetReadLimit(4 * mib)
	}
	return conn, response, err
}

func coder(ctx context.Context, url string) (*websocket.Conn, error) {
	conn, _, err := coderDial(ctx, url, websocket.DialOptions{})
	return conn, err
}

// coderEcho sends, and reads what comes back.
func coderEcho(ctx context.Context, conn *websocket.Conn, kind websocket.MessageType, message []byte) error {
	if err := conn.Write(ctx, kind, message); err != nil {
		return err
	}
	heardKind, heard, err := conn.Read(ctx)
	if err != nil {
		return err
	}
	if heardKind != kind || !bytes.Equal(heard, message) {
		return fmt.Errorf("%d bytes of kind %d came back otherwise", len(message), kind)
	}
	return nil
}

// coderEnd reads to the end, and compares the code that the server closed with.
func coderEnd(ctx context.Context, conn *websocket.Conn, code websocket.StatusCode) error {
	for {
		_, _, err := conn.Read(ctx)
		if status := websocket.CloseStatus(err); status != -1 {
			return want("code", status, code)
		}
		if err != nil {
			return err
		}
	}
}

func coderThatStays(ctx context.Context, base string) (func() error, error) {
	conn, err := coder(ctx, base+"/say")
	return func() error { return coderEnd(ctx, conn, websocket.StatusGoingAway) }, err
}

func judgeCoder(base string) {
	says := func(sentence string, run func(context.Context) error) {
		scheme, _, _ := strings.Cut(base, ":")
		check("coder, "+scheme+": "+sentence, run)
	}
	// Every check opens its own connection.
	with := func(options websocket.DialOptions, run func(context.Context, *websocket.Conn, *http.Response) error) func(context.Context) error {
		return func(ctx context.Context) error {
			conn, response, err := coderDial(ctx, base+"/echo", options)
			if err != nil {
				return err
			}
			defer conn.CloseNow()
			return run(ctx, conn, response)
		}
	}
	says("Korean, emoji and the last character of the BMP come back", with(websocket.DialOptions{},
		func(ctx context.Context, conn *websocket.Conn, _ *http.Response) error {
			return coderEcho(ctx, conn, websocket.MessageText, []byte(text))
		}))
	says("1 MiB of binary comes back, one byte more is refused with 1009", with(websocket.DialOptions{},
		func(ctx context.Context, conn *websocket.Conn, _ *http.Response) error {
			data := make([]byte, mib)
			if _, err := rand.Read(data); err != nil {
				return err
			}
			if err := coderEcho(ctx, conn, websocket.MessageBinary, data); err != nil {
				return err
			}
			if err := conn.Write(ctx, websocket.MessageBinary, append(data, 0)); err != nil {
				return err
			}
			return coderEnd(ctx, conn, websocket.StatusMessageTooBig)
		}))
	says("a message in fragments comes back whole", with(websocket.DialOptions{},
		func(ctx context.Context, conn *websocket.Conn, _ *http.Response) error {
			writer, err := conn.Writer(ctx, websocket.MessageText)
			if err != nil {
				return err
			}
			// Each write is a frame.
			for _, piece := range []string{"안녕", "하세", "요"} {
				if _, err := writer.Write([]byte(piece)); err != nil {
					return err
				}
			}
			if err := writer.Close(); err != nil {
				return err
			}
			_, heard, err := conn.Read(ctx)
			if err != nil {
				return err
			}
			return want("text", string(heard), "안녕하세요")
		}))
	says("pings are answered", with(websocket.DialOptions{},
		func(ctx context.Context, conn *websocket.Conn, _ *http.Response) error {
			// A pong is seen by who reads.
			reading := conn.CloseRead(ctx)
			for n := 0; n < 10; n++ {
				if err := conn.Ping(reading); err != nil {
					return err
				}
			}
			return nil
		}))
	says("a close of the application's own is answered with its code", with(websocket.DialOptions{},
		func(_ context.Context, conn *websocket.Conn, _ *http.Response) error {
			// An error, if the answer has another code, or does not come.
			return conn.Close(4001, "moved on")
		}))
	for name, mode := range map[string]websocket.CompressionMode{
		"with": websocket.CompressionContextTakeover, "without": websocket.CompressionNoContextTakeover,
	} {
		says("permessage-deflate "+name+" context is agreed on and used", with(websocket.DialOptions{CompressionMode: mode},
			func(ctx context.Context, conn *websocket.Conn, response *http.Response) error {
				if agreed := response.Header.Get("Sec-WebSocket-Extensions"); !strings.HasPrefix(agreed, "permessage-deflate") {
					return fmt.Errorf("agreed on %q", agreed)
				}
				for n := 0; n < 3; n++ {
					message := []byte(strings.Repeat("연어 ", 100_000))
					if err := coderEcho(ctx, conn, websocket.MessageText, message); err != nil {
						return err
					}
				}
				return nil
			}))
	}
	says("a subprotocol that nobody speaks is not agreed on", with(websocket.DialOptions{Subprotocols: []string{"carrier-pigeon"}},
		func(_ context.Context, conn *websocket.Conn, _ *http.Response) error {
			return want("subprotocol", conn.Subprotocol(), "")
		}))
	says("a page of another origin is refused with 403", func(ctx context.Context) error {
		options := websocket.DialOptions{HTTPHeader: http.Header{"Origin": {elsewhere}}}
		_, response, err := coderDial(ctx, base+"/say", options)
		return refused(response, err)
	})
}
