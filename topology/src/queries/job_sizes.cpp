#include "rankmesh/topology/job_sizes.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "config/divisors.hpp"
#include "config/rules.hpp"
#include "config/suggestions.hpp"
#include "rankmesh/topology/text.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh {
namespace {

/// Sizes of a job are at most this, so that products of a size and the world size stay in 64 bits.
constexpr std::int64_t most_size = std::numeric_limits<int>::max();

/// The layout as batches and heads see it.
struct Divisors {
  std::int64_t tensor = 1;
  std::int64_t context = 1;
  std::int64_t stages = 1;
  std::int64_t chunks = 1;
  std::int64_t data = 1;
};

std::int64_t axis_of(const Mesh& mesh, std::string_view name) {
  for (const Axis& axis : mesh.axes()) {
    if (axis.name == name) return axis.size;
  }
  return 1;
}

/// @param config valid
Divisors divisors_of_layout(const ParallelConfig& config) {
  if (config.convention == Convention::mesh) {
    const Topology topology(config);
    const Mesh& mesh = topology.mesh();
    return {.tensor = axis_of(mesh, "tp"),
            .context = axis_of(mesh, "cp"),
            .stages = axis_of(mesh, "pp"),
            .data = axis_of(mesh, "dp")};
  }
  // Ranks that rematerialise weights together have samples of their own.
  return {.tensor = config.tensor,
          .context = config.context * config.sequence,
          .stages = config.pipeline,
          .chunks = config.virtual_pipeline.value_or(1),
          .data = config.world_size / (config.tensor * config.pipeline * config.context * config.sequence)};
}

void check_range(std::string_view field, std::optional<std::int64_t> value, Diagnostics& found) {
  if (value && *value < 1) found.add(field, *value, "is below 1");
  if (value && *value > most_size) found.add(field, *value, "is above 2147483647");
}

/// `data parallel size 8`, which is no field.
Phrase data_phrase(const Divisors& by) {
  return "the data parallel size " + std::to_string(by.data);
}

void check_batch(const JobSizes& sizes, const Divisors& by, Diagnostics& found) {
  const std::int64_t micro = sizes.micro_batch.value_or(1);
  const std::int64_t global = *sizes.global_batch;
  if (global % (micro * by.data) != 0) {
    found.add(
        "global_batch", global,
        "is no positive multiple of " + Phrase::field("micro_batch", micro) + " times " + data_phrase(by));
    return;
  }
  const std::int64_t count = global / micro / by.data;
  if (by.chunks == 1 || count % by.stages == 0) return;
  found.add("global_batch", global,
            "makes " + counted(count, "microbatch") + " in each pipeline, no multiple of " +
                Phrase::field("pipeline", by.stages) + ", as " +
                Phrase::field("virtual_pipeline", by.chunks) + " needs");
}

std::int64_t kv_heads_of(const JobSizes& sizes) {
  return sizes.kv_heads.value_or(*sizes.heads);
}

/// Heads of each tensor parallel rank. One that several ranks need is on all of them.
std::int64_t share_of(std::int64_t heads, std::int64_t tensor) {
  return std::max<std::int64_t>(heads / tensor, 1);
}

void check_heads(const JobSizes& sizes, const Divisors& by, Diagnostics& found) {
  const std::int64_t heads = *sizes.heads;
  const std::int64_t kv_heads = kv_heads_of(sizes);
  const std::int64_t tensor = by.tensor;
  if (heads % kv_heads != 0)
    found.add("kv_heads", kv_heads, "does not divide " + Phrase::field("heads", heads));
  const Phrase by_tensor = Phrase::field("tensor", tensor);
  if (heads % tensor != 0) {
    found.add("heads", heads, "is no positive multiple of " + by_tensor);
  } else if (sizes.heads_over_context && heads / tensor % by.context != 0) {
    found.add("heads", heads,
              "is no positive multiple of " + by_tensor + " times " + Phrase::field("context", by.context));
  }
  if (!sizes.kv_heads) return;
  if (kv_heads % tensor != 0 && tensor % kv_heads != 0) {
    found.add("kv_heads", kv_heads, "is neither a multiple nor a divisor of " + by_tensor);
  } else if (sizes.heads_over_context && share_of(kv_heads, tensor) % by.context != 0) {
    found.add("kv_heads", kv_heads,
              "leaves " + counted(share_of(kv_heads, tensor), "head") + " for each of " + by_tensor +
                  ", no positive multiple of " + Phrase::field("context", by.context));
  }
}

std::vector<Diagnostic> broken_job_rules(const JobSizes& sizes, const ParallelConfig& config) {
  Diagnostics found;
  check_range("global_batch", sizes.global_batch, found);
  check_range("micro_batch", sizes.micro_batch, found);
  check_range("vocabulary", sizes.vocabulary, found);
  check_range("vocabulary_multiple", sizes.vocabulary_multiple, found);
  check_range("heads", sizes.heads, found);
  check_range("kv_heads", sizes.kv_heads, found);
  std::vector<Diagnostic> missing;
  if (sizes.micro_batch && !sizes.global_batch)
    missing.push_back({.field = "global_batch", .rule = "is missing", .kind = Diagnostic::Kind::missing});
  if (sizes.kv_heads && !sizes.heads)
    missing.push_back({.field = "heads", .rule = "is missing", .kind = Diagnostic::Kind::missing});
  const Divisors by = divisors_of_layout(config);
  const auto is_readable = [&](FieldNames fields) {
    return std::none_of(fields.begin(), fields.end(), [&](std::string_view f) { return found.has(f); });
  };
  if (sizes.global_batch && is_readable({"global_batch", "micro_batch"})) check_batch(sizes, by, found);
  if (sizes.heads && is_readable({"heads", "kv_heads"})) check_heads(sizes, by, found);
  std::vector<Diagnostic> result = found.take();
  result.insert(result.end(), missing.begin(), missing.end());
  return result;
}

/// Whether no rule about a field is broken.
bool works(std::string_view field, const JobSizes& sizes, const ParallelConfig& config) {
  if (!broken_rules(config, {}).empty()) return false;
  const std::vector<Diagnostic> broken = broken_job_rules(sizes, config);
  return std::none_of(broken.begin(), broken.end(), [&](const Diagnostic& d) { return d.field == field; });
}

/// The global batches nearest to the given one that each pipeline can divide.
std::vector<std::int64_t> nearest_batches(const JobSizes& sizes, const ParallelConfig& config) {
  const Divisors by = divisors_of_layout(config);
  const std::int64_t unit = sizes.micro_batch.value_or(1) * by.data * (by.chunks > 1 ? by.stages : 1);
  std::vector<std::int64_t> result;
  for (const std::int64_t batch :
       {*sizes.global_batch / unit * unit, (*sizes.global_batch / unit + 1) * unit}) {
    JobSizes changed = sizes;
    changed.global_batch = batch;
    if (works("global_batch", changed, config)) result.push_back(batch);
  }
  return result;
}

/// The micro batches nearest to the given one that divide the global batch: `micro_batch = 1 or 4`.
Phrase micro_batches(const JobSizes& sizes, const ParallelConfig& config) {
  const std::int64_t given = sizes.micro_batch.value_or(1);
  std::optional<std::int64_t> below;
  std::optional<std::int64_t> above;
  for (const std::int64_t micro : divisors_of(*sizes.global_batch)) {
    JobSizes changed = sizes;
    changed.micro_batch = micro;
    if (micro == given || !works("global_batch", changed, config)) continue;
    if (micro < given) below = micro;
    if (micro > given && !above) above = micro;
  }
  std::vector<std::int64_t> values;
  for (const auto& value : {below, above}) {
    if (value) values.push_back(*value);
  }
  return values.empty() ? Phrase() : Phrase::field("micro_batch") + (" = " + joined(values, " or "));
}

/// Parallel sizes, of those that the rule depends on, with which it holds.
std::vector<Phrase> parallel_sizes(const Diagnostic& diagnostic, const JobSizes& sizes,
                                   const ParallelConfig& config) {
  std::vector<Phrase> result;
  if (config.convention == Convention::mesh) return result;
  for (const std::string_view field : {"tensor", "context", "pipeline"}) {
    if (!diagnostic.rule.names(field)) continue;
    const auto values = nearest_values(config, field, {}, [&](const ParallelConfig& changed) {
      return works(diagnostic.field, sizes, changed);
    });
    if (!values.empty()) result.push_back(Phrase::field(field) + (" = " + joined(values, " or ")));
  }
  return result;
}

}  // namespace

std::vector<Diagnostic> check_job_sizes(const JobSizes& sizes, const ParallelConfig& config) {
  std::vector<Diagnostic> found = broken_job_rules(sizes, config);
  for (Diagnostic& diagnostic : found) {
    const bool is_batch = diagnostic.field == "global_batch" && diagnostic.rule.names("micro_batch");
    const bool is_interleaving = diagnostic.field == "global_batch" && diagnostic.rule.names("pipeline");
    std::vector<Phrase> remedies = parallel_sizes(diagnostic, sizes, config);
    if (is_batch || is_interleaving) {
      diagnostic.nearest = nearest_batches(sizes, config);
      if (Phrase micro = micro_batches(sizes, config); !micro.empty())
        remedies.insert(remedies.begin(), std::move(micro));
      ParallelConfig without = config;
      without.virtual_pipeline.reset();
      if (is_interleaving && works("global_batch", sizes, without))
        remedies.push_back("no " + Phrase::field("virtual_pipeline"));
    }
    if (!remedies.empty()) diagnostic.rule += "; take " + joined_phrases(remedies, ", or take ");
  }
  return found;
}

JobShares job_shares(const JobSizes& sizes, const ParallelConfig& config) {
  if (auto found = check_job_sizes(sizes, config); !found.empty()) throw ConfigError(std::move(found));
  const Divisors by = divisors_of_layout(config);
  JobShares shares{.data_parallel = by.data};
  if (sizes.global_batch) {
    shares.microbatches = *sizes.global_batch / sizes.micro_batch.value_or(1) / by.data;
    const auto idle = static_cast<double>(by.stages - 1);
    shares.bubble =
        idle / (static_cast<double>(by.chunks) * static_cast<double>(*shares.microbatches) + idle);
  }
  if (sizes.vocabulary) {
    const std::int64_t unit = sizes.vocabulary_multiple * by.tensor;
    shares.padded_vocabulary = ((*sizes.vocabulary - 1) / unit + 1) * unit;
    shares.vocabulary_per_rank = *shares.padded_vocabulary / by.tensor;
  }
  if (sizes.heads) {
    const std::int64_t context = sizes.heads_over_context ? by.context : 1;
    shares.heads_per_rank = *sizes.heads / by.tensor / context;
    shares.kv_heads_per_rank = share_of(kv_heads_of(sizes), by.tensor) / context;
  }
  return shares;
}

}  // namespace rankmesh
