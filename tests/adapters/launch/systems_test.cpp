// The forms of the systems, beside the files of tests/vectors/launch.

#include "messages.hpp"
#include "rankmesh/launch/launch_file.hpp"
#include "support/catch.hpp"

using rankmesh::launch::Known;
using rankmesh::launch::LaunchFile;
using rankmesh::launch::NamedSize;
using rankmesh::launch::read;
using rankmesh::tests::messages;

namespace {

std::string sizes_text(const std::vector<NamedSize>& sizes) {
  std::string text;
  for (const NamedSize& size : sizes) {
    text += (text.empty() ? "" : " ") + size.name + "=" + (size.size ? std::to_string(*size.size) : "?");
  }
  return text;
}

/// `megatron-lm 8: tp=2 ...`, or what is wrong.
std::string summary(const std::string& text, const std::string& source = "file", const Known& known = {}) {
  const LaunchFile file = read(text, source, known);
  if (!file.diagnostics.empty()) return messages(file);
  return file.system + " " + (file.world_size ? std::to_string(*file.world_size) : "?") + ": " +
         sizes_text(file.sizes);
}

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("Megatron-DeepSpeed: EP_SIZE is a number of experts") {
  const std::string script = R"(#!/bin/bash
NUM_GPUS=16
MP_SIZE=2
EP_SIZE=64   # experts
if [[ $EP_SIZE -gt $NUM_GPUS ]]; then
    EP_PARALLEL_SIZE=$(($NUM_GPUS / $MP_SIZE))
else
    EP_PARALLEL_SIZE=$EP_SIZE
fi
megatron_options=" \
        --tensor-model-parallel-size ${MP_SIZE} \
        --moe-expert-parallel-size ${EP_PARALLEL_SIZE} \
        --num-experts ${EP_SIZE} \
        --num-layers 24 --micro-batch-size 4 --global-batch-size 64"
run_cmd="deepspeed --num_nodes 2 --num_gpus 8 pretrain_gpt.py ${megatron_options} --no-pipeline-parallel --deepspeed &> log &"
eval ${run_cmd}
)";
  CHECK(summary(script) == "megatron-deepspeed 16: tp=2 pp=1 cp=1 ep=8 etp=1 vpp=1 dp=8 sp=1");
  CHECK(summary("NUM_GPUS=8\ndeepspeed pretrain_gpt.py --tensor-model-parallel-size 2 "
                "--ds-sequence-parallel-size 1\n") ==
        "megatron-deepspeed 8: tp=2 pp=1 cp=1 ep=1 etp=1 vpp=1 dp=4 sp=1");
  CHECK(
      summary("deepspeed --num_gpus 8 p.py --tensor-model-parallel-size 1 --ds-sequence-parallel-size 4\n") ==
      "megatron-deepspeed 8: tp=1 pp=1 cp=1 ep=1 etp=1 vpp=1 dp=2 sp=4");
}

TEST_CASE("verl: the actor's sizes, and those of generation") {
  const LaunchFile file = read(R"(set -x
NODES=4
TP=4
python3 -m verl.trainer.main_ppo --config-path=config \
    data.train_batch_size=512 \
    actor_rollout_ref.actor.ppo_mini_batch_size=128 \
    actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=2 \
    actor_rollout_ref.actor.megatron.tensor_model_parallel_size=$TP \
    actor_rollout_ref.actor.megatron.pipeline_model_parallel_size=2 \
    +actor_rollout_ref.actor.megatron.expert_model_parallel_size=4 \
    actor_rollout_ref.ref.megatron.tensor_model_parallel_size=8 \
    actor_rollout_ref.rollout.name=vllm \
    actor_rollout_ref.rollout.tensor_model_parallel_size=2 \
    trainer.n_gpus_per_node=8 trainer.nnodes=$NODES "$@"
)",
                               "file");
  INFO(messages(file));
  CHECK(file.system == "verl-megatron");
  CHECK(sizes_text(file.sizes) == "tp=4 pp=2 cp=1 ep=4 etp=4 vpp=1 dp=4");
  CHECK(sizes_text(file.generation) == "tp=2");
  CHECK(file.world_size == 32);
  CHECK(file.global_batch == 128);
  CHECK(file.micro_batch == 2);
}

TEST_CASE("slime: actors train, engines of SGLang generate") {
  const LaunchFile file = read(R"sh(#!/bin/bash
pkill -9 sglang
set -ex
NVLINK_COUNT=$(nvidia-smi topo -m 2>/dev/null | grep -o 'NV[0-9][0-9]*' | wc -l)
if [ "$NVLINK_COUNT" -gt 0 ]; then HAS_NVLINK=1; else HAS_NVLINK=0; fi
SCRIPT_DIR="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" &>/dev/null && pwd)"
source "${SCRIPT_DIR}/models/qwen3-30B-A3B.sh"
PERF_ARGS=(
   --tensor-model-parallel-size 4
   --sequence-parallel
   --pipeline-model-parallel-size 1
   --expert-model-parallel-size 8
   --expert-tensor-parallel-size 1

   # --micro-batch-size 1
   --use-dynamic-batch-size
)
SGLANG_ARGS=(
   --rollout-num-gpus-per-engine 8
   --sglang-mem-fraction-static 0.7
   --sglang-ep-size 8
)
RUNTIME_ENV_JSON="{
  \"env_vars\": {
    \"PYTHONPATH\": \"/root/Megatron-LM/\",
    \"NCCL_NVLS_ENABLE\": \"${HAS_NVLINK}\"
  }
}"
ray job submit --address="http://127.0.0.1:8265" \
   --runtime-env-json="${RUNTIME_ENV_JSON}" \
   -- python3 train.py \
   --actor-num-nodes 1 \
   --actor-num-gpus-per-node 8 \
   --colocate \
   ${MODEL_ARGS[@]} ${PERF_ARGS[@]} \
   --global-batch-size 256 \
   ${SGLANG_ARGS[@]}
)sh",
                               "run.sh");
  INFO(messages(file));
  CHECK(file.system == "slime-megatron");
  CHECK(sizes_text(file.sizes) == "tp=4 pp=1 cp=1 ep=8 etp=1 vpp=1 dp=2");
  CHECK(sizes_text(file.generation) == "tp=8 ep=8");
  CHECK(file.world_size == 8);
  CHECK(file.global_batch == 256);
  CHECK_FALSE(file.micro_batch);
}

TEST_CASE("Megatron-Bridge and NeMo in YAML") {
  CHECK(summary(R"(model:
  _target_: megatron.bridge.models.llama.Llama3ModelProvider
  tensor_model_parallel_size: 4
  pipeline_model_parallel_size: 2
  virtual_pipeline_model_parallel_size: null
  context_parallel_size: 2
  num_layers: 32
train:
  train_iters: 100
  global_batch_size: 64
  micro_batch_size: 1
)",
                "conf.yaml",
                {.world_size = 32}) == "megatron-bridge-yaml 32: tp=4 pp=2 cp=2 ep=1 etp=4 vpp=1 dp=2");
  CHECK(summary(R"(trainer:
  num_nodes: 2
  devices: 8
  strategy:
    _target_: nemo.lightning.MegatronStrategy
    tensor_model_parallel_size: 2
    expert_model_parallel_size: 8
    expert_tensor_parallel_size: 1
)",
                "conf.yaml") == "nemo-yaml 16: tp=2 pp=1 cp=1 ep=8 etp=1 vpp=1 dp=8");
}

TEST_CASE("DeepSpeed: a mesh of data and sequence parallel ranks") {
  CHECK(summary(R"({
  "train_batch_size": 16,
  "train_micro_batch_size_per_gpu": 1,
  "gradient_accumulation_steps": 4,
	"zero_optimization": {"stage": 3, "zero_hpz_partition_size": 8},
  "data_parallel_size": 4,
  "sequence_parallel_size": 2,
  "bf16": {"enabled": true}
})",
                "ds.json") == "deepspeed-json 8: tp=1 pp=1 sp=2 dp=4");
  CHECK(summary(R"({"train_micro_batch_size_per_gpu": 1, "tensor_parallel": {"autotp_size": 4}})", "ds.json",
                {.world_size = 8}) == "deepspeed-json 8: tp=4 pp=1 sp=1 dp=2");
  CHECK(one_line(
            summary(R"({"train_batch_size": 30, "train_micro_batch_size_per_gpu": 1, "data_parallel_size": 4,
 "sequence_parallel_size": 2})",
                    "ds.json")) ==
        "ds.json:1:22: train_batch_size = 30 is no multiple of 4, train_micro_batch_size_per_gpu = 1 times 4 "
        "data parallel "
        "ranks; nearest: 28, 32");
}

TEST_CASE("engines in YAML and on command lines") {
  CHECK(summary("tensor_parallel_size: 8\nmoe_expert_parallel_size: 4\npipeline_parallel_size: "
                "1\nenable_attention_dp: true\n"
                "kv_cache_config:\n  dtype: fp8\n",
                "extra.yaml") == "trtllm-yaml 8: tp=8 pp=1 cp=1 ep=4 moe_tp=2 dp=8 attention_tp=1");
  CHECK(summary("trtllm-serve m --tp_size 8 --ep_size 2 --pp_size 2 --backend pytorch\n") ==
        "trtllm 16: tp=8 pp=2 cp=1 ep=2 moe_tp=4 dp=1 attention_tp=8");
  CHECK(summary("python -m sglang.launch_server --model-path m --tp-size 8 --ep-size 4 --dp 2 "
                "--enable-dp-attention\n") == "sglang 8: tp=8 pp=1 dp=2 ep=4 attention_tp=4");
  CHECK(summary("docker run --gpus all image vllm serve m -tp 4 -pp 2 -dp 2 -ep\n") ==
        "vllm 16: tp=4 pp=2 dp=2 ep=8");
  CHECK(summary("model: m\ntensor-parallel-size: 4\nmax-model-len: 100\n", "c.yaml") ==
        "vllm 4: tp=4 pp=1 dp=1 ep=?");
}

TEST_CASE("launchers say how many ranks there are") {
  const std::string flags = " train.py --tensor-model-parallel-size 2\n";
  const auto world = [&](const std::string& launcher) {
    return read(launcher + flags, "file").world_size.value_or(-1);
  };
  CHECK(world("torchrun --nproc-per-node=4 --nnodes=2") == 8);
  CHECK(world("torchrun --nproc_per_node 4") == 4);
  CHECK(world("python -m torch.distributed.launch --nproc_per_node 4 --nnodes 3") == 12);
  CHECK(world("mpirun -np 16 python") == 16);
  CHECK(world("mpiexec -n 16 python") == 16);
  CHECK(world("srun -N 2 --ntasks 16 python") == 16);
  CHECK(world("srun --nodes=2 --ntasks-per-node=8 python") == 16);
  CHECK(world("#SBATCH --nodes=2\n#SBATCH --ntasks-per-node=4\nsrun python") == 8);
  CHECK(world("deepspeed --include localhost:0,1,2,3") == 4);
  CHECK(world("N=$(wc -l < hosts)\ntorchrun --nnodes $N --nproc_per_node 8") == -1);
  CHECK(read("torchrun --nnodes $N" + flags, "file", {.world_size = 6}).world_size == 6);
}

TEST_CASE("what is not understood is refused with its place") {
  CHECK(
      one_line(summary("torchrun a.py --tensor-model-parallel-size 2 \\\n  --tensor-model-paralel-size 4\n",
                       "a.sh")) ==
      "a.sh:2:31: --tensor-model-paralel-size = 4 is not understood, and may change the layout; did you mean "
      "tensor_model_parallel_size?");
  CHECK(one_line(summary("torchrun a.py --lr 1 --pipeline-model-parallel-size $PP\n", "a.sh")) ==
        "a.sh:1:53: --pipeline-model-parallel-size depends on \"$PP\", which the file does not say");
  CHECK(one_line(summary("torchrun a.py --tensor-model-parallel-size two\n", "a.sh")) ==
        "a.sh:1:44: --tensor-model-parallel-size = two is not a whole number");
  CHECK(
      one_line(
          summary(
              "torchrun a.py --tensor-model-parallel-size 2\n torchrun a.py --tensor-model-parallel-size 4\n",
              "a.sh"))
          .find("has another layout than the command in line 1") != std::string::npos);
  CHECK(
      one_line(summary("[parallelism]\ntensor_parallel_degre = 2\ntensor_paralel_degree = 2\n", "a.toml")) ==
      "a.toml:3:25: parallelism.tensor_paralel_degree = 2 is not understood, and may change the layout; did "
      "you mean "
      "tensor_parallel_degree?");
  CHECK(one_line(summary("echo hello\n", "a.sh")).find("has no layout that is known") != std::string::npos);
  CHECK(one_line(summary("a: [1\n", "a.yaml")).find("a.yaml:2:1: is not YAML") == 0);
  CHECK(one_line(summary("[a\n", "a.toml")).find("a.toml:1:") == 0);
  CHECK(one_line(summary("{\"a\": \n", "a.json")).find("a.json:") == 0);
}

TEST_CASE("the distributed optimizer of Megatron-Core, in whatever table") {
  const auto is_distributed = [](const std::string& text, const std::string& source) {
    const LaunchFile file = read(text, source, {.world_size = 8});
    INFO(messages(file));
    REQUIRE(file.config);
    return file.config->distributed_optimizer;
  };
  const std::string flags = "--tensor-model-parallel-size 2 --num-layers 4 ";
  CHECK(is_distributed(flags + "--use-distributed-optimizer", "flags"));
  CHECK_FALSE(is_distributed(flags, "flags"));
  const std::string bridge = "model:\n  tensor_model_parallel_size: 2\n";
  CHECK(is_distributed(bridge + "ddp:\n  use_distributed_optimizer: true\n", "bridge.yaml"));
  CHECK(is_distributed(bridge + "optimizer:\n  use_distributed_optimizer: true\n", "bridge.yaml"));
  CHECK_FALSE(is_distributed(bridge + "ddp:\n  use_distributed_optimizer: false\n", "bridge.yaml"));
}
