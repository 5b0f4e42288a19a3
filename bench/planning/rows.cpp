#include "rows.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "rankmesh/topology/text.hpp"

namespace rankmesh::bench {
namespace {

using nlohmann::json;
using namespace rankmesh::planner;

std::int64_t number(const json& object, const char* name, std::int64_t fallback) {
  const auto value = object.find(name);
  if (value == object.end() || !value->is_number()) return fallback;
  // Nothing that is counted here is zero or below, but for layers.
  const auto count = value->get<std::int64_t>();
  return count > 0 || fallback == 0 ? count : fallback;
}

std::string text(const json& object, const char* name) {
  const auto value = object.find(name);
  return value == object.end() || !value->is_string() ? std::string() : value->get<std::string>();
}

bool truth(const json& object, const char* name, bool fallback) {
  const auto value = object.find(name);
  return value == object.end() || !value->is_boolean() ? fallback : value->get<bool>();
}

bool has(const std::string& whole, const char* part) {
  return whole.find(part) != std::string::npos;
}

/// Whether a list of texts has one that contains a part.
bool lists(const json& row, const char* name, const char* part) {
  const auto list = row.find(name);
  if (list == row.end() || !list->is_array()) return false;
  return std::any_of(list->begin(), list->end(), [&](const json& item) {
    return item.is_string() && has(item.get<std::string>(), part);
  });
}

ModelConfig model_of(const json& row) {
  const json& m = row.at("model");
  ModelConfig model;
  model.name = text(m, "name");
  model.layers = number(m, "layers", 0);
  model.hidden = number(m, "hidden", 0);
  model.heads = number(m, "heads", std::max<std::int64_t>(1, model.hidden / 128));
  model.kv_heads = number(m, "kv_heads", model.heads);
  model.head_dim = number(m, "head_dim", std::max<std::int64_t>(1, model.hidden / model.heads));
  model.vocabulary = number(m, "vocab", 51200);
  model.gated = truth(m, "gated", false);
  model.tied = truth(m, "tied", false);
  const std::int64_t ffn = number(m, "ffn", 4 * model.hidden);
  model.ffn = ffn;
  if (const std::int64_t experts = number(m, "experts", 0); experts > 1) {
    model.experts = experts;
    model.experts_per_token = number(m, "topk", 2);
    model.expert_ffn = ffn;
    model.shared_ffn = number(m, "shared_ffn", 0);
    model.ffn = number(m, "dense_ffn", ffn);
    for (std::int64_t layer = 0; layer < number(m, "dense_layers", 0); ++layer)
      model.dense_layers.push_back(layer);
  }
  if (const auto mla = m.find("mla"); mla != m.end() && mla->is_object()) {
    model.query_rank = number(*mla, "q_lora", 0);
    model.latent_rank = number(*mla, "kv_lora", 0);
    model.nope_dim = number(*mla, "qk", 0);
    model.rope_dim = number(*mla, "rope", 0);
    model.value_dim = number(*mla, "v", 0);
  }
  if (lists(row, "flags", "mtp_layer_in_run")) model.mtp_layers = number(m, "mtp_layers", 1);
  return model;
}

/// The GPU of a name such as `H100 SXM`; null if it is unknown.
const Gpu* gpu_of(const std::string& name) {
  if (const Gpu* gpu = find_gpu(name)) return gpu;
  // A name within another one is shorter: GB200 and B200.
  const Gpu* longest = nullptr;
  for (const Gpu& gpu : known_gpus()) {
    if (has(name, std::string(gpu.name).c_str()) &&
        (longest == nullptr || gpu.name.size() > longest->name.size()))
      longest = &gpu;
  }
  if (longest == nullptr && has(name, "A100")) return find_gpu(has(name, "40") ? "A100-40" : "A100-80");
  return longest;
}

/// The GPUs in each of the fewest domains that can have equal shares of a job: 64 of 72 for 256 GPUs.
std::int64_t equal_domain(std::int64_t gpus, std::int64_t domain) {
  std::int64_t domains = (gpus + domain - 1) / domain;
  while (gpus % domains != 0) ++domains;
  return gpus / domains;
}

Machine machine_of(const json& row, const Gpu& gpu) {
  std::int64_t ranks = 1;
  for (const char* size : {"tp", "cp", "pp", "dp"}) ranks *= number(row, size, 1);
  Machine machine{.gpu = gpu, .gpus = number(row, "gpus", ranks)};
  if (has(text(row, "gpu"), "500W")) {
    // A lower limit of power than the data sheet's 700 W, and slower memory: facts of the row.
    machine.gpu.bf16_tflops *= 0.85;
    machine.gpu.fp8_tflops *= 0.85;
    machine.gpu.memory_tb_s = 2.4;
    machine.gpu.memory_gib = 94;
  }
  machine.domain = equal_domain(machine.gpus, number(row, "gpus_per_node", gpu.domain));
  return machine;
}

/// `1`, `3 (FSDP)`, `ZeRO-2`, `none`
int zero_of(const std::string& zero) {
  constexpr const char* stages = "0123";
  if (const auto digit = zero.find_first_of(stages); digit == 0) return zero[digit] - '0';
  if (has(zero, "FSDP")) return 3;
  if (const auto digit = zero.find_first_of(stages); digit != std::string::npos) return zero[digit] - '0';
  return has(zero, "no") ? 0 : 1;
}

Precision precision_of(const std::string& precision) {
  if (has(precision, "nvfp4")) return Precision::nvfp4;
  if (has(precision, "mx")) return Precision::mxfp8;
  if (has(precision, "fp8")) return Precision::fp8;
  return Precision::bf16;
}

/// The GPUs of a job over its other sizes.
std::int64_t replicas_of(const json& row, std::int64_t gpus) {
  return std::max<std::int64_t>(1, gpus / number(row, "tp", 1) / number(row, "cp", 1) / number(row, "pp", 1));
}

/// The release of the NeMo container that a reference names, such as `26.06`; empty if it names none.
std::string container_of(const std::string& reference) {
  const auto end = reference.find(" NeMo Container");
  if (end == std::string::npos) return {};
  const auto space = reference.rfind(' ', end - 1);
  const auto start = space == std::string::npos ? 0 : space + 1;
  return reference.substr(start, std::min<std::size_t>(5, end - start));
}

/// The rules for what a row does not say are in README.md.
Training training_of(const json& row, const Assumptions& assumptions) {
  const std::string precision = lower_case(text(row, "precision"));
  const std::string zero = text(row, "zero");
  const std::string recompute = lower_case(text(row, "recompute"));
  const std::string attention = text(row, "attention");
  const bool is_fp16 = has(precision, "fp16");
  Training training;
  training.sequence_length = number(row, "seq", 1);
  training.global_batch = number(row, "gbs", 1);
  training.micro_batch = number(row, "mbs", 1);
  training.recompute = has(recompute, "full")                                  ? Recompute::full
                       : has(recompute, "selective") || has(recompute, "core") ? Recompute::selective
                                                                               : Recompute::none;
  training.precision = precision_of(precision);
  training.zero = zero_of(zero);
  training.gradient_bytes = lists(row, "flags", "bf16_grad") || lists(row, "flags", "bf16_grads") ? 2
                            : lists(row, "flags", "fp32_grads")                                   ? 4
                                                                : assumptions.gradient_bytes;
  training.sequence_parallel = truth(row, "sp", !is_fp16);
  training.dropout = is_fp16 || lists(row, "flags", "dropout");
  training.loss = has(text(row, "note"), "cross-entropy fusion") ? Loss::fused : Loss::parallel;
  training.attention = is_fp16              ? Attention::scores
                       : training.zero == 3 ? Attention::flash2
                                            : Attention::fused;
  // Releases are two numbers of two digits, so that texts are in the order of time.
  training.graphs = assumptions.reads_releases && number(row.at("model"), "experts", 0) > 1 &&
                    training.precision == Precision::mxfp8 &&
                    container_of(text(row, "source_ref")) >= "26.06";
  training.fused_experts = training.graphs;
  if (!attention.empty()) {
    // The field lists the kernels that a run has; all else is PyTorch's.
    training.fused_norms = has(attention, "RMS");
    training.fused_mlp = false;
    training.loss = Loss::gathered;
    training.attention = attention == "torch"   ? Attention::plain
                         : attention == "fused" ? Attention::scores
                         : has(attention, "v1") ? Attention::flash1
                                                : Attention::flash2;
  }
  return training;
}

Layout layout_of(const json& row, std::int64_t gpus) {
  Layout layout{.tp = number(row, "tp", 1),
                .cp = number(row, "cp", 1),
                .ep = number(row, "ep", 1),
                .pp = number(row, "pp", 1),
                .vpp = number(row, "vpp", 1),
                .dp = number(row, "dp", replicas_of(row, gpus))};
  layout.etp = number(row, "etp", layout.tp);
  return layout;
}

void read_measured(const json& row, Row& result) {
  const json measured = row.value("measured", json::object());
  const auto value = [&](const char* name) -> std::optional<double> {
    const auto found = measured.find(name);
    if (found == measured.end() || !found->is_number() || found->get<double>() <= 0) return std::nullopt;
    return found->get<double>();
  };
  result.step_s = value("step_s");
  if (const auto rate = value("tokens_per_s_per_gpu"); rate && !result.step_s) {
    result.step_s = static_cast<double>(result.training.global_batch * result.training.sequence_length) /
                    (*rate * static_cast<double>(result.machine.gpus));
  }
  result.memory_gib = value("memory_gib");
  if (const auto gb = value("memory_gb"); gb && !result.memory_gib) result.memory_gib = *gb * 1e9 / (1 << 30);
  result.oom = truth(measured, "oom", false);
}

/// FNV-1a, 64 bits.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace

bool Row::is_fitted() const {
  return (hash_of(key) >> 32) % 3 != 0;
}

int Row::part(int parts) const {
  return static_cast<int>((hash_of(key + "|part") >> 32) % static_cast<std::uint64_t>(parts));
}

std::vector<Row> read_rows(const std::string& path, const Assumptions& assumptions,
                           std::map<std::string, int>* left_out) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::vector<Row> rows;
  for (const json& row : json::parse(file)) {
    const auto leave_out = [&](const std::string& reason) {
      if (left_out != nullptr) ++(*left_out)[reason];
    };
    if (!row.is_object() || !row.contains("model") || !row["model"].is_object()) {
      leave_out("no model");
      continue;
    }
    const ModelConfig model = model_of(row);
    const Gpu* gpu = gpu_of(text(row, "gpu"));
    if (const auto problems = check(model); !problems.empty()) {
      leave_out("the model's " + problems.front().message());
      continue;
    }
    if (gpu == nullptr) {
      leave_out("unknown GPU " + text(row, "gpu"));
      continue;
    }
    Row result;
    result.source = text(row, "source");
    result.id = number(row, "id", -1);
    result.work = Work(model);
    result.machine = machine_of(row, *gpu);
    result.training = training_of(row, assumptions);
    result.layout = layout_of(row, result.machine.gpus);
    if (result.layout.pp > model.layers) {
      leave_out("more stages than layers");
      continue;
    }
    result.key = model.name + "|" + text(row, "gpu") + "|" + std::to_string(result.machine.gpus) + "|" +
                 std::to_string(result.training.global_batch);
    result.group = result.source + "|" + result.key + "|" + std::to_string(result.training.sequence_length);
    read_measured(row, result);
    result.memory_of_last_stage = lists(row, "flags", "memory_of_last_rank_only");
    result.judges_step = lists(row, "judge", "step") && result.step_s;
    result.judges_memory = lists(row, "judge", "memory") && result.memory_gib;
    result.judges_oom = lists(row, "judge", "oom");
    result.judges_rank = lists(row, "judge", "rank") && result.step_s;
    rows.push_back(std::move(result));
  }
  return rows;
}

}  // namespace rankmesh::bench
