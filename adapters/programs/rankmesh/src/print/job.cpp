#include "print/job.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "print/optional_json.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::cli {

std::vector<std::string> job_lines(const JobSizes& sizes, const ParallelConfig& config) {
  const JobShares shares = job_shares(sizes, config);
  std::vector<std::string> lines;
  if (shares.microbatches) {
    lines.push_back(fmt::format(
        "batch: {} = {} x {} of {}; bubble: {:.1f} % of a step", counted(*sizes.global_batch, "sample"),
        counted(shares.data_parallel, "data parallel rank"),
        *shares.microbatches == 1 ? "1 microbatch" : fmt::format("{} microbatches", *shares.microbatches),
        sizes.micro_batch.value_or(1), 100 * *shares.bubble));
  }
  if (shares.padded_vocabulary) {
    lines.push_back(fmt::format("vocabulary: {}, padded to {}; {} for each tensor parallel rank",
                                *sizes.vocabulary, *shares.padded_vocabulary, *shares.vocabulary_per_rank));
  }
  if (shares.heads_per_rank) {
    lines.push_back(fmt::format("heads: {}, with {} of keys and values; {} and {} for each rank",
                                *sizes.heads, sizes.kv_heads.value_or(*sizes.heads), *shares.heads_per_rank,
                                *shares.kv_heads_per_rank));
  }
  return lines;
}

std::string job_json(const JobSizes& sizes, const ParallelConfig& config) {
  const JobShares shares = job_shares(sizes, config);
  nlohmann::ordered_json json = {{"data_parallel", shares.data_parallel},
                                 {"microbatches", optional_json(shares.microbatches)},
                                 {"bubble", nullptr},
                                 {"padded_vocabulary", optional_json(shares.padded_vocabulary)},
                                 {"vocabulary_per_rank", optional_json(shares.vocabulary_per_rank)},
                                 {"heads_per_rank", optional_json(shares.heads_per_rank)},
                                 {"kv_heads_per_rank", optional_json(shares.kv_heads_per_rank)}};
  if (shares.bubble) json["bubble"] = *shares.bubble;
  return json.dump();
}

}  // namespace rankmesh::cli
