#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "rankmesh/planner/export.hpp"
#include "rankmesh/planner/job.hpp"
#include "rankmesh/planner/machine.hpp"
#include "rankmesh/planner/model.hpp"
#include "rankmesh/topology/cluster.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// The bytes that one GPU of a pipeline stage holds at the peak of a step.
struct StageMemory {
  /// Parameters in 16 bits.
  double weights = 0;
  /// Gradients.
  double gradients = 0;
  /// The optimizer's state: three 32-bit numbers for a parameter.
  double optimizer = 0;
  /// What the forward pass keeps for the backward pass, of all microbatches in flight.
  double activations = 0;
  /// Logits and loss on the last stage, and gradients that are computed.
  double temporary = 0;
  /// Context, libraries, buffers of communicators, and what the allocator cannot use.
  double overhead = 0;

  /// What the framework allocates: all but the overhead.
  [[nodiscard]] double allocated() const noexcept {
    return weights + gradients + optimizer + activations + temporary;
  }
  /// The sum.
  [[nodiscard]] double total() const noexcept { return allocated() + overhead; }
};

/// Seconds of a step by what they are spent on. Only what nothing else hides.
struct StepTime {
  /// Matrices, attention and memory traffic of all microbatches of the slowest stage.
  double compute = 0;
  /// The part of it that is computed again.
  double recompute = 0;
  /// Messages between tensor parallel ranks.
  double tensor = 0;
  /// Messages between context parallel ranks.
  double context = 0;
  /// Tokens sent to experts and back.
  double expert = 0;
  /// Messages between stages.
  double pipeline = 0;
  /// Stages waiting for each other.
  double bubble = 0;
  /// Gradients and parameters.
  double data = 0;
  /// The update of parameters.
  double optimizer = 0;

  /// The sum; `recompute` is a part of `compute`.
  [[nodiscard]] double total() const noexcept {
    return compute + tensor + context + expert + pipeline + bubble + data + optimizer;
  }
};

/// What the GPUs of a stage send in a step in the groups of a kind, the mean of all of them.
struct Traffic {
  /// `tensor`, `expert_tensor`, `context`, `expert`, `pipeline`, `data`, `expert_data`, `embedding`.
  std::string_view kind{};
  /// `all-gather and reduce-scatter`, around a ring; `ring`, `all-to-all`, `neighbours`, `all-reduce`.
  std::string_view pattern{};
  /// Messages or collectives.
  double calls = 0;
  /// Bytes inside a fast domain.
  double domain_bytes = 0;
  /// Bytes between fast domains.
  double network_bytes = 0;
};

/// The bytes of a kind by the levels of a cluster, the mean of the GPUs of a stage.
struct LevelTraffic {
  /// As in `Traffic`.
  std::string_view kind{};
  /// Messages or collectives.
  double calls = 0;
  /// Bytes inside a domain of each level, innermost first, that are not inside one of the level before; then
  /// those that leave the domains of all levels.
  std::vector<double> bytes{};
};

/// The numbers that were fitted to published measurements, and assumptions. docs/planner.md says which and
/// how.
struct Constants {
  /// Sizes of a matrix at which half of the efficiency is reached: rows, columns, inner size.
  double half_rows = 426;
  /// See `half_rows`.
  double half_columns = 5;
  /// See `half_rows`.
  double half_inner = 151;
  /// The efficiency of matrices whose sizes are no multiple of 64, relative to others.
  double misaligned = 0.5;
  /// The efficiency of the experts' matrices, relative to others.
  double experts = 0.949;
  /// The part of the 8-bit peak, relative to that of 16 bits, with one scale for a tensor.
  double fp8 = 0.993;
  /// The same with a scale for each block.
  double mxfp8 = 1.1;
  /// The same of the 4-bit peak.
  double nvfp4 = 0.854;
  /// The speed of FlashAttention 1, relative to 2.
  double flash1 = 0.689;
  /// Bytes read and written for a score in memory, by a fused softmax and by PyTorch's operations.
  double score_bytes = 6.47;
  /// See `score_bytes`.
  double plain_score_bytes = 5.6;
  /// Bytes read and written for a channel of a token: in norms and residuals, in norms of separate
  /// operations, for a value of attention and MLP, for a token sent to an expert.
  double norm_bytes = 68.8;
  /// See `norm_bytes`.
  double plain_norm_bytes = 166;
  /// See `norm_bytes`.
  double value_bytes = 2.42;
  /// See `norm_bytes`.
  double routing_bytes = 29.1;
  /// Bytes for a parameter in the update.
  double optimizer_bytes = 108;
  /// Part of the memory's bandwidth that is reached.
  double memory_bandwidth = 0.85;
  /// Seconds to start a kernel.
  double launch_s = 3.39e-05;
  /// Part of the bandwidth of links and network that collectives reach.
  double link = 0.98;
  /// See `link`.
  double network = 0.63;
  /// Seconds before a collective moves data, for every two doublings of what a rank has.
  double latency_s = 8.65e-05;
  /// The part of half of `latency_s` that is the latency of a message inside a fast domain, and between
  /// domains: a machine of which it is known has its own in this place. Not fitted, but the latencies with
  /// which NCCL chooses its algorithms (src/graph/tuning.cc: trees with the protocol Simple, NVLink and
  /// network).
  double link_latency_s = 4e-6;
  /// See `link_latency_s`.
  double network_latency_s = 14e-6;
  /// Seconds that attention loses in each step around a ring of context parallel ranks.
  double ring_step_s = 2e-05;
  /// Parts of messages that computation hides.
  double tensor_hidden = 0.547;
  /// See `tensor_hidden`.
  double expert_hidden = 0.653;
  /// See `tensor_hidden`.
  double data_hidden = 0.722;
  /// The same where weights are gathered layer by layer.
  double shards_hidden = 0.554;
  /// The same between stages.
  double pipeline_hidden = 1;
  /// GiB of context, libraries and communicators.
  double overhead_gib = 3.0;
  /// Part of what is allocated that the allocator holds beside it.
  double fragmentation = 0.05;
  /// Bytes that plain kernels keep beside others: for a channel in norms, for a value of the MLP, for a
  /// score, and for a logit.
  double kept_norm = 12;
  /// See `kept_norm`.
  double kept_mlp = 4;
  /// See `kept_norm`.
  double kept_score = 8;
  /// See `kept_norm`.
  double kept_logit = 18;
  /// About the error of step time that one of ten measurements exceeds which nothing was fitted to, for dense
  /// models and with experts.
  double spread = 0.2;
  /// See `spread`.
  double expert_spread = 0.3;
};

/// Whether a layout fits into memory.
enum class Fit {
  /// With 5 % of the memory to spare.
  yes,
  /// Less than 5 % of the memory to spare.
  tight,
  /// The stage with the most memory exceeds it.
  no,
};

/// What a job needs.
struct Estimate {
  /// The stage with the most memory.
  StageMemory memory{};
  /// Its number.
  std::int64_t stage = 0;
  /// Whether it fits.
  Fit fits = Fit::yes;
  /// A step.
  StepTime time{};
  /// Seconds of a step.
  double step_s = 0;
  /// The floating-point operations of the model in a step of the whole job, without what is computed again.
  double model_flops = 0;

  /// TFLOP/s for a GPU.
  [[nodiscard]] double tflops_per_gpu(const Machine& machine) const noexcept {
    return model_flops / step_s / static_cast<double>(machine.gpus) / 1e12;
  }
};

/// What a model needs that is independent of the layout, computed once for a search.
class Work {
 public:
  /// @param model one with nothing for `check` to report
  explicit Work(const ModelConfig& model);

  /// The model.
  [[nodiscard]] const ModelConfig& model() const& noexcept { return model_; }
  const ModelConfig& model() const&& = delete;
  /// Parameters of a layer, but for those of routed experts.
  [[nodiscard]] double dense_parameters(bool has_experts) const noexcept {
    return dense_[has_experts ? 1 : 0];
  }
  /// The same of one of `tp` tensor parallel ranks, each of which has all of the norms and of the router.
  [[nodiscard]] double dense_of_rank(bool has_experts, double tp) const noexcept {
    const double whole = whole_[has_experts ? 1 : 0];
    return whole + (dense_parameters(has_experts) - whole) / tp;
  }
  /// Parameters of the routed experts of a layer.
  [[nodiscard]] double expert_parameters() const noexcept { return experts_; }
  /// How many of the first layers have experts. O(1).
  [[nodiscard]] std::int64_t expert_layers_before(std::int64_t layer) const noexcept {
    return expert_layers_[static_cast<std::size_t>(layer)];
  }
  /// Operations of a step for one token, forward and backward.
  [[nodiscard]] double step_flops(std::int64_t sequence_length) const noexcept;

 private:
  ModelConfig model_;
  double dense_[2] = {0, 0};
  double whole_[2] = {0, 0};
  double experts_ = 0;
  double flops_ = 0;
  double attention_flops_ = 0;
  std::vector<std::int64_t> expert_layers_;
};

/// The memory of every stage. O(stages).
[[nodiscard]] std::vector<StageMemory> stage_memory(const Work& work, const Training& training,
                                                    const Layout& layout, const Constants& constants = {});
/// The messages of a step that the GPUs of a stage send. O(GPUs x log(members of a group)).
/// @param stage 0 .. pp - 1
[[nodiscard]] std::vector<Traffic> traffic(const Work& work, const Machine& machine, const Training& training,
                                           const Layout& layout, std::int64_t stage = 0);
/// The same by the levels of a cluster, whose domains may have several sizes. Rank r runs on slot r. O(GPUs x
/// levels x log(members of a group)).
/// @param cluster one with a slot for each rank
/// @param levels levels of the cluster, innermost first: those of nodes and racks, for example
/// @param stage 0 .. pp - 1
[[nodiscard]] std::vector<LevelTraffic> traffic_by_level(const Work& work, const Cluster& cluster,
                                                         const Training& training, const Layout& layout,
                                                         std::span<const std::size_t> levels,
                                                         std::int64_t stage = 0);
/// The time of a step. O(stages).
[[nodiscard]] StepTime step_time(const Work& work, const Machine& machine, const Training& training,
                                 const Layout& layout, const Constants& constants = {});
/// Memory and time. O(stages), allocates nothing.
/// @param layout one with nothing for `check` to report
[[nodiscard]] Estimate estimate(const Work& work, const Machine& machine, const Training& training,
                                const Layout& layout, const Constants& constants = {});

}  // namespace planner
}  // namespace rankmesh
