# SPDX-License-Identifier: MIT
# usage: python3 sockets.py URL CA_FILE
# What Debian's python3-websockets sees of an echo service.
import asyncio
import ssl
import sys

import websockets


async def main(url, ca_file):
    context = ssl.create_default_context(cafile=ca_file)
    # It offers permessage-deflate, which is not accepted.
    async with websockets.connect(url, ssl=context) as socket:
        assert socket.extensions == [], socket.extensions
        for payload in ["grüße", "", "x" * 100_000, bytes([0, 255, 128])]:
            await socket.send(payload)
            answer = await socket.recv()
            assert answer == payload, answer[:80]
        await socket.send(["in ", "three ", "fragments"])
        assert await socket.recv() == "in three fragments"
        await (await socket.ping(b"are you there"))
        await socket.close(4321, "bye")
    assert socket.close_code == 4321, socket.close_code


asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 20))
