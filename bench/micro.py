"""The concurrency primitives: torc beside the least each can cost and its peers. Programs: bench/*/micro/."""

import collections
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from processes import pinned
from tables import Table, middle, progress

BATCH = 4000  # counts are multiples of it, as bench/micro.hpp wants them
FIRED = 1_000_000
PEERS = {"kj": "KJ", "asio": "Asio", "boost_fiber": "Boost.Fiber", "libuv": "libuv", "libev": "libev",
         "libevent": "libevent", "go": "Go"}

Cost = collections.namedtuple("Cost", "ns mallocs")


class Row:
    """`aim`: nanoseconds, where the limit and the best peer took `limit` and `peer`: the targets are those ratios.
    `within`: a target for the ratio to the limit that was given as such, `of`: (row, share) for one to another row."""

    def __init__(self, name, title, aim=None, limit=None, peer=None, within=None, of=None, count=None):
        self.name, self.title, self.count, self.of = name, title, count, of
        self.limit_target = within or (aim / limit if aim and limit else None)
        self.peer_target = aim / peer if aim and peer else None
        self.alone = aim if not (limit or peer or within) else None


ROWS = [
    Row("fire_three", "create, fire, three continuations", aim=40, limit=11, peer=159),
    Row("await_ready", "co_await of a ready value", aim=5),
    Row("await_coroutine", "co_await of a coroutine that is ready"),
    Row("timer_cancel", "timer: cancel one, add another", aim=20, limit=11, peer=66),
    Row("timer_restart", "timer: restart an idle timeout", aim=5, limit=1.6, peer=22),
    Row("timer_fire", "timer: one of a million fired", aim=100, limit=66, peer=208, count=FIRED),
    Row("thread_call", "call from a thread, with a closure", aim=1.1 * 35, peer=177, within=1.1),
    Row("fiber_switch", "fiber: switch", aim=20, limit=4, peer=58),
    Row("fiber_run", "fiber: create, run, end", aim=60, limit=38, peer=238),
    Row("rendezvous", "channel: rendezvous", aim=80, peer=137),
    Row("error_value", "error through 4 coroutines: value", of=("error_thrown", 0.1)),
    Row("error_thrown", "error through 4 coroutines: thrown"),
    Row("error_thrown_traceback", "the same, with the traceback"),
]


class Program:
    def __init__(self, bin_dir, name, title):
        self.path, self.name, self.title = bin_dir / f"micro_{name}", name, title
        self.rows = self.said("--rows").split() if self.path.exists() else []

    def said(self, *arguments, before=(), path=None):
        done = subprocess.run([*before, path or self.path, *map(str, arguments)], capture_output=True, text=True,
                              timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"{self.path.name} {' '.join(map(str, arguments))}: {done.stderr[-500:] or done.returncode}")
        return done.stdout

    def measure(self, row, count, cpu):
        name, ns, mallocs = self.said(row, count, before=pinned(cpu, [])).split()
        if name != row:
            raise RuntimeError(f"{self.path.name}: said {name}, not {row}")
        return Cost(float(ns), float(mallocs))

    def instructions(self, row, folder, cpu):
        """For one, or None where valgrind cannot tell: two counts, so that the start cancels out. For a row whose
        preparation grows with the count there is a second row that only prepares."""
        stripped = pathlib.Path(folder) / self.path.name
        if not stripped.exists():  # valgrind cannot read clang's debug information
            subprocess.run(["strip", "--strip-debug", "-o", stripped, self.path], check=True)

        # Go: valgrind does not survive the signals by which goroutines are interrupted.
        environment = ["env", "GODEBUG=asyncpreemptoff=1"]

        def executed(of, count):
            out = pathlib.Path(folder) / "callgrind.out"
            self.said(of, count, path=stripped,
                      before=pinned(cpu, [*environment, "valgrind", "-q", "--tool=callgrind",
                                          f"--callgrind-out-file={out}"]))
            for line in out.read_text().splitlines():
                if line.startswith(("totals:", "summary:")):
                    return int(line.split()[1])
            raise RuntimeError("callgrind wrote no total")

        few, many = BATCH, 3 * BATCH
        try:
            if f"{row}_base" in self.rows:
                return (executed(row, many) - executed(f"{row}_base", many)) / (many + BATCH)  # the warm-up fires too
            return (executed(row, many) - executed(row, few)) / (many - few)
        except (RuntimeError, subprocess.TimeoutExpired):
            print(f"left out, valgrind cannot run it: the instructions of {self.title}, {row}", file=sys.stderr)
            return None


class Micro:
    def __init__(self, bench):
        self.bench, self.cpu = bench, bench.cpu
        self.slices = 2 if bench.quick else 8
        self.torc = Program(bench.bin, "torc", "torc")
        self.limit = Program(bench.bin, "limit", "the limit")
        self.peers = [Program(bench.bin, name, title) for name, title in PEERS.items()]
        for program in (self.torc, self.limit, *self.peers):
            if not program.rows:
                print(f"left out, not built: {program.title} ({program.path.name})", file=sys.stderr)

    def able(self, row):
        return [program for program in (self.torc, self.limit, *self.peers) if row.name in program.rows]

    def count(self, row, program):
        """So many that a slice takes ten milliseconds (one with --quick)."""
        if row.count:
            return 5 * BATCH if self.bench.quick else row.count
        ns = program.measure(row.name, 5 * BATCH, self.cpu).ns
        return max(1, round((1e6 if self.bench.quick else 1e7) / max(ns, 0.5) / BATCH)) * BATCH

    def times(self):
        """{row: {program: [[Cost of each slice] of each round]}}, and beside "again" a second one of the limit."""
        counts = {row.name: {program: self.count(row, program) for program in self.able(row)} for row in ROWS}
        found = {row.name: collections.defaultdict(list) for row in ROWS}
        for number in range(self.bench.rounds):
            for row in ROWS:
                progress(f"round {number + 1} of {self.bench.rounds}: {row.title}")
                turns = [(program, program) for program in counts[row.name]]
                if self.limit in counts[row.name]:
                    turns.append(("again", self.limit))
                slices = collections.defaultdict(list)
                # A million timers take a second to set; two of those stand for eight.
                for turn in range(min(self.slices, 2) if row.count else self.slices):
                    for key, program in turns[turn % len(turns):] + turns[:turn % len(turns)]:
                        slices[key].append(program.measure(row.name, counts[row.name][program], self.cpu))
                for key, costs in slices.items():
                    found[row.name][key].append(costs)
        return found

    def instructions(self):
        """{(row, program): instructions}; with --quick only of each program's first row."""
        if not shutil.which("valgrind"):
            print("left out, not installed: valgrind, and with it the instructions", file=sys.stderr)
            return {}
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            for program in (self.torc, self.limit, *self.peers):
                for row in [row for row in ROWS if row.name in program.rows][:1 if self.bench.quick else None]:
                    progress(f"callgrind: {program.title}, {row.title}")
                    found[row.name, program] = program.instructions(row.name, folder, self.cpu)
        return found

    def run(self):
        if not (self.torc.rows and self.limit.rows):
            return
        found, instructions = self.times(), self.instructions()

        def ns(row, program):
            return statistics.median(cost.ns for slices in found[row][program] for cost in slices)

        def mallocs(row, program):
            return statistics.median(cost.mallocs for slices in found[row][program] for cost in slices)

        def ratio(row, program, other, other_row=None):
            """The slices of one turn are compared."""
            return middle([statistics.median(own.ns / max(theirs.ns, 0.01) for own, theirs in zip(mine, others))
                           for mine, others in zip(found[row][program], found[other_row or row][other])])

        def counted(row, program):
            value = instructions.get((row, program))
            return "" if value is None else f"{value:,.0f}"

        def costs(row, program):
            return f"{ns(row, program):,.1f}", f"{mallocs(row, program):.3g}", counted(row, program)

        def against(value, target, unit=""):
            return "" if target is None else f"<= {target:.3g}{unit}: {'met' if value <= target else 'missed'}"

        limited = Table("Concurrency primitives beside the limit: CPU time, calls of malloc and instructions of one",
                        ["ns", "mallocs", "instructions", "limit ns", "mallocs", "instructions", "x limit", "spread",
                         "limit again", "target"])
        rivals = Table("Beside the best peer",
                       ["torc ns", "best peer", "ns", "mallocs", "instructions", "x peer", "spread", "target"])
        every = Table("All peers: ns (mallocs, instructions)", [program.title for program in self.peers])
        for row in ROWS:
            able = self.able(row)
            if self.torc not in able:
                continue
            cells = [""] * 7
            if self.limit in able:
                value, spread = ratio(row.name, self.torc, self.limit)
                again, _ = ratio(row.name, "again", self.limit)
                cells = [*costs(row.name, self.limit), f"{value:.2f}", f"±{spread:.2f}", f"{again:.2f}",
                         against(value, row.limit_target)]
            if row.alone:
                cells[-1] = against(ns(row.name, self.torc), row.alone, " ns")
            if row.of:
                share, _ = ratio(row.name, self.torc, self.torc, row.of[0])
                cells[-1] = f"{share:.3f} of thrown " + against(share, row.of[1])
            limited.add(row.title, *costs(row.name, self.torc), *cells)

            peers = [program for program in able if program in self.peers]
            if peers:
                best = min(peers, key=lambda program: ns(row.name, program))
                value, spread = ratio(row.name, self.torc, best)
                rivals.add(row.title, f"{ns(row.name, self.torc):,.1f}", best.title, *costs(row.name, best),
                           f"{value:.2f}", f"±{spread:.2f}", against(value, row.peer_target))
                every.add(row.title, *(self.cell(costs(row.name, program)) if program in peers else ""
                                       for program in self.peers))
        for table in limited, rivals, every:
            table.print()

    @staticmethod
    def cell(costs):
        ns, *rest = costs
        return f"{ns} ({', '.join(filter(None, rest))})"
