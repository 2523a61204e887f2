"""What the compiler spends on sources as users have them: CPU time and peak memory of one clang++ process."""

import collections
import os
import re
import subprocess
import sys
import tempfile

from processes import HERE, pinned

COMMAND = ["clang++-19", "-std=c++23", "-O2", "-c", "-o", "/dev/null"]

Cost = collections.namedtuple("Cost", "seconds mib")


class Unit:
    def __init__(self, title, source, flags=(), target_seconds=None, target_mib=None):
        self.title, self.source, self.flags = title, source, flags
        self.target_seconds, self.target_mib = target_seconds, target_mib

    def best_of(self, times, cpu):
        """None, and the compiler's own words, for what does not compile."""
        costs = []
        with tempfile.NamedTemporaryFile("w", suffix=".cpp") as file:
            file.write(self.source)
            file.flush()
            for _ in range(times):
                process = subprocess.Popen(pinned(cpu, [*COMMAND, *self.flags, file.name]))
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                if process.returncode != 0:
                    print(f"left out, does not compile: {self.title}", file=sys.stderr)
                    return None
                costs.append(Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
        return min(costs)


def compile_units(root, build):
    """The sources to compile. Those that do not exist yet are named and left out."""
    yield Unit("an empty main", "int main() {}\n")

    torc = [f"-I{root / 'include'}", f"-I{build / 'include'}"]  # the second has the generated version.hpp
    if (root / "include/torc/torc.hpp").exists():
        yield Unit("#include <torc/torc.hpp>", "#include <torc/torc.hpp>\nint main() {}\n", torc, target_seconds=1.0)
    else:
        print("left out, does not exist: include/torc/torc.hpp", file=sys.stderr)

    readme = root / "README.md"
    listings = re.findall(r"^```cpp\n(.*?)^```", readme.read_text() if readme.exists() else "", re.M | re.S)
    server = next((listing for listing in listings if "http::serve" in listing and "main(" in listing), None)
    if server:
        yield Unit("the HTTP server in README.md", server, torc, target_seconds=2.5, target_mib=350)
    else:
        print("left out, not in README.md: a program with http::serve", file=sys.stderr)

    if os.path.exists("/usr/include/boost/asio.hpp"):
        yield Unit("#include <boost/asio.hpp>", "#include <boost/asio.hpp>\nint main() {}\n")
        for name in "echo_asio", "echo_asio_coro":
            source = HERE / "peers" / f"{name}.cpp"
            yield Unit(f"bench/peers/{source.name}", f'#include "{source}"\n')
