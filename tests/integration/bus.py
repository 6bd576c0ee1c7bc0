"""What stands between the nodes of a cluster: a relay in front of each one's bus, so that a node can be cut off from the others
while programs still reach it.

    with Bus() as bus:
        port = bus.relay(node_id, bus_port)     # the others are told to go there
        bus.cut(node_id)                        # nothing comes in and nothing goes out, on links that exist and on new ones
        bus.mend(node_id)
"""
import asyncio
import threading

HEADER_BYTES = 80  # of a message on the bus; it ends with the sender's id
ID_BYTES = 40
READ_BYTES = 65536


class Bus:
    """Methods may be called from any thread; what happens on the links happens in one of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="bus")
        self.away, self.links = set(), []  # links: (sender, receiver, the task that carries what is said)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self._do(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def _end(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def relay(self, node_id, bus_port):
        """The port at which the others find the bus of that node."""
        return self._do(self._listen(node_id, bus_port))

    async def _listen(self, node_id, bus_port):
        server = await asyncio.start_server(lambda reader, writer: self._serve(node_id, bus_port, reader, writer), "127.0.0.1", 0)
        return server.sockets[0].getsockname()[1]

    def cut(self, node_id):
        self._do(self._cut(node_id))

    async def _cut(self, node_id):
        self.away.add(node_id)
        for sender, receiver, task in self.links:
            if node_id in (sender, receiver):
                task.cancel()

    def mend(self, node_id):
        self._do(self._mend(node_id))

    async def _mend(self, node_id):
        self.away.discard(node_id)

    async def _serve(self, receiver, bus_port, reader, writer):
        """A link from another node: its first message says whose it is."""
        beyond = None
        try:
            header = await reader.readexactly(HEADER_BYTES)
            sender = header[-ID_BYTES:].decode()
            if self.away & {sender, receiver}:
                return
            link = (sender, receiver, asyncio.current_task())
            self.links.append(link)
            try:
                answers, beyond = await asyncio.open_connection("127.0.0.1", bus_port)
                beyond.write(header)
                await asyncio.wait({asyncio.create_task(carry(reader, beyond)), asyncio.create_task(carry(answers, writer))},
                                   return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.links.remove(link)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # as if the network had lost it
        finally:
            for one in (writer, beyond):
                if one is not None:
                    one.transport.abort()


async def carry(reader, writer):
    try:
        while said := await reader.read(READ_BYTES):
            writer.write(said)
            await writer.drain()
    except OSError:
        pass
