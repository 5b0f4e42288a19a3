#include "rankmesh/topology/job_sizes.hpp"

#include <string>

#include "support/catch.hpp"

using namespace rankmesh;

namespace {

std::string problems_of(const JobSizes& sizes, const ParallelConfig& config) {
  std::string text;
  for (const Diagnostic& diagnostic : check_job_sizes(sizes, config))
    text += (text.empty() ? "" : "\n") + diagnostic.message();
  return text;
}

/// 8 pipelines of 4 stages.
ParallelConfig job(std::optional<std::int64_t> virtual_stages = std::nullopt) {
  return {.world_size = 256,
          .tensor = 8,
          .pipeline = 4,
          .virtual_pipeline = virtual_stages,
          .convention = Convention::megatron_core};
}

}  // namespace

TEST_CASE("a layout divides the batch, the vocabulary and the heads") {
  const JobShares shares = job_shares(
      {.global_batch = 256, .micro_batch = 2, .vocabulary = 128256, .heads = 64, .kv_heads = 8}, job(2));
  CHECK(shares.data_parallel == 8);
  CHECK(shares.microbatches == 16);
  CHECK(shares.bubble == 3.0 / 35.0);
  // The next multiple of 128 * 8.
  CHECK(shares.padded_vocabulary == 129024);
  CHECK(shares.vocabulary_per_rank == 16128);
  CHECK(shares.heads_per_rank == 8);
  CHECK(shares.kv_heads_per_rank == 1);
  CHECK(job_shares({}, job()).data_parallel == 8);
  CHECK_FALSE(job_shares({}, job()).microbatches);
  CHECK(job_shares({.vocabulary = 50257, .vocabulary_multiple = 1}, job()).padded_vocabulary == 50264);
  CHECK(job_shares({.global_batch = 8}, {.world_size = 8}).bubble == 0.0);
}

TEST_CASE("few key and value heads are on several ranks") {
  CHECK(job_shares({.heads = 32, .kv_heads = 2}, job()).kv_heads_per_rank == 1);
  CHECK(problems_of({.heads = 48, .kv_heads = 3}, job()) ==
        "kv_heads = 3 is neither a multiple nor a divisor of tensor = 8; take tensor = 1");
}

TEST_CASE("context parallelism divides the heads if it exchanges them") {
  ParallelConfig config = job();
  config.context = 4;
  CHECK(job_shares({.heads = 64, .kv_heads = 8}, config).heads_per_rank == 8);
  CHECK(job_shares({.heads = 64, .heads_over_context = true}, config).heads_per_rank == 2);
  CHECK(
      problems_of({.heads = 16, .heads_over_context = true}, config) ==
      "heads = 16 is no positive multiple of tensor = 8 times context = 4; take tensor = 4, or take context "
      "= 2");
  CHECK(
      problems_of({.heads = 64, .kv_heads = 8, .heads_over_context = true}, config) ==
      "kv_heads = 8 leaves 1 head for each of tensor = 8, no positive multiple of context = 4; take tensor = "
      "2, or take context = 1");
}

TEST_CASE("ranks that rematerialise weights together have samples of their own") {
  ParallelConfig config = job();
  config.weight_remat = 2;
  CHECK(job_shares({}, config).data_parallel == 8);
}

TEST_CASE("custom meshes are divided by the axes of the usual names") {
  const ParallelConfig config{.world_size = 16,
                              .convention = Convention::mesh,
                              .meshes = {{{"tp", 2}, {"dp", 4}, {"pp", 2}}},
                              .kinds = {{.kind = "dp", .groups = {.varying = {"dp"}}}}};
  const JobShares shares = job_shares({.global_batch = 8, .heads = 4}, config);
  CHECK(shares.data_parallel == 4);
  CHECK(shares.microbatches == 2);
  CHECK(shares.heads_per_rank == 2);
}

TEST_CASE("a batch that does not fit says which do") {
  CHECK(problems_of({.global_batch = 100, .micro_batch = 2}, job()) ==
        "global_batch = 100 is no positive multiple of micro_batch = 2 times the data parallel size 8; "
        "nearest: "
        "96, 112");
  CHECK(problems_of({.global_batch = 72, .micro_batch = 2}, job()) ==
        "global_batch = 72 is no positive multiple of micro_batch = 2 times the data parallel size 8; take "
        "micro_batch = 1 or 3; nearest: 64, 80");
  CHECK(problems_of({.global_batch = 48}, job(2)) ==
        "global_batch = 48 makes 6 microbatches in each pipeline, no multiple of pipeline = 4, as "
        "virtual_pipeline = 2 needs; take no virtual_pipeline; nearest: 32, 64");
  CHECK(
      problems_of({.global_batch = 4}, job()) ==
      "global_batch = 4 is no positive multiple of micro_batch = 1 times the data parallel size 8; nearest: "
      "8");
}

TEST_CASE("sizes are numbers that can be counted") {
  CHECK(problems_of({.global_batch = 0,
                     .micro_batch = 2147483648,
                     .vocabulary = -1,
                     .vocabulary_multiple = 0,
                     .kv_heads = 4},
                    job()) ==
        "global_batch = 0 is below 1\nmicro_batch = 2147483648 is above 2147483647\nvocabulary = -1 is below "
        "1\nvocabulary_multiple = 0 is below 1\nheads is missing");
  CHECK(problems_of({.micro_batch = 2}, job()) == "global_batch is missing");
  CHECK(problems_of({.heads = 64, .kv_heads = 24}, job()) == "kv_heads = 24 does not divide heads = 64");
  CHECK_THROWS_AS(job_shares({.heads = 0}, job()), ConfigError);
}
