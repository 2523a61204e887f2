"""Numbers of several rounds made into a table."""

import statistics
import sys


def middle(rounds):
    """The median of what the rounds found, and half the distance between the lowest and the highest of them."""
    return statistics.median(rounds), (max(rounds) - min(rounds)) / 2


def verdict(value, target):
    return "" if target is None else f"<= {target:g}: {'met' if value <= target else 'missed'}"


def progress(text=""):
    """Overwrites the last line of a terminal; elsewhere, one line for each step."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


class Table:
    """Columns that stay empty are not printed, nor is a table without rows."""

    def __init__(self, title, heads):
        self.title, self.rows = title, [["", *heads]]

    def add(self, *cells):
        self.rows.append(cells)

    def print(self):
        if len(self.rows) == 1:
            return
        columns = [column for column in zip(*self.rows) if any(column[1:])]
        widths = [max(map(len, column)) for column in columns]
        lines = ["  ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]).rstrip()
                 for cells in zip(*columns)]
        progress()
        print(f"\n{self.title}", lines[0], "-" * max(map(len, lines)), *lines[1:], sep="\n", flush=True)
