"""Programs under measurement: started on one CPU, bounded in time, ended by their own pid."""

import contextlib
import os
import pathlib
import select
import shutil
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def pinned(cpu, command):
    """The command on one CPU; it keeps the pid and does not outlive this program.

    SCHED_BATCH, because a task that wakes another is then not preempted by it: client and server on one CPU take turns
    only where they block, at the same points for every server. Otherwise some servers are stopped between a write and
    the next wait and others are not, by luck, and the first then find work waiting and never sleep.
    """
    return ["setpriv", "--pdeathsig", "KILL", "chrt", "--batch", "0", "taskset", "--cpu-list", str(cpu),
            *map(str, command)]


class Running:
    """A process that lives as long as the `with` block. With a `word`, it is waited for until it has said
    `<word> <number>`."""

    def __init__(self, command, word=None, wait=60):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        if word:
            self.number = self.announced(word, wait)

    def announced(self, word, wait):
        ready, _, _ = select.select([self.process.stdout], [], [], wait)
        said = self.process.stdout.readline().split() if ready else []
        if len(said) != 2 or said[0] != word:
            self.__exit__()
            raise RuntimeError(f"{self.process.args[-1]}: said {said}, not '{word} n'")
        return int(said[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def settled_memory(self):
        """Bytes this process alone has written (heap, stacks, data), once it has been quiet for a while."""
        proc = pathlib.Path("/proc") / str(self.pid)
        before = -1
        while before != (now := [task.read_text().split()[0] for task in proc.glob("task/*/schedstat")]):
            before = now
            time.sleep(0.2)
        for line in (proc / "smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1]) * 1024


class Server:
    """A program of bin/bench, with more options for it."""

    def __init__(self, name, title, target=None, certificate=None, options=(), backend=None):
        self.name, self.title, self.target, self.certificate, self.options = name, title, target, certificate, options
        self.backend = backend  # what a reactor waits with

    def found(self, bin_dir):
        return (bin_dir / self.name).exists()

    def __call__(self, bin_dir, cpu):
        arguments = ["--certificate", self.certificate] if self.certificate else []
        backend = ["env", f"TORC_BACKEND={self.backend}"] if self.backend else []
        return Running(pinned(cpu, [*backend, bin_dir / self.name, *arguments, *self.options]), "PORT")


@contextlib.contextmanager
def certificate():
    """The path of a PEM file with a certificate for P-256 and its key."""
    with tempfile.TemporaryDirectory() as folder:
        key, pem = pathlib.Path(folder) / "key.pem", pathlib.Path(folder) / "site.pem"
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-subj", "/CN=localhost", "-keyout", key, "-out", pem], check=True, capture_output=True)
        pem.write_text(pem.read_text() + key.read_text())
        yield pem


class Nginx(Server):
    """The system's nginx under our configuration. It cannot choose a port by itself, nor say when it is ready."""

    binary = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")

    def found(self, bin_dir):
        return self.binary is not None

    @contextlib.contextmanager
    def __call__(self, bin_dir, cpu):
        with tempfile.TemporaryDirectory() as folder:
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            config = pathlib.Path(folder) / "nginx.conf"
            text = (HERE / "peers" / f"{self.name}.conf").read_text()
            for mark, value in ("@PORT@", port), ("@DIR@", folder), ("@CERTIFICATE@", self.certificate):
                text = text.replace(mark, str(value))
            config.write_text(text)
            with Running(pinned(cpu, [self.binary, "-c", config])) as running:
                running.number = port
                for _ in range(100):
                    with socket.socket() as probe:
                        if probe.connect_ex(("127.0.0.1", port)) == 0:
                            break
                    time.sleep(0.05)
                yield running


def run_load(command, cpu, limit=120):
    """Runs a load to its end and returns the numbers of each line it prints."""
    done = subprocess.run(pinned(cpu, [*command, "--time-limit", limit]), capture_output=True, text=True,
                          timeout=limit + 5)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")
    return [list(map(float, line.split())) for line in done.stdout.splitlines()]
