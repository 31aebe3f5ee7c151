package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

func gorillaDialer() *websocket.Dialer {
	return &websocket.Dialer{TLSClientConfig: trust(), HandshakeTimeout: deadline}
}

func gorilla(url string) (*websocket.Conn, error) {
	conn, _, err := gorillaDialer().Dial(url, nil)
	return conn, err
}

// gorillaEcho sends, and reads what comes back.
func gorillaEcho(conn *websocket.Conn, kind int, message []byte) error {
	if err := conn.WriteMessage(kind, message); err != nil {
		return err
	}
	heardKind, heard, err := conn.ReadMessage()
	if err != nil {
		return err
	}
	if heardKind != kind || !bytes.Equal(heard, message) {
		return fmt.Errorf("%d bytes of kind %d came back otherwise", len(message), kind)
	}
	return nil
}

// gorillaEnd reads to the end, and compares the code that the server closed with.
func gorillaEnd(conn *websocket.Conn, code int) error {
	for {
		_, _, err := conn.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return want("code", closed.Code, code)
		}
		if err != nil {
			return err
		}
	}
}

func gorillaThatStays(base string) (func() error, error) {
	conn, err := gorilla(base + "/say")
	return func() error { return gorillaEnd(conn, websocket.CloseGoingAway) }, err
}

func judgeGorilla(base string) {
	says := func(sentence string, run func(context.Context) error) {
		scheme, _, _ := strings.Cut(base, ":")
		check("gorilla, "+scheme+": "+sentence, run)
	}
	says("Korean, emoji and the last character of the BMP come back", func(context.Context) error {
		conn, err := gorilla(base + "/echo")
		if err != nil {
			return err
		}
		defer conn.Close()
		return gorillaEcho(conn, websocket.TextMessage, []byte(text))
	})
	says("1 MiB of binary comes back, one byte more is refused with 1009", func(context.Context) error {
		conn, err := gorilla(base + "/echo")
		if err != nil {
			return err
		}
		defer conn.Close()
		data := make([]byte, mib)
		if _, err := rand.Read(data); err != nil {
			return err
		}
		if err := gorillaEcho(conn, websocket.BinaryMessage, data); err != nil {
			return err
		}
		if err := conn.WriteMessage(websocket.BinaryMessage, append(data, 0)); err != nil {
			return err
		}
		return gorillaEnd(conn, websocket.CloseMessageTooBig)
	})
	says("a message in fragments comes back whole, with a ping between them answered", gorillaFragments(base))
	says("a client that answers the server's pings stays", gorillaPings(base))
	says("a close of the application's own is answered with its code", func(context.Context) error {
		conn, err := gorilla(base + "/echo")
		if err != nil {
			return err
		}
		defer conn.Close()
		closing := websocket.FormatCloseMessage(4001, "moved on")
		if err := conn.WriteControl(websocket.CloseMessage, closing, time.Now().Add(deadline)); err != nil {
			return err
		}
		return gorillaEnd(conn, 4001)
	})
	says("permessage-deflate is agreed on and used", func(context.Context) error {
		dialer := gorillaDialer()
		dialer.EnableCompression = true
		conn, response, err := dialer.Dial(base+"/echo", nil)
		if err != nil {
			return err
		}
		defer conn.Close()
		if agreed := response.Header.Get("Sec-WebSocket-Extensions"); !strings.HasPrefix(agreed, "permessage-deflate") {
			return fmt.Errorf("agreed on %q", agreed)
		}
		return gorillaEcho(conn, websocket.TextMessage, []byte(strings.Repeat("연어 ", 100_000)))
	})
	says("a subprotocol that nobody speaks is not agreed on", func(context.Context) error {
		dialer := gorillaDialer()
		dialer.Subprotocols = []string{"carrier-pigeon"}
		conn, _, err := dialer.Dial(base+"/echo", nil)
		if err != nil {
			return err
		}
		defer conn.Close()
		return want("subprotocol", conn.Subprotocol(), "")
	})
	says("a page of another origin is refused with 403", func(context.Context) error {
		_, response, err := gorillaDialer().Dial(base+"/say", http.Header{"Origin": {elsewhere}})
		return refused(response, err)
	})
}

func gorillaFragments(base string) func(context.Context) error {
	return func(context.Context) error {
		dialer := gorillaDialer()
		// What is written beyond the buffer leaves as a fragment.
		dialer.WriteBufferSize = 128
		conn, _, err := dialer.Dial(base+"/echo", nil)
		if err != nil {
			return err
		}
		defer conn.Close()
		var pong string
		conn.SetPongHandler(func(payload string) error { pong = payload; return nil })
		whole := strings.Repeat("안녕하세요 ", 200)
		writer, err := conn.NextWriter(websocket.TextMessage)
		if err != nil {
			return err
		}
		middle := len(whole) / 2
		if _, err := writer.Write([]byte(whole[:middle])); err != nil {
			return err
		}
		if err := conn.WriteControl(websocket.PingMessage, []byte("between"), time.Now().Add(deadline)); err != nil {
			return err
		}
		if _, err := writer.Write([]byte(whole[middle:])); err != nil {
			return err
		}
		if err := writer.Close(); err != nil {
			return err
		}
		_, heard, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if err := want("pong", pong, "between"); err != nil {
			return err
		}
		return want("text", string(heard), whole)
	}
}

func gorillaPings(base string) func(context.Context) error {
	return func(context.Context) error {
		conn, err := gorilla(base + "/echo")
		if err != nil {
			return err
		}
		defer conn.Close()
		answer := conn.PingHandler()
		pings := 0
		conn.SetPingHandler(func(payload string) error {
			if err := answer(payload); err != nil {
				return err
			}
			if pings++; pings == 2 {
				return conn.WriteMessage(websocket.TextMessage, []byte("still here"))
			}
			return nil
		})
		_, heard, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		return want("text", string(heard), "still here")
	}
}
