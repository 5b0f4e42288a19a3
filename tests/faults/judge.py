"""Whether a cell ended as docs/guide.md promises ("Know what happens when ranks die or hang")."""

import re

from cells import GONE, is_mpi

# What is judged; a problem is one of these and a kind of its own.
CHECKS = ["in time", "same error", "right names", "nothing leaked"]


class Run:
    """What is known of a run: the outcomes by rank, when ranks met their fault (seconds), processes left over, the ranks
    that have made all communicators, and files of shared memory left over."""

    def __init__(self, outcomes, met, left_over, made, shared):
        self.outcomes = outcomes
        self.met = met
        self.left_over = left_over
        self.made = made
        self.shared = shared

    def left(self, wrong):
        """Tells what no process of a job may leave."""
        if self.left_over:
            wrong("nothing leaked", "a process left over", f"processes of ranks {self.left_over} are left")
        if self.shared:
            wrong("nothing leaked", "shared memory left over", f"{self.shared} are left")


def judge(cell, run, deadline, limit):
    """What is wrong, as a list of (check, kind, text). Empty: all is as promised."""
    problems = []

    def wrong(check, kind, text):
        problems.append((check, kind, text))

    met = {fault.rank: fault for fault in cell.faults if fault.rank in run.met or fault.kind == "differ"}
    victims = {kind: {rank for rank, fault in met.items() if fault.kind == kind} for kind in
               ("slow", "late", "error", "freeze", "async", "hang", "differ")}
    gone = {rank for rank, fault in met.items() if fault.kind in GONE and rank not in run.outcomes}
    # ncclGetUniqueId has no communicator that could be aborted: the call never returns, as the guide says.
    in_the_call_for_ever = {rank for rank in victims["hang"]
                            if met[rank].point == "ncclGetUniqueId" and rank not in run.outcomes}
    # A rank that answered after the deadline and dies while the verdict is settled is not known to be gone.
    # The deadline counts from the first rank that comes, the time of the fault from when its own rank does.
    answered = {rank for rank in gone if run.met[rank] >= deadline - 0.05}
    survivors = set(range(cell.size)) - gone - in_the_call_for_ever
    silent = gone | in_the_call_for_ever

    # In time.
    for rank in sorted(survivors):
        if rank not in run.outcomes:
            wrong("in time", "a rank does not end", f"rank {rank} did not end")
        elif run.outcomes[rank]["elapsed"] > limit:
            wrong("in time", "a rank ends late", f"rank {rank} ended after {run.outcomes[rank]['elapsed']:.2f} s")
    ended = {rank: run.outcomes[rank] for rank in survivors if rank in run.outcomes}
    stuck = {rank: outcome for rank, outcome in ended.items() if outcome["type"] == "stuck"}
    own = {rank for rank, outcome in ended.items() if outcome["type"] == "own exception"}
    returned = {rank: outcome for rank, outcome in ended.items() if rank not in stuck and rank not in own}

    # The same verdict.
    verdicts = {}
    for rank, outcome in returned.items():
        # Without a collector each rank measures by itself how long it waited.
        text = outcome.get("text", "")
        if outcome.get("complete") is False:
            text = re.sub(r"within [^;,]*", "", text)
        verdicts.setdefault((outcome["type"], text), []).append(rank)
    if len(verdicts) > 1:
        wrong("same error", "different verdicts", "; ".join(f"{ranks}: {kind} {text}" for (kind, text), ranks in verdicts.items()))
    types = {kind for kind, _ in verdicts}
    if stuck and "success" in types:
        wrong("same error", "stuck and success", f"{sorted(stuck)} are stuck, others succeeded")
    names = {}
    for rank, outcome in (stuck | returned).items():
        if outcome["type"] in ("stuck", "DeadlineError", "BringUpError") and outcome.get("complete", True):
            named = (sorted(outcome.get("missing", [])), sorted(outcome.get("failures", {})))
            names.setdefault(str(named), []).append(rank)
    if len(names) > 1:
        wrong("same error", "stuck ranks with other names", str(names))

    # The names.
    not_well = silent | victims["late"] | victims["hang"]
    for rank in sorted(own - victims["error"]):
        wrong("right names", "an exception of its own", f"rank {rank}: {ended[rank]['text']}")
    for rank, outcome in sorted(ended.items()):
        kind = outcome["type"]
        missing = set(outcome.get("missing", []))
        failures = {int(failed) for failed in outcome.get("failures", {})}
        if kind == "DeadlineError":
            # A rank that its own exception has ended is gone.
            falsely = missing - not_well - own
            if falsely:
                kind = "a stuck rank named as missing" if falsely <= set(stuck) else "a running rank named as missing"
                wrong("right names", kind, f"rank {rank}: {sorted(falsely)} are alive: {outcome['text']}")
            unnamed = silent - answered - missing if outcome["complete"] else missing - silent
            if unnamed:
                wrong("right names", "a missing rank not named",
                      f"rank {rank}: {sorted(unnamed)} are not named: {outcome['text']}")
            if not (met and (not_well or own or stuck or victims["freeze"])):
                wrong("right names", "an error without a fault", f"rank {rank}: nothing was late: {outcome['text']}")
        elif kind == "BringUpError":
            faulty = victims["error"] | victims["async"]
            # NCCL reports a dead or failed peer where it notices: the guide says so.
            by_nccl = not is_mpi(cell.way) and all("nccl" in text for failed, text in outcome["failures"].items()
                                                   if int(failed) not in faulty)
            if not (failures & faulty or by_nccl):
                wrong("right names", "a failed rank not named", f"rank {rank}: {outcome['text']}")
            if failures - faulty and not by_nccl:
                wrong("right names", "a failure without a fault", f"rank {rank}: {sorted(failures - faulty)} did not fail: {outcome['text']}")
        elif kind == "DisagreementError":
            if not all(re.search(rf"on rank {victim}\b", outcome["text"]) for victim in victims["differ"]):
                wrong("right names", "a differing rank not named", f"rank {rank}: {outcome['text']}")
            if not victims["differ"]:
                wrong("right names", "an error without a fault", f"rank {rank}: nothing differs: {outcome['text']}")
        elif kind == "stuck" and not failures:
            falsely = missing - not_well - own
            if falsely:
                wrong("right names", "a running rank named as silent", f"rank {rank}: {outcome['text']}")
            if not silent - answered <= missing:
                wrong("right names", "a silent rank not named", f"rank {rank}: {outcome['text']}")
        elif kind == "success":
            if victims["differ"]:
                wrong("right names", "a difference not found", f"rank {rank} succeeded with different options")
    if victims["slow"] and any(outcome["type"] != "success" for outcome in ended.values()):
        wrong("right names", "a short pause is an error", "the bring-up ended: " + "; ".join(sorted({outcome.get("text", "") for outcome in ended.values()})))
    # A call in which all stood still may have outlasted the deadline. Nobody is missing then, which is judged above.
    if victims["freeze"] and any(outcome["type"] not in ("success", "DeadlineError", "stuck") for outcome in ended.values()):
        wrong("right names", "a pause of all is a failure", "the bring-up ended: " + "; ".join(sorted({outcome.get("text", "") for outcome in ended.values()})))
    if not met and any(outcome["type"] != "success" for outcome in ended.values()):
        wrong("right names", "an error without a fault", "no fault happened: " + "; ".join(sorted({outcome.get("text", "") for outcome in ended.values()})))
    # A message that is lost at the very end hurts nobody; any other call that fails does.
    if "success" in types and any(met[rank].point not in ("MPI_Isend", "MPI_Mrecv") for rank in victims["error"]):
        wrong("right names", "success although a call failed", "success")

    # What is left.
    for rank, outcome in sorted(returned.items()):
        if outcome["type"] == "success":
            continue
        held = outcome["holds"]
        leaks = {name: held[name] for name in ("requests", "nccl_communicators", "streams") if held[name] != 0}
        if held["identifiers"] > outcome.get("abandoned", 0):
            leaks["identifiers"] = held["identifiers"]
        if held["threads"] > 0:
            leaks["threads"] = held["threads"]
        if leaks:
            wrong("nothing leaked", "something held after an error", f"rank {rank}: {leaks}")
    run.left(wrong)
    return problems


def impossible(cell):
    """Why this cell cannot end as promised, or None. docs/design.md has the proof, docs/guide.md says so."""
    collectors = {fault.rank for fault in cell.faults if fault.rank < 3}
    if len(collectors) > 1 and any(fault.kind in ("late", "slow") for fault in cell.faults):
        return "two of ranks 0 to 2 do not answer and one comes back: a slow rank cannot be told from a dead one"
    return None
