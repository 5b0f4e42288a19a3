"""Times PyTorch making every group of a layout over NCCL, as one process of a job under mpiexec.

bringup_nccl.py PORT GROUPS.json eager|lazy
  PORT         a free port of the loopback interface, for the store of torch.distributed
  GROUPS.json  what `rankmesh groups --format json` prints: every list of every kind
  eager        the process group of the world is bound to its GPU: PyTorch splits it for each list, with all ranks
  lazy         it is not bound: PyTorch makes a communicator at the first collective
Every rank uses GPU 0. For ranks that share it, NCCL needs the settings of scripts/gpu-check. Prints a row of the table in
docs/gpu.md: milliseconds until the slowest rank has made the groups, milliseconds for the first collective in each of its
groups, and the GPU memory of all ranks after both, in MiB."""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")
import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402

from bringup import every_group, timed  # noqa: E402


def free_memory(between):
    """Free memory of the GPU in bytes, read between two barriers, so that no rank allocates meanwhile."""
    torch.cuda.synchronize()
    dist.barrier(group=between)
    free = torch.cuda.mem_get_info()[0]
    dist.barrier(group=between)
    return free


def use(groups, number):
    """Calls a collective in each group that this rank is in."""
    for group in groups:
        if group != dist.GroupMember.NON_GROUP_MEMBER:
            dist.all_reduce(number, group=group)
    torch.cuda.synchronize()


def main():
    port, path, mode = sys.argv[1:]
    rank = int(os.environ["OMPI_COMM_WORLD_RANK"])
    world_size = int(os.environ["OMPI_COMM_WORLD_SIZE"])
    device = torch.device("cuda:0")
    torch.cuda.set_device(device)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=world_size,
        device_id=device if mode == "eager" else None,
    )
    with open(path) as file:
        kinds = list(json.load(file)["groups"].values())

    # One-time initialisation of NCCL and PyTorch is not measured.
    number = torch.ones(1, device=device)
    dist.all_reduce(number)
    on_cpu = dist.new_group(list(range(world_size)), backend="gloo")
    free = [free_memory(on_cpu)]
    making, groups = timed(lambda: every_group(kinds, "nccl"))
    free.append(free_memory(on_cpu))
    using, _ = timed(lambda: use(groups, number))
    free.append(free_memory(on_cpu))
    if rank == 0:
        made, used = ((free[0] - left) >> 20 for left in free[1:])
        held = sum(group != dist.GroupMember.NON_GROUP_MEMBER for group in groups)
        print(f"| PyTorch new_group, {mode} | {making:.0f} | {using:.0f} | {made} | {used} | {held} |", flush=True)
    # Exit without teardown, which takes longer than the measurement.
    dist.barrier(group=on_cpu)
    os._exit(0)


main()
