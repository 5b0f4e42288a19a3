#!/usr/bin/env python3
"""Lets a fault happen at every point of a bring-up or a rebuild, with real processes, and judges how it ended.

fault_matrix.py CELL_PROGRAM                        everything with 6 processes; takes an hour and more
fault_matrix.py CELL_PROGRAM --short                a spread of the cells, in about a minute
fault_matrix.py CELL_PROGRAM --ways mpi,unique_id --kinds kill,stop --ranks 0,1
fault_matrix.py CELL_PROGRAM --size 12 --filter MPI_Isend
fault_matrix.py CELL_PROGRAM --cell mpi/6/kill:3@MPI_Isend#2 --verbose

A cell is WAY/PROCESSES/FAULT,... with FAULT = KIND:RANK@POINT#NUMBER; see cells.py. Run it with the environment of
scripts/test, for example through `ctest -R faults_short`, or see docs/testing.md. How often each rank comes to each
point is counted in a run without a fault. A cell that fails is run once more, alone. Exit code 1: a cell failed both times.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

import cells as matrix
from judge import CHECKS, Run, impossible, judge
from judge_rebuild import judge_rebuild

SLACK = 1.0  # for a machine that is busy
PATIENCE = 60.0  # for the start of all processes
output = threading.Lock()
stopping = threading.Event()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the program fault_cell")
    parser.add_argument("--mpiexec", default="mpiexec")
    parser.add_argument("--size", type=int, default=6, help="processes")
    parser.add_argument("--ways", type=lambda text: text.split(","), default=matrix.WAYS + matrix.REBUILDS)
    parser.add_argument("--kinds", type=lambda text: text.split(","), help="kill, stop, exit, ...")
    parser.add_argument("--ranks", type=lambda text: {int(rank) for rank in text.split(",")})
    parser.add_argument("--filter", action="append", default=[], help="only cells whose name has all these texts")
    parser.add_argument("--cell", action="append", default=[], help="only these cells, by name")
    parser.add_argument("--count", type=int, help="a spread of so many cells for each way")
    parser.add_argument("--no-pairs", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--jobs", type=int, default=2, help="cells at the same time")
    parser.add_argument("--deadline", type=int, default=1500, help="milliseconds")
    parser.add_argument("--grace", type=int, default=800, help="milliseconds")
    parser.add_argument("--no-retry", action="store_true")
    parser.add_argument("--results", type=pathlib.Path, help="keep what each rank wrote in this file, a line for each cell")
    parser.add_argument("--resume", action="store_true", help="leave out the cells of the file of --results; the table has them too")
    parser.add_argument("--judge", action="store_true", help="judge the file of --results again; runs nothing")
    parser.add_argument("--list", action="store_true", help="print the names of the cells only")
    parser.add_argument("--verbose", action="store_true", help="print what each rank wrote")
    arguments = parser.parse_args()
    if (arguments.resume or arguments.judge) and not arguments.results:
        parser.error("--resume and --judge read the file of --results FILE, which is not given")
    return arguments


def recovery_options(mpiexec, is_rebuild):
    """The options with which this mpiexec lets the others go on when one process ends; none if it cannot. ULFM is for jobs that are
    rebuilt. That of Hydra, -disable-auto-cleanup, has no effect on processes that have called MPI_Init."""
    def works(options):
        return subprocess.run([mpiexec, *options, "-n", "1", "true"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
    ulfm = ["--with-ft", "ulfm"]
    if is_rebuild and works(ulfm):
        return ulfm
    return ["--enable-recovery"] if works(["--enable-recovery"]) else []


def limit_of(arguments, cell):
    """Seconds by which every process has ended. A bring-up settles its error some graces after the deadline. A rebuild is two
    meetings and, in between, a bring-up; each may end so late, once more for each process that is lost meanwhile."""
    meeting = (arguments.deadline + 4 * arguments.grace) / 1000
    slack = SLACK + (freeze_of(arguments) if is_frozen(cell) else 0)
    if not matrix.is_rebuild(cell.way):
        return meeting + slack
    return 4 * meeting * max(len(cell.faults), 1) + slack


def is_frozen(cell):
    return any(fault.kind == "freeze" for fault in cell.faults)


def freeze_of(arguments):
    """Seconds for which all processes stand still together: beyond the deadline, and beyond every wait that follows it."""
    return (arguments.deadline + 5 * arguments.grace) / 1000


class Job:
    """One start of the program: a folder, the launcher, and what the processes wrote."""

    def __init__(self, arguments, options, cell):
        self.arguments, self.options, self.cell = arguments, options, cell

    def run(self):
        with tempfile.TemporaryDirectory(prefix="rankmesh-faults-") as folder:
            self.folder = pathlib.Path(folder)
            with open(self.folder / "output", "wb") as out:
                self.launcher = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                 start_new_session=True, env=self.environment())
                try:
                    self.watch()
                finally:
                    left_over = self.clean_up()
            self.output = (self.folder / "output").read_text(errors="replace")
            notes = {rank: self.folder / f"met.{rank}" for rank in range(self.cell.size)}
            met = {rank: float(note.read_text() or 0) for rank, note in notes.items() if note.exists()}
            made = {rank for rank in range(self.cell.size) if (self.folder / f"made.{rank}").exists()}
            return Run(self.outcomes(), met, left_over, made, self.shared_memory() if self.launcher.returncode != -signal.SIGKILL else [])

    def command(self):
        faults = ",".join(map(str, self.cell.faults)) or "none"
        return ([self.arguments.mpiexec] + self.options
                + ["-n", str(self.cell.size), self.arguments.program, str(self.folder), self.cell.way, faults,
                   str(self.arguments.deadline), str(self.arguments.grace)])

    def environment(self):
        environment = dict(os.environ)
        if not self.options:
            environment["RANKMESH_FAULTS_LINGER"] = "1"
        return environment

    def outcomes(self):
        return {rank: json.loads((self.folder / f"outcome.{rank}").read_text()) for rank in range(self.cell.size)
                if (self.folder / f"outcome.{rank}").exists()}

    def pids(self):
        texts = {rank: self.folder / f"pid.{rank}" for rank in range(self.cell.size)}
        return {rank: int(path.read_text()) for rank, path in texts.items() if path.exists() and path.stat().st_size > 0}

    def watch(self):
        """Until all ranks but those that are gone have ended, or much longer than they may take."""
        gone = {fault.rank for fault in self.cell.faults if fault.kind in matrix.GONE | {"hang"}}
        until = time.monotonic() + PATIENCE
        self.has_begun = False
        frozen = {fault.rank for fault in self.cell.faults if fault.kind == "freeze"}
        while time.monotonic() < until and self.launcher.poll() is None and not stopping.is_set():
            ended = set(self.outcomes())
            if ended >= set(range(self.cell.size)) - gone:
                # Those whose fault did not happen end too.
                waits = [rank for rank in gone - ended if not (self.folder / f"met.{rank}").exists()
                         or any(fault.kind in ("die", "hang") and fault.rank == rank for fault in self.cell.faults)]
                if not waits or time.monotonic() > self.begun + self.limit():
                    break
            if not self.has_begun and len(self.pids()) == self.cell.size:
                self.has_begun, self.begun = True, time.monotonic()
                until = self.begun + self.limit() + 4
            if any((self.folder / f"met.{rank}").exists() for rank in frozen):
                frozen = set()
                stopping.wait(freeze_of(self.arguments))
                for pid in self.pids().values():
                    if self.is_own(pid):
                        os.kill(pid, signal.SIGCONT)
            time.sleep(0.05)
        (self.folder / "end").touch()

    def limit(self):
        return limit_of(self.arguments, self.cell)

    def shared_memory(self):
        """The files of shared memory that the processes used and that are still there. (deleted) is what Linux adds to the
        name of a file that is gone."""
        notes = [self.folder / f"shared.{rank}" for rank in range(self.cell.size)]
        files = {name for note in notes if note.exists() for name in note.read_text().splitlines()}
        return sorted(name for name in files if os.path.exists(name))

    def is_own(self, pid):
        try:
            return str(self.folder).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False

    def clean_up(self):
        """Ends stopped and hanging ranks and the launcher. Returns the ranks that should have ended but had not."""
        meant = {fault.rank for fault in self.cell.faults if fault.kind in matrix.GONE | {"hang"}}
        pids = self.pids()
        for rank in meant & set(pids):
            if self.is_own(pids[rank]):
                os.kill(pids[rank], signal.SIGKILL)
        until = time.monotonic() + 5
        while time.monotonic() < until and any(self.is_own(pid) for pid in pids.values()):
            time.sleep(0.02)
        left = [rank for rank, pid in sorted(pids.items()) if self.is_own(pid)]
        for rank in left:
            os.kill(pids[rank], signal.SIGKILL)
        try:
            self.launcher.wait(5)
        except subprocess.TimeoutExpired:
            # Open MPI's launcher sometimes stays when all its processes have ended.
            os.killpg(self.launcher.pid, signal.SIGKILL)
            self.launcher.wait()
        return left


class Matrix:
    def __init__(self, arguments):
        self.arguments = arguments
        self.options = {is_rebuild: recovery_options(arguments.mpiexec, is_rebuild) for is_rebuild in (False, True)}
        self.results = {}

    def options_of(self, cell):
        return self.options[matrix.is_rebuild(cell.way)]

    def counts(self, cell):
        """How often each rank meets each point: the most of two runs, since timing changes the number of messages."""
        most = collections.defaultdict(dict)
        for _ in range(2):
            run = Job(self.arguments, self.options_of(cell), cell).run()
            if len(run.outcomes) + len(cell.faults) < cell.size:
                sys.exit(f"fault_matrix: {cell.name} did not end")
            for rank, outcome in run.outcomes.items():
                for point, count in outcome["points"].items():
                    most[rank][point] = max(count, most[rank].get(point, 0))
        return most

    def chosen(self):
        if self.arguments.cell:
            return [matrix.cell_named(name) for name in self.arguments.cell]
        result = []
        per_way = 5 if self.arguments.short else self.arguments.count
        size = self.arguments.size
        # What a rebuild counts is what the others do when one process is lost.
        without_fault = [matrix.Cell(way, size, (matrix.Fault("kill", size // 2, "known", 1),) if matrix.is_rebuild(way) else ())
                         for way in self.arguments.ways]
        with concurrent.futures.ThreadPoolExecutor(self.arguments.jobs) as pool:
            counted = list(pool.map(self.counts, without_fault))
        for way, counts in zip(self.arguments.ways, counted):
            if matrix.is_rebuild(way):
                found = list(matrix.rebuild_bases(way, size)) + list(matrix.rebuild_cells(way, size, counts))
            else:
                found = list(matrix.single_cells(way, self.arguments.size, counts))
            if not self.arguments.no_pairs and not matrix.is_rebuild(way):
                found += matrix.pair_cells(way, self.arguments.size, counts)
                # The protocol is the same in every way.
                if way == "mpi" and not self.arguments.short:
                    for base in matrix.recovery_bases(way, self.arguments.size):
                        found += matrix.recovery_cells(base, self.counts(base))
            found = [cell for cell in dict.fromkeys(found) if self.is_wanted(cell)]
            result += matrix.spread(found, per_way) if per_way else found
        return result

    def is_wanted(self, cell):
        wanted = self.arguments
        return (all(text in cell.name for text in wanted.filter)
                and (not wanted.kinds or all(fault.kind in wanted.kinds for fault in cell.faults))
                and (not wanted.ranks or all(fault.rank in wanted.ranks for fault in cell.faults)))

    def try_cell(self, cell):
        if cell.needs_recovery and not self.options_of(cell):
            return "not run", []
        job = Job(self.arguments, self.options_of(cell), cell)
        run = job.run()
        if not job.has_begun:
            run = job.run()  # mpiexec has started nothing, which says nothing about the cell
        if self.arguments.results:
            with output, open(self.arguments.results, "a") as file:
                print(json.dumps([cell.name, vars(run)], default=sorted), file=file)
        if self.arguments.verbose:
            with output:
                for rank, outcome in sorted(run.outcomes.items()):
                    print(f"  rank {rank}: {json.dumps(outcome)}")
                print(f"  met: {sorted(run.met)}\n{job.output}")
        return self.verdict(cell, run)

    def verdict(self, cell, run):
        if matrix.is_rebuild(cell.way):
            state = "tried" if all(fault.rank in run.met for fault in cell.faults) else "not reached"
            return state, judge_rebuild(cell, run, limit_of(self.arguments, cell))
        has_met = any(fault.rank in run.met or fault.kind == "differ" for fault in cell.faults)
        return ("tried" if has_met or not cell.faults else "not reached"), judge(
            cell, run, self.arguments.deadline / 1000, limit_of(self.arguments, cell))

    def read_results(self):
        """Judges the file of --results; the last run of each cell counts. Returns the cells of which any run failed."""
        failed = {}  # as a set in order
        for line in self.arguments.results.read_text().splitlines():
            name, fields = json.loads(line)
            run = Run({int(rank): outcome for rank, outcome in fields["outcomes"].items()},
                      {int(rank): when for rank, when in fields["met"].items()}, fields["left_over"], set(fields["made"]), fields["shared"])
            cell = matrix.cell_named(name)
            self.results[cell] = self.verdict(cell, run)
            if self.results[cell][1]:
                failed[cell] = True
        return list(failed)

    def judge_again(self):
        failed = self.read_results()
        return self.conclude(failed, [cell for cell in failed if self.results[cell][1]])

    def conclude(self, failed, twice):
        self.print_table()
        self.print_failures(failed, twice)
        return 1 if any(not impossible(cell) for cell in twice) else 0

    def run(self):
        if self.arguments.judge:
            return self.judge_again()
        # So that a run that is ended early has cells from everywhere.
        chosen = matrix.spread(self.chosen(), None)
        if self.arguments.resume and self.arguments.results.exists():
            self.read_results()
            chosen = [cell for cell in chosen if cell not in self.results]
        if self.arguments.list:
            print("\n".join(cell.name for cell in chosen))
            return 0
        with concurrent.futures.ThreadPoolExecutor(self.arguments.jobs) as pool:
            waiting = {pool.submit(self.try_cell, cell): cell for cell in chosen}
            for done in concurrent.futures.as_completed(waiting):
                if stopping.is_set():
                    pool.shutdown(cancel_futures=True)
                    break
                self.note(waiting[done], *done.result())
        failed = [cell for cell, (_, problems) in self.results.items() if problems]
        twice = failed if self.arguments.no_retry or stopping.is_set() else []
        if not self.arguments.no_retry and not stopping.is_set():
            for cell in failed:
                state, problems = self.try_cell(cell)
                if problems:
                    twice.append(cell)
                else:
                    self.results[cell] = (state, problems)
        return self.conclude(failed, twice)

    def note(self, cell, state, problems):
        self.results[cell] = (state, problems)
        if not problems:
            return
        with output:
            print(f"FAILED {cell.name}")
            print("\n".join(f"    {check}: {kind}: {text}" for check, kind, text in problems))
            sys.stdout.flush()

    def print_table(self):
        print(f"\n{'way':22} {'cells':>6} {'tried':>6} {'not reached':>12} {'not run':>8} "
              + " ".join(f"{check:>15}" for check in CHECKS) + f" {'all':>6} {'impossible':>11}")
        for way in dict.fromkeys(cell.way for cell in self.results):
            of_way = [result for cell, result in self.results.items() if cell.way == way]
            states = collections.Counter(state for state, _ in of_way)
            passed = [sum(state != "not run" and all(problem[0] != check for problem in problems)
                          for state, problems in of_way) for check in CHECKS]
            everything = sum(state != "not run" and not problems for state, problems in of_way)
            excused = sum(bool(problems and impossible(cell)) for cell, (_, problems) in self.results.items()
                          if cell.way == way)
            print(f"{way:22} {len(of_way):6} {states['tried']:6} {states['not reached']:12} {states['not run']:8} "
                  + " ".join(f"{count:15}" for count in passed) + f" {everything:6} {excused:11}")
        if not self.options[False]:
            print("not run: this mpiexec ends all processes when one of them ends")

    def print_failures(self, failed, twice):
        for cell in (cell for cell in twice if impossible(cell)):
            print(f"impossible: {cell.name}: {impossible(cell)}")
        failed, twice = ([cell for cell in some if not impossible(cell)] for some in (failed, twice))
        kinds = collections.Counter(kind for cell in twice for kind in {kind for _, kind, _ in self.results[cell][1]})
        print(f"\nfailed once of two times: {len(failed) - len(twice)} cells, which the table counts as passed")
        for kind, count in kinds.most_common():
            print(f"{kind}: {count} cells")
        for cell in sorted(twice, key=lambda cell: cell.name):
            command = [sys.argv[0], self.arguments.program, "--deadline", str(self.arguments.deadline), "--grace",
                       str(self.arguments.grace), "--cell", cell.name, "--verbose"]
            print(f"failed, {', '.join(sorted({kind for _, kind, _ in self.results[cell][1]}))}: {shlex.join(command)}")


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())  # ends the processes, and prints what is known
    sys.exit(Matrix(parse_arguments()).run())
