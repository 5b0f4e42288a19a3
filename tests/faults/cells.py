"""The cells of the matrix: which fault happens to which rank, where, in which kind of bring-up or rebuild."""

import dataclasses
import hashlib
import re

WAYS = ["mpi", "mpi-each", "unique_id", "unique_id-blocking", "mpi_split", "mpi_split-blocking", "nccl_split",
        "nccl_split-blocking"]

# Rebuilds, without spares and with two.
REBUILDS = ["mpi-rebuild", "mpi-rebuild-spares", "unique_id-rebuild", "unique_id-rebuild-spares"]

# Faults after which the process is gone, or never answers again.
GONE = {"kill", "stop", "exit", "die"}
# Faults that end the process: without the launcher's consent it ends all others.
ENDING = {"kill", "exit", "die"}

EVERYWHERE = ["kill", "stop", "exit", "error", "slow", "late", "freeze"]
KINDS_AT = {
    "done": ["kill", "stop", "exit"],
    "progress": ["error"],
    "ncclGetUniqueId": EVERYWHERE + ["hang"],
    "ncclCommInitRankConfig": EVERYWHERE + ["async", "die", "hang"],
    "ncclCommSplit": EVERYWHERE + ["async", "die", "hang"],
}
OPTIONS = ["tensor", "job_field", "on_stuck", "sharing_key", "arrivals"]
NCCL_OPTIONS = ["strategy", "blocking"]


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    rank: int
    point: str
    number: int

    def __str__(self):
        return f"{self.kind}:{self.rank}@{self.point}#{self.number}"


@dataclasses.dataclass(frozen=True)
class Cell:
    """One run. Its name selects it: `mpi/6/kill:3@MPI_Isend#2`."""
    way: str
    size: int
    faults: tuple

    @property
    def name(self):
        return f"{self.way}/{self.size}/" + (",".join(map(str, self.faults)) or "none")

    @property
    def needs_recovery(self):
        return any(fault.kind in ENDING for fault in self.faults)


def cell_named(name):
    way, size, text = name.split("/", 2)
    faults = []
    for word in [] if text == "none" else text.split(","):
        kind, rank, point, number = re.fullmatch(r"(\w+):(\d+)@(\w+)#(\d+)", word).groups()
        faults.append(Fault(kind, int(rank), point, int(number)))
    return Cell(way, int(size), tuple(faults))


def is_mpi(way):
    return way in ("mpi", "mpi-each") or way.startswith("mpi-rebuild")


def is_rebuild(way):
    return way in REBUILDS


def roles(size):
    """Rank 0, its deputies, an inner node of the tree where there is one, and a leaf."""
    return [0, 1, 8, size - 1] if size > 9 else [0, 1, 2, size - 1]


def points_of(counts):
    """Each point with each of its numbers, in a fixed order."""
    return [(point, number) for point in sorted(counts) for number in range(1, counts[point] + 1)]


def single_cells(way, size, counts):
    """One rank. `counts`: how often each rank met each point in a run without a fault."""
    for rank in roles(size):
        for point, number in points_of(counts[rank]):
            for kind in KINDS_AT.get(point, EVERYWHERE):
                yield Cell(way, size, (Fault(kind, rank, point, number),))
        for option in OPTIONS + ([] if is_mpi(way) else NCCL_OPTIONS):
            yield Cell(way, size, (Fault("differ", rank, option, 1),))


def pair_cells(way, size, counts, each=8):
    """Two ranks, a sample of the points; and all three collectors, of which nobody is left to ask."""
    leaf = size - 1
    for kind in ("kill", "stop"):
        yield Cell(way, size, tuple(Fault(kind, rank, "before", 1) for rank in (0, 1, 2)))
        for pair in ((0, 1), (0, 2), (1, 2), (0, leaf), (1, leaf)):
            both = [tuple(Fault(kind, rank, *place) for rank, place in zip(pair, places))
                    for places in ((a, b) for a in points_of(counts[pair[0]]) if a[0] != "progress"
                                   for b in points_of(counts[pair[1]]) if b[0] != "progress")]
            yield Cell(way, size, tuple(Fault(kind, rank, "before", 1) for rank in pair))
            for faults in sorted(both, key=lambda f: digest(str(f)))[:each]:
                yield Cell(way, size, faults)


def rebuild_bases(way, size):
    """Losses before a rebuild: of the first process, which leads, of an inner one, and of a spare or the last one; nobody
    knows of them, or the others name them."""
    for point in ("before", "known"):
        for rank in (0, 1, size // 2, size - 1):
            for kind in ("kill", "stop", "exit"):
                yield Cell(way, size, (Fault(kind, rank, point, 1),))
    for rank in (0, size // 2):
        yield Cell(way, size, (Fault("late", rank, "before", 1),))


def rebuild_cells(way, size, counts):
    """A process is lost, and a second one leaves at each call that it makes during the rebuild.
    `counts`: how often each process met each point when only the first was lost."""
    first = Fault("kill", size // 2, "known", 1)
    for rank in [0, 1, size - 2, size - 1]:
        for point, number in points_of(counts[rank]):
            if point in ("before", "known", "progress", "done"):
                continue
            # How many calls the first bring-up makes is known for initialisation alone.
            for kind in EVERYWHERE if point == "ncclGetUniqueId" else KINDS_AT.get(point, EVERYWHERE):
                yield Cell(way, size, (first, Fault(kind, rank, point, number)))


def recovery_bases(way, size):
    """Faults whose error the others then settle: of a leaf, and of the leader."""
    return [Cell(way, size, (Fault("stop", rank, "before", 1),)) for rank in (size - 1, 0)]


def recovery_cells(base, counts):
    """A second rank stops at each message by which the others settle the error for the first.
    `counts`: how often each rank met each point in `base`."""
    first = base.faults[0]
    for kind in ("kill", "stop", "late"):
        for rank in {0, 1, 2} - {first.rank}:
            for point, number in points_of({name: counts[rank].get(name, 0) for name in ("MPI_Isend", "MPI_Mrecv")}):
                yield Cell(base.way, base.size, (first, Fault(kind, rank, point, number)))


def digest(text):
    return hashlib.sha1(text.encode()).hexdigest()


def spread(cells, count):
    """As many of the cells, the same ones in each run, from all over the matrix."""
    return sorted(cells, key=lambda cell: digest(cell.name))[:count]
