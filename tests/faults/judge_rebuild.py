"""Whether a rebuild ended as docs/recovery.md promises."""

from cells import GONE, is_mpi


def judge_rebuild(cell, run, limit):
    """What is wrong, as a list of (check, kind, text), with the checks of judge.py. Empty: all is as promised."""
    problems = []

    def wrong(check, kind, text):
        problems.append((check, kind, text))

    met = {fault.rank: fault for fault in cell.faults if fault.rank in run.met}
    gone = {rank for rank, fault in met.items() if fault.kind in GONE | {"hang"} and rank not in run.outcomes}
    faulty = {rank for rank, fault in met.items() if fault.kind in ("error", "async", "late", "hang")}
    processes = set(range(cell.size))

    # In time.
    for rank in sorted(processes - gone):
        paused = run.met[rank] + 5 if rank in met and met[rank].kind == "late" else 0
        if rank not in run.outcomes:
            wrong("in time", "a process does not end", f"process {rank} did not end")
        elif run.outcomes[rank]["elapsed"] > limit + paused:
            wrong("in time", "a process ends late", f"process {rank} ended after {run.outcomes[rank]['elapsed']:.2f} s")
    ended = {rank: run.outcomes[rank] for rank in processes - gone if rank in run.outcomes}

    # Who does not go on: without fault tolerance in MPI, whoever is in a call that another process has left or never entered.
    dropped = {rank for rank, outcome in ended.items() if outcome["type"] in ("DeclaredLostError", "own exception", "stuck")}
    for rank in sorted(dropped - faulty):
        if not (ended[rank]["type"] == "stuck" and is_mpi(cell.way) and len(gone | faulty) > 1):
            wrong("right names", "a healthy process is dropped", f"process {rank}: {ended[rank]['text']}")

    # The same outcome.
    others = {rank: outcome for rank, outcome in ended.items() if rank not in dropped}
    outcomes = {}
    for rank, outcome in others.items():
        what = outcome.get("text") or f"lost {outcome['lost']}, ranks {outcome['process_of_rank']}, attempts {outcome['attempts']}"
        outcomes.setdefault((outcome["type"], what), []).append(rank)
    if len(outcomes) > 1:
        wrong("same error", "different outcomes", "; ".join(f"{ranks}: {kind} {text}" for (kind, text), ranks in outcomes.items()))
    if not others:
        wrong("same error", "nobody goes on", "no process is left that could go on")

    # The right one.
    for rank, outcome in sorted(others.items()):
        kind = outcome["type"]
        if kind == "rebuilt":
            lost = set(outcome["lost"])
            if not lost <= gone | dropped:
                wrong("right names", "a running process is lost", f"process {rank}: {sorted(lost - gone - dropped)} are alive")
            # Who dies when all its work is done is found by the next rebuild.
            late_deaths = {other for other in gone | (dropped & faulty)
                           if other in run.made or other not in outcome["process_of_rank"]}
            if not (gone | dropped) - late_deaths <= lost:
                wrong("right names", "a lost process is not named", f"process {rank}: only {sorted(lost)} are lost")
            if set(outcome["process_of_rank"]) & lost:
                wrong("right names", "a lost process has a rank", f"process {rank}: {outcome['process_of_rank']}")
            if outcome.get("wrong"):
                wrong("right names", "a communicator is wrong", f"process {rank}: {outcome['wrong']}")
        elif kind == "BringUpError":
            if not {int(failed) for failed in outcome["failures"]} & faulty:
                wrong("right names", "an error without a fault", f"process {rank}: {outcome['text']}")
        elif 2 * len(others) > cell.size:
            wrong("right names", "given up although enough are left", f"process {rank}: {kind}: {outcome['text']}")

    # What is left.
    for rank, outcome in sorted(others.items()):
        leaks = {name: count for name, count in outcome.get("surplus", {}).items() if count > 0 and outcome["attempts"] == 1}
        if outcome["holds"]["threads"] > 0:
            leaks["threads"] = outcome["holds"]["threads"]
        if leaks:
            wrong("nothing leaked", "something held after a rebuild", f"process {rank}: {leaks}")
    run.left(wrong)
    return problems
