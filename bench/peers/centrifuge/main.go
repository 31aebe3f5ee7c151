// The engine of Centrifugo, as a peer of Sockeye's channels: the Go library centrifuge with its memory broker.
//
// What may be done in a channel follows from its namespace, as in interop/channels/config.mjs.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/centrifugal/centrifuge"
)

// rules says what a namespace does; false if there is none of that name.
func rules(channel string) (centrifuge.SubscribeOptions, []centrifuge.PublishOption, bool) {
	namespace, _, _ := strings.Cut(strings.TrimPrefix(channel, "$"), ":")
	var options centrifuge.SubscribeOptions
	keep := func(size int) []centrifuge.PublishOption {
		options.EnableRecovery, options.EnablePositioning = true, true
		return []centrifuge.PublishOption{centrifuge.WithHistory(size, time.Hour)}
	}
	switch namespace {
	case "open":
		return options, nil, true
	case "kept":
		publish := keep(1_000_000)
		return options, publish, true
	case "few":
		publish := keep(2)
		return options, publish, true
	case "delta":
		publish := append(keep(100), centrifuge.WithDelta(true))
		options.AllowedDeltaTypes = []centrifuge.DeltaType{centrifuge.DeltaTypeFossil}
		return options, publish, true
	case "seen":
		options.EmitPresence, options.EmitJoinLeave, options.PushJoinLeave = true, true, true
		return options, nil, true
	}
	return options, nil, false
}

func handle(node *centrifuge.Node, client *centrifuge.Client) {
	client.OnSubscribe(func(event centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
		options, _, known := rules(event.Channel)
		if !known {
			reply(centrifuge.SubscribeReply{}, centrifuge.ErrorUnknownChannel)
			return
		}
		reply(centrifuge.SubscribeReply{Options: options}, nil)
	})
	client.OnPublish(func(event centrifuge.PublishEvent, reply centrifuge.PublishCallback) {
		_, options, known := rules(event.Channel)
		if !known {
			reply(centrifuge.PublishReply{}, centrifuge.ErrorUnknownChannel)
			return
		}
		options = append(options, centrifuge.WithClientInfo(event.ClientInfo))
		result, err := node.Publish(event.Channel, event.Data, options...)
		reply(centrifuge.PublishReply{Result: &result}, err)
	})
	client.OnHistory(func(event centrifuge.HistoryEvent, reply centrifuge.HistoryCallback) {
		reply(centrifuge.HistoryReply{}, nil)
	})
	client.OnPresence(func(event centrifuge.PresenceEvent, reply centrifuge.PresenceCallback) {
		reply(centrifuge.PresenceReply{}, nil)
	})
	client.OnPresenceStats(func(event centrifuge.PresenceStatsEvent, reply centrifuge.PresenceStatsCallback) {
		reply(centrifuge.PresenceStatsReply{}, nil)
	})
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:0", "where to listen")
	flag.Parse()
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) { handle(node, client) })
	if err := node.Run(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	anyOrigin := func(*http.Request) bool { return true }
	mux.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{CheckOrigin: anyOrigin}))
	mux.Handle("/connection/http_stream", centrifuge.NewHTTPStreamHandler(node, centrifuge.HTTPStreamConfig{}))
	mux.Handle("/connection/sse", centrifuge.NewSSEHandler(node, centrifuge.SSEConfig{}))
	mux.Handle("/emulation", centrifuge.NewEmulationHandler(node, centrifuge.EmulationConfig{}))
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Printf("centrifuge listens on %s\n", listener.Addr())
	return http.Serve(listener, mux)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
