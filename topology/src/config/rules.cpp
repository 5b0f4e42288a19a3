#include "config/rules.hpp"

#include "rankmesh/topology/text.hpp"

namespace rankmesh {

Phrase joined_phrases(std::span<const Phrase> phrases, const char* separator) {
  Phrase result;
  for (const Phrase& phrase : phrases) {
    if (!result.empty()) result += separator;
    result += phrase;
  }
  return result;
}

std::optional<std::int64_t> product_of(std::span<const Size> sizes) {
  std::int64_t result = 1;
  for (const Size& size : sizes) {
    if (size.value < 1) continue;
    if (size.value > max_world_size / result) return std::nullopt;
    result *= size.value;
  }
  return result;
}

bool is_world_size(std::int64_t world_size) {
  return world_size >= 1 && world_size <= max_world_size;
}

bool fit(std::span<const Size> sizes, std::int64_t world_size) {
  if (std::any_of(sizes.begin(), sizes.end(), [](const Size& size) { return size.value < 1; })) return false;
  const auto product = product_of(sizes);
  return is_world_size(world_size) && product && world_size % *product == 0;
}

void check_lengths(const RuleSet& rules) {
  const auto limit = [&](std::string_view field, std::size_t length, std::size_t most,
                         std::string_view what) {
    if (length <= most) return;
    rules.diagnostics.add(field, "",
                          "has " + std::to_string(length) + " " + std::string(what) +
                              ", and may have at most " + std::to_string(most));
  };
  limit("order", rules.config.order.size(), 64, "characters");
  limit("meshes", rules.config.meshes.size(), 64, "meshes");
  limit("kinds", rules.config.kinds.size(), 4096, "kinds");
}

void check_world_size(const RuleSet& rules) {
  rules.apply({"world_size"}, [&] {
    const std::int64_t world_size = rules.config.world_size;
    if (is_world_size(world_size)) return;
    rules.diagnostics.add(
        "world_size", world_size,
        world_size < 1 ? "is below 1" : "is above 2147483647, the most that MPI and NCCL can number");
  });
}

void check_lower_bounds(const RuleSet& rules, std::span<const Size> sizes) {
  for (const Size& size : sizes) {
    if (size.value < 1) rules.diagnostics.add(size.field, size.value, "is below 1");
  }
}

namespace {

/// @return whether each size divides the world size
bool check_each_divides(const RuleSet& rules, std::span<const Size> sizes, std::int64_t world_size) {
  bool each_divides = true;
  for (const Size& size : sizes) {
    if (size.value < 1 || world_size % size.value == 0) continue;
    each_divides = false;
    rules.diagnostics.add(size.field, size.value,
                          "does not divide " + Phrase::field("world_size", world_size));
  }
  return each_divides;
}

/// The diagnostic names the last size above 1, which the other sizes leave too little room.
void check_product_divides(const RuleSet& rules, std::span<const Size> sizes, std::int64_t world_size,
                           const Note& note) {
  const auto product = product_of(sizes);
  if (product && world_size % *product == 0) return;
  std::vector<Phrase> factors;
  const Size* last = nullptr;
  Phrase explanation;
  for (const Size& size : sizes) {
    if (size.value <= 1) continue;
    factors.push_back(size.phrase());
    last = &size;
    if (size.field == note.field) explanation = note.phrase;
  }
  rules.diagnostics.add(last->field, last->value,
                        "does not work: the product of " + joined_phrases(factors, " and ") +
                            " does not divide " + Phrase::field("world_size", world_size) + explanation);
}

}  // namespace

void check_divides(const RuleSet& rules, std::span<const Size> sizes, const Note& note) {
  rules.apply({"world_size"}, [&] {
    const std::int64_t world_size = rules.config.world_size;
    if (!is_world_size(world_size)) return;
    if (check_each_divides(rules, sizes, world_size)) check_product_divides(rules, sizes, world_size, note);
  });
}

void check_virtual_pipeline(const RuleSet& rules, std::int64_t least) {
  if (!rules.config.virtual_pipeline) return;
  const std::int64_t value = *rules.config.virtual_pipeline;
  rules.apply({"virtual_pipeline"}, [&] {
    if (value < 1) rules.diagnostics.add("virtual_pipeline", value, "is below 1");
    if (value > max_world_size) rules.diagnostics.add("virtual_pipeline", value, "is above 2147483647");
  });
  rules.apply({"virtual_pipeline", "pipeline", "virtual_pipeline_rule"}, [&] {
    if (rules.config.pipeline >= least) return;
    rules.diagnostics.add("virtual_pipeline", value,
                          std::string("needs more than ") +
                              (least == 3 ? "two pipeline stages" : "one pipeline stage") + ", but " +
                              Phrase::field("pipeline", rules.config.pipeline));
  });
}

void check_split_rank(const RuleSet& rules) {
  if (!rules.config.split_rank) return;
  const std::int64_t value = *rules.config.split_rank;
  rules.apply({"split_rank"}, [&] {
    if (value < 0) rules.diagnostics.add("split_rank", value, "is negative: stages are counted from 0");
  });
  rules.apply({"split_rank", "pipeline"}, [&] {
    const std::int64_t stages = rules.config.pipeline;
    if (value < stages || stages <= 1) return;
    rules.diagnostics.add("split_rank", value,
                          "is no stage of " + Phrase::field("pipeline", stages) +
                              (", which has stages 0 .. " + std::to_string(stages - 1)));
  });
}

void check_placement(const RuleSet& rules) {
  const ParallelConfig& config = rules.config;
  rules.apply({"rank_offset"}, [&] {
    if (config.rank_offset < 0) rules.diagnostics.add("rank_offset", config.rank_offset, "is below 0");
  });
  rules.apply({"job_size"}, [&] {
    if (!config.job_size || is_world_size(*config.job_size)) return;
    rules.diagnostics.add("job_size", *config.job_size, "is not 1 .. 2147483647");
  });
  rules.apply({"rank_offset", "job_size", "world_size"}, [&] {
    const std::int64_t job_size = config.job_size.value_or(max_world_size);
    if (config.rank_offset < 0 || !is_world_size(job_size) || !is_world_size(config.world_size)) return;
    const Phrase world_size = Phrase::field("world_size", config.world_size);
    const std::int64_t room = job_size - config.world_size;
    if (room < 0) {
      rules.diagnostics.add("job_size", job_size, "is less than " + world_size + ", the ranks of the layout");
    } else if (config.rank_offset > room) {
      rules.diagnostics.add("rank_offset", config.rank_offset,
                            "leaves no room for " + world_size + " ranks below " +
                                (config.job_size ? Phrase::field("job_size", job_size)
                                                 : "2147483647, the most that MPI and NCCL can number"));
    }
  });
}

}  // namespace rankmesh
