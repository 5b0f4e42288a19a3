"""Times PyTorch making the groups of a layout over gloo, as one process of a job under mpiexec.

bringup.py PORT GROUPS.json SIZE,SIZE,SIZE
  PORT         a free port of the loopback interface, for the store of torch.distributed
  GROUPS.json  what `rankmesh groups --format json` prints: every list of every kind
  SIZE,...     the sizes of the axes pp, dp and tp, for DeviceMesh
Prints a line for each strategy in the format of mpi_bringup_bench: milliseconds until the slowest rank is done, measured once."""

import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402
from torch.distributed.device_mesh import init_device_mesh  # noqa: E402


def start_together():
    """Sleeps, and returns at the same moment on all ranks. Returns this moment on the clock of the machine."""
    start = torch.tensor([time.monotonic() + 0.05], dtype=torch.float64)
    dist.broadcast(start, 0)
    time.sleep(max(0, start.item() - time.monotonic()))
    return start.item()


def timed(make):
    start = start_together()
    kept = make()
    seconds = torch.tensor([time.monotonic() - start], dtype=torch.float64)
    dist.all_reduce(seconds, op=dist.ReduceOp.MAX)
    return seconds.item() * 1e3, kept


def every_group(kinds, backend):
    """Every rank creates every group of every kind, as the Python module does."""
    return [dist.new_group(ranks, backend=backend) for groups in kinds for ranks in groups]


def own_groups(kinds, rank):
    """Every rank creates only the groups that it is in."""
    return [
        dist.new_group(ranks, backend="gloo", use_local_synchronization=True)
        for groups in kinds
        for ranks in groups
        if rank in ranks and len(ranks) > 1
    ]


def main():
    port, path, sizes = sys.argv[1:]
    rank = int(os.environ["OMPI_COMM_WORLD_RANK"])
    world_size = int(os.environ["OMPI_COMM_WORLD_SIZE"])
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world_size)
    with open(path) as file:
        kinds = list(json.load(file)["groups"].values())
    axes = [(name, int(size)) for name, size in zip(("pp", "dp", "tp"), sizes.split(",")) if int(size) > 1]

    # The first group includes one-time initialisation of PyTorch, so it is not measured.
    dist.new_group(list(range(world_size)), backend="gloo")
    strategies = (
        ("reference over gloo, new_group", lambda: every_group(kinds, "gloo"), sum(len(groups) for groups in kinds)),
        (
            "DeviceMesh over gloo, its axes alone",
            lambda: init_device_mesh(
                "cpu", tuple(size for _, size in axes), mesh_dim_names=tuple(name for name, _ in axes)
            ),
            "-",
        ),
        # This strategy must be the last: PyTorch numbers groups by how many a rank has created, so ranks that
        # created different numbers of groups would hang in the next group of all ranks.
        ("new_group of the own groups alone", lambda: own_groups(kinds, rank), 0),
    )
    for name, make, world_calls in strategies:
        milliseconds, kept = timed(make)
        held = "-" if world_calls == "-" else sum(g != dist.GroupMember.NON_GROUP_MEMBER for g in kept)
        if rank == 0:
            print(f"{name}\t{milliseconds:.3f}\t{milliseconds:.3f}\t{held}\t{world_calls}\t-\t-", flush=True)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
