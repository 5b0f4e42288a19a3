"""Times Megatron-Core's RankGenerator and PyTorch's DeviceMesh on the layout of bench/peers/topology.

topology.py RANKS [REPETITIONS]
Each makes the lists of all its kinds: once to warm up, then REPETITIONS times (11). Prints a line for each, with the median and
the minimum in milliseconds."""

import statistics
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def timed(what, make, repetitions):
    ranks = make()
    milliseconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        make()
        milliseconds.append((time.perf_counter() - start) * 1e3)
    print(
        f"{what:<44} median {statistics.median(milliseconds):9.2f} ms, min {min(milliseconds):9.2f} ms, {ranks} ranks in lists",
        flush=True,
    )


def sizes(ranks):
    return {"tp": 4, "cp": 2, "dp": ranks // 64, "pp": 8}


def rank_generator(ranks):
    from megatron.core.parallel_state import RankGenerator

    dense = RankGenerator(ep=1, order="tp-cp-ep-dp-pp", **sizes(ranks))
    experts = RankGenerator(tp=2, cp=1, ep=8, dp=ranks // 128, pp=8, order="tp-cp-ep-dp-pp")
    kinds = [(dense, k) for k in ("dp-cp", "dp", "cp", "tp-pp", "tp", "pp", "tp-dp-cp", "tp-dp", "tp-cp")]
    kinds += [(experts, k) for k in ("ep", "tp", "tp-ep", "tp-ep-pp", "dp")]
    return sum(len(group) for generator, kind in kinds for group in generator.get_ranks(kind))


def device_mesh(ranks):
    import torch

    shape = [sizes(ranks)[name] for name in ("pp", "dp", "cp", "tp")]
    mesh = torch.arange(ranks).view(shape)
    total = 0
    for dim in range(mesh.ndim):
        # DeviceMesh computes the lists of an axis from its tensor like this, before it makes a group of each.
        lists = mesh.swapdims(-1, dim).reshape(-1, mesh.size(dim)).tolist()
        total += sum(len(group) for group in lists)
    return total


def main():
    ranks = int(sys.argv[1])
    repetitions = int(sys.argv[2]) if len(sys.argv) > 2 else 11
    try:
        import torch  # noqa: F401  imported before the timing starts
        import megatron.core.parallel_state  # noqa: F401
    except ImportError as error:
        print(f"peers: not measured, {error.name} is not installed; run bench/peers/setup")
        return
    timed("RankGenerator, 14 kinds of both meshes", lambda: rank_generator(ranks), repetitions)
    timed("DeviceMesh, its 4 axes", lambda: device_mesh(ranks), repetitions)


main()
