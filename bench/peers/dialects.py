"""Gives the texts that rankmesh prints for other systems to these systems, and compares all groups.   dialects.py RANKMESH

DeviceMesh and torchtitan: every rank of a layout is played in turn, with PyTorch's fake process group, so that one process is
enough. Megatron-Core: its generator of ranks. Exits with 1 if a system refuses a text, if a group differs, or if PyTorch accepts an
order of axes that rankmesh refuses."""

import importlib.metadata
import json
import logging
import subprocess
import sys
import tempfile
import types
import warnings

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.testing._internal.distributed.fake_pg import FakeStore

logging.disable(logging.WARNING)
warnings.simplefilter("ignore")

LAYOUTS = [
    ("megatron", "tp=2 cp=2 dp=2 pp=2"),
    ("megatron", "tp=2 pp=2 dp=4 order=tp-pp-dp"),
    ("megatron", "tp=2 ep=4 etp=1 dp=4 pp=2"),
    ("torchtitan", "dp_replicate=2 dp_shard=4 cp=2"),
    ("torchtitan", "dp_replicate=2 dp_shard=2 tp=2 pp=2 ep=4"),
    ("deepspeed", "axes=pipe,data,model dims=2,4,2 ep=2"),
    ("inner-to-outer", "[TP,CP,PP,DP]=[2,2,2,2]"),
    ("devicemesh", "shape=2,2,2,2 names=pp,dp,cp,tp flatten=dp_cp,pp+tp,all:pp+dp+cp+tp"),
    ("rankmesh", "world=24 convention=mesh axes=tp=2,dp=3,pp=4 groups=tp,pp,some:pp+tp,more:dp+tp"),
]

MEGATRON_LAYOUTS = [
    ("megatron", "tp=2 cp=2 dp=2 pp=2"),
    ("megatron", "tp=2 pp=2 dp=4 order=tp-pp-dp"),
    ("torchtitan", "dp_replicate=2 dp_shard=4 cp=2"),
    ("torchtitan", "dp_shard=4 tp=2 pp=2 ep=4"),
    ("deepspeed", "axes=pipe,data,model dims=2,4,2 ep=2"),
    ("inner-to-outer", "[TP,CP,DP,PP]=[2,2,2,2]"),
    ("devicemesh", "shape=2,2,2,2 names=pp,dp,cp,tp"),
    ("rankmesh", "world=48 convention=megatron-core tp=2 cp=3 pp=2 ep=4 etp=1"),
]

TORCHTITAN_LAYOUTS = [
    ("torchtitan", "dp_shard=4 tp=2"),
    ("torchtitan", "dp_replicate=2 dp_shard=4 cp=2"),
    ("torchtitan", "dp_replicate=2 dp_shard=2 cp=2 tp=2 pp=2"),
    ("torchtitan", "dp_shard=4 tp=2 pp=2 ep=4"),
    ("torchtitan", "dp_replicate=2 dp_shard=2 cp=2 tp=2 ep=2"),
    ("megatron", "tp=2 cp=2 dp=2 pp=2"),
    ("rankmesh", "world=48 convention=megatron-core tp=2 cp=3 pp=2 ep=4 etp=1"),
]

failed = 0


def complain(text):
    global failed
    failed += 1
    print("FAILED:", text)


def rankmesh(*args):
    return subprocess.run([sys.argv[1], *args], check=True, capture_output=True, text=True).stdout


def words_of(text):
    return dict(word.split("=", 1) for word in text.split() if "=" in word)


def groups_of(text, system="devicemesh"):
    """The groups of each kind of a text, as rankmesh makes them."""
    line = words_of(rankmesh("translate", "--from", system, text, "--to", "rankmesh"))
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as layout:
        layout.write(f'world_size = {line["world"]}\nconvention = "mesh"\n')
        layout.write(f'meshes = {json.dumps(line["axes"].split("/"))}\nkinds = {json.dumps(line["groups"].split(","))}\n')
        layout.flush()
        kinds = json.loads(rankmesh("groups", "--layout", layout.name, "--format", "json"))["groups"]
    return int(line["world"]), {kind["kind"]: kind["ranks"] for kind in kinds} if isinstance(kinds, list) else kinds


def meshes_of(words):
    for prefix in ("", "expert_"):
        if prefix + "shape" in words:
            shape = [int(size) for size in words[prefix + "shape"].split(",")]
            yield init_device_mesh("cpu", shape, mesh_dim_names=words[prefix + "names"].split(","))


def lists_of_rank(words):
    """The group of this rank along each axis, and in each flattened mesh."""
    meshes = list(meshes_of(words))
    lists = [mesh[name].mesh.flatten().tolist() for mesh in meshes for name in mesh.mesh_dim_names]
    for entry in filter(None, words.get("flatten", "").split(",")):
        axes = tuple(entry.split(":")[-1].split("+"))
        mesh = next(m for m in meshes if set(axes) <= set(m.mesh_dim_names))
        name = entry.replace(":", "_").replace("+", "_") + "_flat"
        lists.append(mesh[axes]._flatten(name).mesh.flatten().tolist())
    return lists


def as_rank(rank, world_size, act):
    dist.init_process_group("fake", rank=rank, world_size=world_size, store=FakeStore())
    try:
        return act()
    finally:
        dist.destroy_process_group()


def compare(system, layout):
    text = rankmesh("translate", "--from", system, layout, "--to", "devicemesh").strip()
    world_size, kinds = groups_of(text)
    words = words_of(text)
    known = [group for groups in kinds.values() for group in groups]
    for rank in range(world_size):
        try:
            lists = as_rank(rank, world_size, lambda: lists_of_rank(words))
        except Exception as error:  # whatever PyTorch has against the text
            return complain(f"{text}: {type(error).__name__}: {error}")
        for ranks in lists:
            if ranks not in known:
                return complain(f"{text}: PyTorch's group {ranks} of rank {rank} is none of rankmesh")
    print(f"equal: {text}")


def refuse(text, axes):
    """An order of axes that rankmesh refuses is refused by DeviceMesh too."""
    if subprocess.run([sys.argv[1], "translate", "--from", "devicemesh", text, "--to", "rankmesh"], capture_output=True).returncode != 2:
        complain(f"{text}: accepted by rankmesh")
    try:
        as_rank(0, 8, lambda: next(meshes_of(words_of(text)))[axes]._flatten("flat"))
        complain(f"{text}: accepted by PyTorch")
    except (KeyError, RuntimeError, ValueError) as error:
        print(f"refused: {text}: {type(error).__name__}")


def torchtitan_class():
    """torchtitan's own ParallelDims, without what that class imports only for annotations, messages and devices."""
    class Anything(types.ModuleType):
        def __getattr__(self, name):
            return type(name, (), {})

    for name in ("spmd_types", "torchtitan.config", "torchtitan.config.configs", "torchtitan.tools", "torchtitan.tools.logging",
                 "torchtitan.tools.utils"):
        sys.modules[name] = Anything(name)
    sys.modules["torchtitan.tools.utils"].device_type = "cpu"
    sys.modules["torchtitan.tools.logging"].logger = logging.getLogger("torchtitan")
    from torchtitan.distributed.parallel_dims import ParallelDims

    return ParallelDims


def compare_torchtitan(dims_class, system, layout):
    text = rankmesh("translate", "--from", system, layout, "--to", "torchtitan").strip()
    world_size, kinds = groups_of(text, "torchtitan")
    words = {name: int(value) for name, value in words_of(text).items()}
    sizes = {name: words.get(name, 1) for name in ("dp_replicate", "dp_shard", "cp", "tp", "pp", "ep")}
    known = [group for groups in kinds.values() for group in groups]

    def lists():
        dims = dims_class(**sizes, world_size=world_size, spmd_backend="partial_dtensor")
        dims.build_mesh()
        # Without experts, torchtitan has a mesh for them that it does not use.
        axes = ["pp", "dp_replicate", "cp", "tp", "fsdp", "batch", "loss", *(["ep", "efsdp"] if sizes["ep"] > 1 else [])]
        return {axis: dims._single_axis_meshes[axis].mesh.flatten().tolist() for axis in axes}

    for rank in range(world_size):
        try:
            of_rank = as_rank(rank, world_size, lists)
        except Exception as error:  # whatever torchtitan has against the text
            return complain(f"{text}: {type(error).__name__}: {error}")
        for axis, ranks in of_rank.items():
            if len(ranks) > 1 and ranks not in known:
                return complain(f"{text}: torchtitan's {axis} group {ranks} of rank {rank} is none of rankmesh")
    print(f"equal: {text}")


def megatron_lists(words):
    """The lists of Megatron-Core's generators of ranks, by rankmesh's short names of the kinds."""
    from megatron.core.parallel_state import RankGenerator

    tp, cp, ep, dp, pp = (int(words.get(name, 1)) for name in ("tp", "cp", "ep", "dp", "pp"))
    etp = int(words.get("etp", tp))
    world_size = tp * cp * dp * pp
    dense = RankGenerator(tp=tp, ep=1, dp=dp, pp=pp, cp=cp, order=words["order"])
    experts = RankGenerator(tp=etp, ep=ep, dp=world_size // (etp * ep * pp), pp=pp, cp=1, order=words["order"])
    lists = {kind: dense.get_ranks(token) for kind, token in [
        ("tp", "tp"), ("pp", "pp"), ("dp", "dp"), ("cp", "cp"), ("dp_cp", "dp-cp"), ("mp", "tp-pp"), ("tp_dp_cp", "tp-dp-cp")]}
    lists |= {kind: experts.get_ranks(token) for kind, token in [
        ("ep", "ep"), ("ep_tp", "tp"), ("tp_ep_mp", "tp-ep"), ("ep_dp", "dp"), ("tp_ep_pp", "tp-ep-pp")]}
    return world_size, lists


def compare_megatron(system, layout):
    text = rankmesh("translate", "--from", system, layout, "--to", "megatron").strip()
    words = words_of(text)
    try:
        world_size, lists = megatron_lists(words)
    except Exception as error:  # whatever Megatron-Core has against the text
        return complain(f"{text}: {type(error).__name__}: {error}")
    options = [option for name, value in words.items() if name not in ("dp", "world") for option in (f"--{name.replace('_', '-')}", value)]
    known = json.loads(rankmesh("groups", "--convention", "megatron-core", "--world-size", str(world_size), "--names", "short",
                                "--format", "json", *options))["groups"]
    for kind, groups in lists.items():
        if groups != known[kind]:
            return complain(f"{text}: {kind} is {groups} in Megatron-Core, {known[kind]} in rankmesh")
    print(f"equal: {text}")


print(f"PyTorch {torch.__version__}")
for system, layout in LAYOUTS:
    compare(system, layout)
try:
    import megatron.core
    print(f"Megatron-Core {megatron.core.__version__}")
    for system, layout in MEGATRON_LAYOUTS:
        compare_megatron(system, layout)
except ImportError as error:
    print(f"not compared with Megatron-Core: {error}")
try:
    dims_class = torchtitan_class()
    print("torchtitan", importlib.metadata.version("torchtitan"))
    for system, layout in TORCHTITAN_LAYOUTS:
        compare_torchtitan(dims_class, system, layout)
except ImportError as error:
    print(f"not compared with torchtitan: {error}")
refuse("shape=2,2,2 names=dp,cp,tp flatten=tp+dp", ("tp", "dp"))
sys.exit(1 if failed else 0)
