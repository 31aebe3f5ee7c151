module sockeye/interop

// As old as Debian has it: newer versions of coder/websocket ask for more.
go 1.19

require (
	github.com/coder/websocket v1.8.13
	github.com/gorilla/websocket v1.5.3
)
