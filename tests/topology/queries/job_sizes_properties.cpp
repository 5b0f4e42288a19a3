// Sizes of jobs at random: an oracle that counts one by one, and suggestions that are applied.

#include <regex>
#include <string>
#include <vector>

#include "rankmesh/topology/job_sizes.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

ParallelConfig some_config() {
  ParallelConfig config{.tensor = number_between(1, 6),
                        .pipeline = number_between(1, 4),
                        .convention = Convention::megatron_core,
                        .context = number_between(1, 3)};
  if (config.pipeline > 1) config.virtual_pipeline = maybe_between(1, 3);
  config.world_size = config.tensor * config.pipeline * config.context * number_between(1, 6);
  RC_PRE(check(config).empty());
  return config;
}

JobSizes some_sizes() {
  JobSizes sizes{.global_batch = number_between(1, 100), .vocabulary = number_between(1, 5000)};
  sizes.micro_batch = maybe_between(1, 5);
  sizes.vocabulary_multiple = number_between(1, 130);
  sizes.heads = number_between(1, 48);
  sizes.kv_heads = maybe_between(1, 16);
  sizes.heads_over_context = *rc::gen::arbitrary<bool>();
  return sizes;
}

/// Hands samples to pipelines until none is left.
bool batch_fits(const JobSizes& sizes, const Topology& topology) {
  const int pipelines = topology.family(GroupKind::data).group_size();
  std::int64_t rounds = 0;
  std::int64_t left = *sizes.global_batch;
  for (; left > 0; ++rounds) left -= pipelines * sizes.micro_batch.value_or(1);
  const bool is_interleaved = topology.config().virtual_pipeline.value_or(1) > 1;
  return left == 0 && !(is_interleaved && rounds % topology.config().pipeline != 0);
}

bool heads_fit(const JobSizes& sizes, const ParallelConfig& config) {
  const std::int64_t kv = sizes.kv_heads.value_or(*sizes.heads);
  if (*sizes.heads % kv != 0 || *sizes.heads % config.tensor != 0) return false;
  if (kv % config.tensor != 0 && config.tensor % kv != 0) return false;
  if (!sizes.heads_over_context) return true;
  const std::int64_t own_kv = kv >= config.tensor ? kv / config.tensor : 1;
  return *sizes.heads % (config.tensor * config.context) == 0 && own_kv % config.context == 0;
}

struct SizeChange {
  JobSizes sizes;
  ParallelConfig config;
};

std::vector<SizeChange> changes_of(const Diagnostic& diagnostic, const JobSizes& sizes,
                                   const ParallelConfig& config) {
  std::vector<SizeChange> changes;
  for (const std::int64_t value : diagnostic.nearest) {
    RC_ASSERT(diagnostic.field == "global_batch");
    changes.push_back({sizes, config});
    changes.back().sizes.global_batch = value;
  }
  const std::string rule = diagnostic.rule.text();
  const std::regex remedy("take (no )?([a-z_]+)(?: = (\\d+)(?: or (\\d+))?)?");
  for (std::sregex_iterator it(rule.begin(), rule.end(), remedy), end; it != end; ++it) {
    for (const std::size_t group : {3U, 4U}) {
      const std::string value = (*it)[group];
      SizeChange change{sizes, config};
      const std::string field = (*it)[2];
      if ((*it)[1].matched) {
        change.config.virtual_pipeline.reset();
      } else if (value.empty()) {
        continue;
      } else if (field == "micro_batch") {
        change.sizes.micro_batch = std::stoll(value);
      } else if (field == "tensor") {
        change.config.tensor = std::stoll(value);
      } else if (field == "context") {
        change.config.context = std::stoll(value);
      } else {
        RC_ASSERT(field == "pipeline");
        change.config.pipeline = std::stoll(value);
      }
      changes.push_back(change);
    }
  }
  return changes;
}

}  // namespace

TEST_CASE("sizes of a job are divided as counting one by one does", "[property]") {
  int fitting = 0;
  CHECK(rc::check("shares", [&] {
    const ParallelConfig config = some_config();
    const JobSizes sizes = some_sizes();
    const Topology topology(config);
    const bool fits = batch_fits(sizes, topology) && heads_fit(sizes, config);
    RC_ASSERT(check_job_sizes(sizes, config).empty() == fits);
    const JobShares vocabulary = job_shares(
        {.vocabulary = sizes.vocabulary, .vocabulary_multiple = sizes.vocabulary_multiple}, config);
    std::int64_t padded = *sizes.vocabulary;
    while (padded % (sizes.vocabulary_multiple * config.tensor) != 0) ++padded;
    RC_ASSERT(vocabulary.padded_vocabulary == padded);
    RC_ASSERT(*vocabulary.vocabulary_per_rank * config.tensor == padded);
    if (!fits) return;
    ++fitting;
    const JobShares shares = job_shares(sizes, config);
    RC_ASSERT(shares.data_parallel * *shares.microbatches * sizes.micro_batch.value_or(1) ==
              sizes.global_batch);
    // The slots of a step: all chunks of all microbatches on each stage, and the way through the stages.
    const std::int64_t busy = *shares.microbatches * config.virtual_pipeline.value_or(1);
    const std::int64_t slots = busy + config.pipeline - 1;
    RC_ASSERT(std::abs(*shares.bubble * static_cast<double>(slots) - static_cast<double>(slots - busy)) <
              1e-9);
  }));
  CHECK(fitting > 0);
}

TEST_CASE("what a refusal of a job's sizes suggests works", "[property]") {
  int applied = 0;
  CHECK(rc::check("suggestions", [&] {
    const ParallelConfig config = some_config();
    const JobSizes sizes = some_sizes();
    for (const Diagnostic& diagnostic : check_job_sizes(sizes, config)) {
      RC_LOG() << diagnostic.message() << std::endl;
      for (const SizeChange& change : changes_of(diagnostic, sizes, config)) {
        ++applied;
        RC_ASSERT(check(change.config).empty());
        for (const Diagnostic& left : check_job_sizes(change.sizes, change.config))
          RC_ASSERT(left.field != diagnostic.field);
      }
    }
  }));
  CHECK(applied > share_of(50));
}
