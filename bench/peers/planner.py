"""Step times of rankmesh and of other estimators for the same published rows, in one table.

planner.py [--rows FILE] [--program PLANNER_BENCH]
  --rows      rows in the form of bench/planning/published_layouts.json, which is the default
  --program   planner_bench; build/release/bin/planner_bench if missing

Compared are rows that judge step time, on A100 or H100, in 16 bits, of dense models without context parallelism: what all of them can
describe. llm-analysis (`pip install llm-analysis`) wants to be told the part of the peak that a GPU reaches: for each GPU the one is
taken that fits the rows best that rankmesh was fitted to. What is not installed is skipped with a line.
"""

import argparse
import importlib.util
import json
import logging
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).parents[2]
ABSENT = {
    "Calculon": "is not on PyPI (the package calculon there is another program)",
    "SimuMax": "is not on PyPI",
    "Megatron-LM's report_theoretical_memory": "is in no wheel of megatron-core, and estimates memory alone",
}


def is_held_out(row):
    """The split of bench/planning: rows with one model, GPU, number of GPUs and batch are in one part."""
    key = f"{row['model'].get('name') or ''}|{row.get('gpu') or ''}|{max(1, row.get('gpus') or 1)}|{row.get('gbs') or 1}"
    value = 14695981039346656037
    for byte in key.encode():
        value = ((value ^ byte) * 1099511628211) % 2**64
    return (value >> 32) % 3 == 0


def is_comparable(row, estimates):
    name = row.get("gpu") or ""
    return (row["id"] in estimates and estimates[row["id"]][1] > 0 and not row["model"].get("experts") and (row.get("cp") or 1) == 1 and
            ("A100" in name or name.startswith("H100")) and "FP8" not in (row.get("precision") or "").upper() and
            "step" in row.get("judge", []) and row.get("dp"))


def rankmesh_estimates(program, rows):
    """Estimated and measured seconds by the number of the row."""
    lines = subprocess.run([program, "--rows", rows, "--format", "rows"], check=True, capture_output=True, text=True).stdout.splitlines()
    result = {}
    for line in lines[1:]:
        cells = line.split("\t")
        result[int(cells[0])] = (float(cells[2]), float(cells[3]))
    return result


class LlmAnalysis:
    """llm-analysis with one efficiency for each GPU."""

    name = "llm-analysis"

    def __init__(self):
        from llm_analysis import analysis, config
        logging.disable(logging.CRITICAL)
        self.analysis, self.config = analysis, config
        self.efficiency = {}

    def gpu(self, row):
        return "h100-sxm-80gb" if row["gpu"].startswith("H100") else "a100-sxm-40gb" if "40" in row["gpu"] else "a100-sxm-80gb"

    def step(self, row, efficiency):
        """Seconds of a step; None where it refuses the row."""
        model = row["model"]
        heads = model.get("heads") or max(1, model["hidden"] // 128)
        ffn = model.get("ffn") or 4 * model["hidden"]
        try:
            shape = self.config.ModelConfig(
                name="row", num_layers=model["layers"], n_head=heads, hidden_dim=model["hidden"], vocab_size=model.get("vocab") or 51200,
                max_seq_len=row["seq"], num_key_value_heads=model.get("kv_heads") or heads, ffn_embed_dim=ffn,
                expansion_ratio=ffn / model["hidden"])
            tp = row.get("tp") or 1
            sizes = self.config.ParallelismConfig(tp_size=tp, pp_size=row.get("pp") or 1, dp_size=row["dp"],
                                                  sp_size=1 if row.get("sp") is False else tp)
            estimator = self.analysis.LLMAnalysis(shape, self.config.get_gpu_config_by_name(self.gpu(row)), parallelism_config=sizes,
                                                  flops_efficiency=efficiency)
            recompute = {"full": "FULL", "selective": "SELECTIVE"}.get(row.get("recompute"), "NONE")
            zero = str(row.get("zero") or "1")[0]
            zero = {"0": "NONE", "1": "STAGE_1", "2": "STAGE_2", "3": "STAGE_3"}.get(zero, "STAGE_1")
            micro = row.get("mbs") or 1
            steps = row["gbs"] // (micro * row["dp"])
            result = estimator.training(batch_size_per_gpu=micro, gradient_accumulation_steps=steps,
                                        global_batch_size=micro * steps * row["dp"], seq_len=row["seq"],
                                        activation_recomputation=self.analysis.ActivationRecomputation[recompute],
                                        ds_zero=self.analysis.DSZeRO[zero], flash_attn=row.get("precision") != "FP16",
                                        mlp_gated_linear_units=bool(model.get("gated")))
            return result["latency_per_iter"]
        except (AssertionError, ZeroDivisionError, ValueError):
            return None

    def fit(self, rows, measured):
        for gpu in {self.gpu(row) for row in rows}:
            of_gpu = [row for row in rows if self.gpu(row) == gpu][::4]
            best = None
            for percent in range(30, 91, 4):
                errors = [abs(step / measured[row["id"]] - 1) for row in of_gpu if (step := self.step(row, percent / 100))]
                if errors and (best is None or statistics.median(errors) < best):
                    best, self.efficiency[gpu] = statistics.median(errors), percent / 100

    def estimates(self, rows):
        return {row["id"]: step for row in rows if (step := self.step(row, self.efficiency.get(self.gpu(row), 0.5)))}


def line(name, estimates, measured, ids):
    errors = sorted(100 * abs(estimates[i] / measured[i] - 1) for i in ids)
    p90 = errors[min(len(errors) - 1, int(0.9 * len(errors)))]
    print(f"{name:<16} {len(errors):5d} rows  median {statistics.median(errors):5.1f} %  p90 {p90:5.1f} %")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", default=str(ROOT / "bench/planning/published_layouts.json"))
    parser.add_argument("--program", default=str(ROOT / "build/release/bin/planner_bench"))
    options = parser.parse_args()
    with open(options.rows) as file:
        rows = json.load(file)
    both = rankmesh_estimates(options.program, options.rows)
    rows = [row for row in rows if is_comparable(row, both)]
    measured = {row["id"]: both[row["id"]][1] for row in rows}
    held_out = [row for row in rows if is_held_out(row)]
    estimates = {"rankmesh": {row["id"]: both[row["id"]][0] for row in held_out}}
    if importlib.util.find_spec("llm_analysis"):
        peer = LlmAnalysis()
        peer.fit([row for row in rows if not is_held_out(row)], measured)
        estimates[peer.name] = peer.estimates(held_out)
    else:
        print("skipped: llm-analysis is not installed (pip install llm-analysis)")
    for name, reason in ABSENT.items():
        print(f"skipped: {name} {reason}")
    ids = set.intersection(*(set(of_one) for of_one in estimates.values()))
    if not ids:
        raise SystemExit("there is no row that all of them estimate")
    print("step time, held-out rows that all of them estimate")
    for name, of_one in estimates.items():
        line(name, of_one, measured, ids)


if __name__ == "__main__":
    main()
