#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// Sizes of a job and its model that a layout divides. What is not given is not checked.
struct JobSizes {
  /// Samples of one step of the optimizer.
  std::optional<std::int64_t> global_batch{};
  /// Samples that pass through a pipeline together; 1 if not given. Needs `global_batch`.
  std::optional<std::int64_t> micro_batch{};
  /// Entries of the vocabulary.
  std::optional<std::int64_t> vocabulary{};
  /// The vocabulary is padded to a multiple of this number times `tensor`. Megatron's
  /// `make_vocab_size_divisible_by`.
  std::int64_t vocabulary_multiple = 128;
  /// Attention heads of the queries.
  std::optional<std::int64_t> heads{};
  /// Heads of keys and values (query groups); as many as `heads` if not given. Needs `heads`.
  std::optional<std::int64_t> kv_heads{};
  /// Whether context parallelism exchanges heads (all-to-all, Megatron's `cp_comm_type` a2a), so that it
  /// divides the heads, too.
  bool heads_over_context = false;

  bool operator==(const JobSizes&) const = default;
};

/// How a layout divides the sizes of a job. What was not asked for is empty.
struct JobShares {
  /// Pipelines side by side, each with samples of its own: the world size divided by `tensor`, `pipeline`,
  /// `context` and `sequence`. For custom meshes the axis `dp`; 1 if there is none.
  std::int64_t data_parallel = 1;
  /// Microbatches of each pipeline in one step.
  std::optional<std::int64_t> microbatches{};
  /// The share of a step in which a stage is idle if forward and backward passes of all chunks take equally
  /// long, `idle / (idle + busy)`: with p stages, V chunks each and m microbatches, (p - 1) / (V * m + p -
  /// 1).
  std::optional<double> bubble{};
  /// The vocabulary with its padding.
  std::optional<std::int64_t> padded_vocabulary{};
  /// The padded vocabulary of each tensor parallel rank.
  std::optional<std::int64_t> vocabulary_per_rank{};
  /// Query heads of each rank, while it computes attention.
  std::optional<std::int64_t> heads_per_rank{};
  /// Key and value heads of each rank. If there are fewer than tensor parallel ranks, several ranks hold the
  /// same one.
  std::optional<std::int64_t> kv_heads_per_rank{};
};

/// What keeps a layout from dividing the sizes of a job; empty if nothing does. The rules are those of
/// Megatron-Core: micro_batch times the data parallel size divides the global batch; with virtual stages,
/// the microbatches are a multiple of the stages; `tensor` divides the heads, and divides the key and value
/// heads or is a multiple of them. Each diagnostic names values that work: batches and parallel sizes, never
/// sizes of the model.
/// @param config valid
[[nodiscard]] std::vector<Diagnostic> check_job_sizes(const JobSizes& sizes, const ParallelConfig& config);

/// How a layout divides the sizes of a job.
/// @param config valid
/// @throws ConfigError with the diagnostics of `check_job_sizes`
[[nodiscard]] JobShares job_shares(const JobSizes& sizes, const ParallelConfig& config);

}  // namespace rankmesh
