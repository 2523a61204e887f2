"""`run.py idle` and `run.py crowd`: thousands of connections that do nothing, what each costs and whom they disturb."""

import contextlib
import statistics

from processes import Nginx, Running, Server, certificate, pinned, run_load
from tables import Table, middle, progress, verdict

FEW, MANY = 2000, 9500  # connections

ECHO = [
    Server("echo_epoll", "bare epoll"),
    Server("echo_torc", "torc callbacks", target=150),
    Server("echo_torc_coro", "torc coroutine", target=1024),
    Server("echo_torc_fiber", "torc fiber", target=6 * 1024),
    Server("echo_uv", "libuv"),
    Server("echo_asio", "Asio callbacks"),
    Server("echo_asio_coro", "Asio coroutine"),
]
HTTP = [
    Server("http_epoll", "bare epoll, a constant"),
    Server("http_torc", "torc", target=600),
    Nginx("http_nginx", "nginx"),
]
CROWD = [
    Server("echo_epoll", "bare epoll"),
    Server("echo_torc", "torc callbacks", target=1.2),
    Server("echo_torc_coro", "torc coroutine", target=1.2),
    Server("echo_torc_fiber", "torc fiber", target=1.2),
    Server("echo_uv", "libuv"),
]
ECHOED = ["idle_load", "--greet", "echo"]
ANSWERED = ["idle_load", "--greet", "http"]
SECURED = ["tls_idle_load"]


class Idle:
    def __init__(self, bench):
        self.bench, self.rounds = bench, min(bench.rounds, 3)

    def held(self, load, running, connections):
        """So many connections to a server, each used once, for the length of a `with` block."""
        program, *options = load
        return Running(pinned(self.bench.other_cpu, [self.bench.bin / program, "--port", running.number,
                                                     "--connections", connections, *options]), "HOLDING")

    def bytes_per_connection(self, server, load):
        with server(self.bench.bin, self.bench.cpu) as running, self.held(load, running, FEW):
            before = running.settled_memory()
            with self.held(load, running, MANY - FEW):
                return (running.settled_memory() - before) / (MANY - FEW)

    def memory(self):
        self.table("Idle connection that echoed a byte", ECHO, ECHOED)
        self.table("Idle connection kept alive after one HTTP request", HTTP, ANSWERED)
        with certificate() as pem:
            self.table("Idle connection over TLS 1.3 that echoed a byte",
                       [Server("limit_tls", "bare epoll and memory BIOs: the limit", certificate=pem),
                        Server("torc_tls_echo", "torc callbacks", target=1024, certificate=pem)], SECURED, over=True)

    def table(self, title, servers, load, over=False):
        """Targets are bytes, with `over` those beyond what the first server takes."""
        table = Table(title, ["bytes of user memory", "spread", "over limit", "target"])
        limit = None
        for server in self.bench.present(servers):
            progress(f"{title}: {server.title}")
            value, spread = middle([self.bytes_per_connection(server, load) for _ in range(self.rounds)])
            limit = value if limit is None else limit
            beyond = value - limit if over else value
            table.add(server.title, f"{value:,.0f}", f"±{spread:,.0f}",
                      f"{beyond:+,.0f}" if over and server is not servers[0] else "", verdict(beyond, server.target))
        table.print()

    def latencies(self, server):
        """Of one round, {which: [(median, 99th percentile) of each slice]}: two processes have nothing else to do, the
        third one has all those connections."""
        slices, turns = (10, 300) if self.bench.quick else (40, 1000)
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(server(self.bench.bin, self.bench.cpu)) for _ in range(3)]
            stack.enter_context(self.held(ECHOED, running[-1], MANY))
            printed = run_load([self.bench.bin / "latency_load", "--slices", slices, "--turns", turns, "--servers",
                                ",".join(f"{each.number}:{each.pid}" for each in running)], self.bench.cpu)
        found = {"alone": [], "again": [], "crowd": []}
        for _, index, *times in printed:
            found[list(found)[int(index)]].append(times)
        return found

    def crowd(self):
        title = f"Round trip of 1 KiB over a busy connection, alone and among {MANY:,} idle ones, on one CPU"
        table = Table(title, ["median ns", "99th percentile", "alone again", "spread", "among idle", "spread",
                              "target"])
        for server in self.bench.present(CROWD):
            progress(f"{title}: {server.title}")
            rounds = [self.latencies(server) for _ in range(self.rounds)]
            median, late = (statistics.median(times[which] for found in rounds for times in found["alone"])
                            for which in (0, 1))

            def ratio(which):
                """Of the 99th percentile to that of the slice beside it."""
                return middle([statistics.median(own[1] / alone[1] for own, alone in zip(found[which], found["alone"]))
                               for found in rounds])

            again, among = ratio("again"), ratio("crowd")
            table.add(server.title, f"{median:,.0f}", f"{late:,.0f}", f"x {again[0]:.3f}", f"±{again[1]:.3f}",
                      f"x {among[0]:.3f}", f"±{among[1]:.3f}", verdict(among[0], server.target))
        table.print()
