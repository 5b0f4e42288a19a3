"""Records what Megatron-Core makes of pipeline layouts: tests/vectors/pipeline_layouts.json.

pipeline_layouts.py > tests/vectors/pipeline_layouts.json
Needs megatron-core 0.19 and PyTorch (bench/peers/setup). Each case holds the arguments and the result of Megatron-Core's own
functions: for every stage and virtual stage the offset and number of layers (and of MTP layers in a layout string), or null where
Megatron-Core refuses the arguments."""

import contextlib
import io
import json
import logging
import random
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import torch
from megatron.core import parallel_state
from megatron.core.transformer.enums import LayerType
from megatron.core.transformer.multi_token_prediction import get_mtp_ranks
from megatron.core.transformer.pipeline_parallel_layer_layout import PipelineParallelLayerLayout
from megatron.core.transformer.transformer_block import get_num_layers_to_build
from megatron.core.transformer.transformer_config import TransformerConfig
from megatron.core.transformer.transformer_layer import get_transformer_layer_offset


def config_of(layers, pp, vpp, **more):
    return TransformerConfig(
        num_layers=layers,
        hidden_size=8,
        num_attention_heads=2,
        pipeline_model_parallel_size=pp,
        virtual_pipeline_model_parallel_size=vpp,
        pipeline_dtype=torch.float,
        **more,
    )


def split_case(layers, pp, vpp, first, last, embedding, loss):
    case = {"layers": layers, "pp": pp, "vpp": vpp, "first": first, "last": last, "embedding": embedding, "loss": loss}
    try:
        config = config_of(
            layers,
            pp,
            vpp,
            num_layers_in_first_pipeline_stage=first,
            num_layers_in_last_pipeline_stage=last,
            account_for_embedding_in_pipeline_split=embedding,
            account_for_loss_in_pipeline_split=loss,
        )
        case["chunks"] = [
            [
                [
                    get_transformer_layer_offset(config, v if vpp else None, stage),
                    get_num_layers_to_build(config, v if vpp else None, stage),
                ]
                for v in range(vpp or 1)
            ]
            for stage in range(pp)
        ]
    except (AssertionError, ValueError, ZeroDivisionError):
        case["chunks"] = None
    return case


def text_case(text, pp):
    case = {"text": text, "pp": pp, "chunks": None}
    try:
        layout = PipelineParallelLayerLayout(text, pp)
        layers = layout.flatten_layout.count(LayerType.decoder)
        mtp = layout.flatten_layout.count(LayerType.mtp)
        layout.validate_layer_layout(layers, mtp or None)
        vpp = layout.virtual_pipeline_model_parallel_size
        parallel_state._VIRTUAL_PIPELINE_MODEL_PARALLEL_WORLD_SIZE = vpp if vpp > 1 else None
        places = [[(stage, v) for v in range(vpp)] for stage in range(pp)]

        def chunk(kind, stage, v):
            place = {"layer_type": kind, "vp_stage": v, "pp_rank": stage}
            return [layout.get_layer_offset(**place), layout.get_num_layers_to_build(**place)]

        case["chunks"] = [[chunk(LayerType.decoder, *p) + chunk(LayerType.mtp, *p) for p in row] for row in places]
        config = config_of(layers, pp, vpp if vpp > 1 else None, pipeline_model_parallel_layout=text, mtp_num_layers=mtp or None)
        case["mtp_stages"] = sorted(get_mtp_ranks(list(range(pp)), config))
    except (AssertionError, IndexError, ValueError, ZeroDivisionError):
        case["chunks"] = None
    return case


def random_text(rng):
    def chunk():
        return rng.choice(["t", "tt", "ttt", "t*4", "", "t*2", "t,t"])

    parts = ["E" + chunk()]
    for _ in range(rng.randint(0, 3)):
        kind = rng.randint(0, 3)
        if kind == 0:
            parts.append("|" + chunk())
        elif kind == 1:
            parts.append("(|" + "|".join(chunk() for _ in range(rng.randint(1, 3))) + ")*" + str(rng.randint(0, 4)) + ",")
        elif kind == 2:
            parts.append("|(" + "".join(chunk() + "|" for _ in range(rng.randint(1, 3))) + ")*" + str(rng.randint(1, 5)))
        else:
            parts.append("(t" + chunk() + ")*" + str(rng.randint(1, 3)) + ",")
    parts.append(rng.choice(["|", ""]) + rng.choice(["", "m", "mm", "m|", "|m"]) + "L")
    text = "".join(parts)
    if rng.randint(0, 9) == 0:
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice("EtmL|,()*2x") + text[at + rng.randint(0, 1) :]
    return text


def main():
    rng = random.Random(126)
    splits = []
    for pp in (1, 2, 3, 4, 8, 16):
        for vpp in (None, 2, 3):
            if pp == 1 and vpp:
                continue
            for layers in rng.sample(range(1, 65), 10) + [pp * (vpp or 1) * 2, 126]:
                splits.append(split_case(layers, pp, vpp, None, None, False, False))
            for k in range(24):
                # Every second case is likely to work.
                step = vpp or 1
                first = rng.choice([None, rng.randint(1, 4) * step])
                last = rng.choice([None, rng.randint(1, 4) * step])
                inner = pp - (first is not None) - (last is not None)
                layers = (first or 0) + (last or 0) + max(inner, 0) * step * rng.randint(1, 3) + (k % 2) * rng.randint(0, 3)
                if layers > 0:
                    splits.append(split_case(layers, pp, vpp, first, last, False, False))
                embedding, loss = rng.choice([(True, True), (True, False), (False, True)])
                layers = pp * step * rng.randint(1, 4) - embedding - loss + (k % 2) * rng.randint(0, 2)
                if layers > 0:
                    splits.append(split_case(layers, pp, vpp, None, None, embedding, loss))
    splits.append(split_case(126, 16, None, 7, 7, False, False))
    splits.append(split_case(126, 16, 2, None, None, True, True))
    splits.append(split_case(20, 4, None, 4, None, True, False))
    texts = [text_case(text, pp) for text in ("Et*3|(tt|)*29,m|L", "Ettt|(tt|)*29,m|L") for pp in (1, 2, 4, 16, 32)]
    for _ in range(400):
        text = random_text(rng)
        try:
            chunks = PipelineParallelLayerLayout.get_num_stages_from_str(text)
        except AssertionError:
            chunks = 1
        sizes = [size for size in range(1, chunks + 1) if chunks % size == 0]
        texts.append(text_case(text, rng.choice(sizes + [2])))
    json.dump({"splits": splits, "texts": texts}, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    with contextlib.redirect_stderr(io.StringIO()):
        main()
