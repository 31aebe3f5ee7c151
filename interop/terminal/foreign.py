"""A WebSocket server by somebody else. Prints its port; what it does is in the path."""

import asyncio

from websockets.asyncio.server import serve


async def talk(connection):
    match connection.request.path:
        case "/hostile":
            await connection.send("\x1b[31mred\x1b[0m \x1b]2;owned\x07 end")
        case "/ping":
            pong = await connection.ping(b"are you there")
            await pong
            await connection.send("the pong came")
    async for message in connection:
        if message == "leave":
            await connection.close(4002, "go home")
            return
        await connection.send(message)


def choose(_, offered):
    return "chat" if "chat" in offered else None


async def main():
    async with serve(talk, "127.0.0.1", 0, select_subprotocol=choose) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
