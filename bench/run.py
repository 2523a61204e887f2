#!/usr/bin/python3
"""Measures torc beside the physical limit and its peers; bench/README.md tells how to read the tables."""

import argparse
import collections
import contextlib
import os
import pathlib
import resource
import statistics
import sys

from compile_cost import compile_units
from idle import Idle
from micro import Micro
from processes import HERE, Nginx, Server, certificate, run_load
from tables import Table, middle, progress, verdict

# The limit stands first, and twice: by how much it differs from itself is the noise of this run.
ECHO = [
    Server("echo_epoll", "bare epoll: the limit"),
    Server("echo_epoll", "bare epoll again"),
    Server("echo_epoll", "bare epoll, a thread sleeps", options=("--sleeping-threads", 1)),
    Server("echo_torc", "torc callbacks", target=30),
    Server("echo_torc_coro", "torc coroutine", target=120),
    Server("echo_torc_fiber", "torc fiber", target=150),
    Server("echo_uring", "bare io_uring"),
    Server("echo_torc", "torc callbacks on io_uring", backend="uring"),
    Server("echo_uv", "libuv"),
    Server("echo_asio", "Asio callbacks"),
    Server("echo_asio_coro", "Asio coroutine"),
]
HTTP = [
    Server("http_epoll", "bare epoll, a constant: the limit"),
    Server("http_epoll", "bare epoll again"),
    Server("http_torc", "torc", target=1.15),
    Nginx("http_nginx", "nginx"),
]
# 0.9 of the limit's datagrams a second: 1/0.9 of its CPU time for each.
UDP = [
    Server("udp_mmsg", "bare recvmmsg and sendmmsg: the limit"),
    Server("udp_mmsg", "bare loop again"),
    Server("udp_torc", "torc callbacks", target=1.11),
    Server("udp_torc_coro", "torc coroutine"),
]
# Buffers hold a whole message, in torc and the limit as they are.
LARGE = [
    Server("echo_epoll", "bare epoll: the limit"),
    Server("echo_epoll", "bare epoll again"),
    Server("echo_torc", "torc callbacks", target=1 / 0.92),
    Server("echo_torc_coro", "torc coroutine", target=1 / 0.92),
    Server("echo_torc_fiber", "torc fiber", target=1 / 0.92),
    Server("echo_uv", "libuv", options=("--buffer", 256 * 1024)),
    Server("echo_asio", "Asio callbacks", options=("--buffer", 256 * 1024)),
    Server("echo_asio_coro", "Asio coroutine", options=("--buffer", 256 * 1024)),
]
# nginx stands first here: it is what torc is held against.
ACCEPT = [
    Nginx("http_nginx", "nginx"),
    Nginx("http_nginx", "nginx again"),
    Server("http_torc", "torc HTTP", target=1),
    Server("echo_torc", "torc callbacks", target=1),
    Server("echo_torc_coro", "torc coroutine", target=1),
    Server("echo_epoll", "bare epoll"),
]
SPIN = [
    Server("echo_epoll", "bare epoll, which sleeps: the limit"),
    Server("echo_epoll", "bare epoll again"),
    Server("echo_torc_spin", "torc, which sleeps"),
    Server("echo_torc_spin", "torc, spin of 50 µs", options=("--spin", 50)),
]

Slice = collections.namedtuple("Slice", "elapsed server load")  # ns for a message; the last two are CPU time


class Bench:
    def __init__(self, options):
        self.build = options.build
        self.bin = options.build / "bin" / "bench"
        self.quick = options.quick
        self.rounds = options.rounds or (2 if options.quick else 5)
        cpus = sorted(os.sched_getaffinity(0))
        self.cpu, self.other_cpu = cpus[-1], cpus[0]

    def present(self, servers):
        for server in servers:
            if not server.found(self.bin):
                print(f"left out, not built: {server.title} ({server.name})", file=sys.stderr)
        return [server for server in servers if server.found(self.bin)]

    def slices(self, servers, cpu, load, connections, turns, slices, size):
        """Loads fresh processes of all servers, slice by slice: {server: [Slice of each time]}."""
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(server(self.bin, self.cpu)) for server in servers]
            addresses = ",".join(f"{process.number}:{process.pid}" for process in running)
            printed = run_load([self.bin / load, "--servers", addresses, "--connections", connections,
                                "--turns", turns, "--slices", slices // 5 if self.quick else slices,
                                *(() if size is None else ("--size", size))], cpu)
        found = {server: [] for server in servers}
        for _, index, *costs in printed:
            found[servers[int(index)]].append(Slice(*costs))
        return found

    def compare(self, servers, title, unit, cost, load, connections, turns, *, judged=None, apart=False,
                slices=100, size=None):
        """One table. `cost` picks the number that counts out of a Slice, `judged` says what the targets are held
        against: "over" or "ratio". Unless `apart`, servers and load share one CPU."""
        servers = self.present(servers)
        rounds = []
        for number in range(self.rounds):
            progress(f"{title}: round {number + 1} of {self.rounds}")
            rounds.append(self.slices(servers, self.other_cpu if apart else self.cpu, load, connections, turns,
                                      slices, size))

        def over_rounds(server, compare):
            """The limit's slice beside a server's is the one of the same tenth of a second."""
            return middle([statistics.median(compare(cost(own), cost(limit))
                                             for own, limit in zip(found[server], found[servers[0]]))
                           for found in rounds])

        table = Table(title, [unit, "over limit", "spread", "x limit", "spread", "per second", "target"])
        for server in servers:
            value, _ = over_rounds(server, lambda own, limit: own)
            over, over_spread = over_rounds(server, lambda own, limit: own - limit)
            ratio, ratio_spread = over_rounds(server, lambda own, limit: own / limit)
            rate = 1e9 / statistics.median(s.elapsed for found in rounds for s in found[server])
            compared = f"{over:+,.0f}", f"±{over_spread:,.0f}", f"{ratio:.3f}", f"±{ratio_spread:.3f}"
            table.add(server.title, f"{value:,.0f}", *(compared if server is not servers[0] else [""] * 4),
                      f"{rate:,.0f}", verdict(over if judged == "over" else ratio, server.target) if judged else "")
        table.print()
        if not apart:
            every = [s for found in rounds for of_server in found.values() for s in of_server]
            share = sum(s.server + s.load for s in every) / sum(s.elapsed for s in every)
            print(f"The programs had {share:.0%} of their CPU" + (": others used it too." if share < 0.95 else "."))

    def echo(self):
        self.compare(ECHO, "Echo of 1 KiB, one connection, client and server on one CPU", "ns/round trip",
                     lambda s: s.server + s.load, "echo_load", connections=1, turns=500, judged="over")
        self.compare(ECHO, "Echo of 1 KiB, 50 connections, client and server on one CPU", "server ns/message",
                     lambda s: s.server, "echo_load", connections=50, turns=1000)

    def large(self):
        """The rate of a CPU that both share: the CPU time of both for a message, the limit's over 0.92."""
        for connections in 1, 50:
            self.compare(LARGE, f"Echo of 100 KiB, {connections} connection{'s' * (connections > 1)}, "
                                "client and server on one CPU", "ns/round trip", lambda s: s.server + s.load,
                         "echo_load", connections, 60 if connections == 1 else 200, judged="ratio", size=100 * 1024)

    def http(self):
        for where, apart in ("client and server on one CPU", False), ("client and server on a CPU each", True):
            self.compare(HTTP, f'HTTP/1.1 "Hello, World!", 64 connections kept alive, {where}', "server ns/request",
                         lambda s: s.server, "http_load", connections=64, turns=1000, judged="ratio", apart=apart)

    def udp(self):
        for peers in 1, 50:
            self.compare(UDP, f"UDP echo of 512 bytes, {peers} peer{'s' * (peers > 1)}, client and server on one CPU",
                         "server ns/datagram", lambda s: s.server, "udp_load", connections=peers, turns=2000,
                         judged="ratio")

    def tls(self):
        """A target is a ratio of CPU time: for an echo the limit's over 0.95, for a handshake nginx's times 0.92."""
        with certificate() as pem:
            limit = [Server("limit_tls", "bare epoll and memory BIOs: the limit", certificate=pem),
                     Server("limit_tls", "the same again", certificate=pem)]
            torc = Server("torc_tls_echo", "torc callbacks", target=1 / 0.95, certificate=pem)
            for size, turns in (1024, 500), (100 * 1024, 30):
                self.compare([*limit, torc], f"Echo over TLS 1.3 of {size // 1024} KiB, client and server on one CPU",
                             "server ns/message", lambda s: s.server, "tls_load", 1, turns, judged="ratio", size=size)
            nginx = Nginx("tls_nginx", "nginx", certificate=pem)
            torc = Server("torc_tls_echo", "torc", target=0.92, certificate=pem)
            self.compare([nginx, Nginx("tls_nginx", "nginx again", certificate=pem), torc, limit[0]],
                         "Full handshake, TLS 1.3, P-256, one after another, client and server on one CPU",
                         "server ns/connection", lambda s: s.server, "tls_load", 1, 20, judged="ratio", size=0)

    def accept(self):
        self.compare(ACCEPT, "Accept flood: bursts of 40 connections that end at once, client and server on one CPU",
                     "server ns/connection", lambda s: s.server, "accept_load", connections=40, turns=40,
                     judged="ratio")

    def spin(self):
        self.compare(SPIN, "Echo of 1 KiB, one connection, client and server on a CPU each", "ns/round trip",
                     lambda s: s.elapsed, "echo_load", connections=1, turns=50, slices=40,
                     apart=True)

    def idle(self):
        Idle(self).memory()

    def crowd(self):
        Idle(self).crowd()

    def compile(self):
        table = Table("Compiling with clang++-19 -std=c++23 -O2, the best of several times",
                      ["CPU seconds", "target", "MiB", "target"])
        for unit in compile_units(HERE.parent, self.build):
            progress(f"compiling {unit.title}")
            if best := unit.best_of(self.rounds, self.cpu):
                table.add(unit.title, f"{best.seconds:.2f}", verdict(best.seconds, unit.target_seconds),
                          f"{best.mib:.0f}", verdict(best.mib, unit.target_mib))
        table.print()

    def micro(self):
        Micro(self).run()


def main():
    commands = ["echo", "large", "http", "tls", "udp", "accept", "spin", "idle", "crowd", "compile", "micro"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", nargs="?", choices=[*commands, "all"], default="all")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build" / "release", help="build directory")
    parser.add_argument("--rounds", type=int, help="fresh processes of everything so many times (default 5)")
    parser.add_argument("--quick", action="store_true", help="short: shows that everything runs, not for judging")
    options = parser.parse_args()

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # 9,500 connections need as many descriptors
    bench = Bench(options)
    for command in commands if options.command == "all" else [options.command]:
        getattr(bench, command)()


if __name__ == "__main__":
    main()
