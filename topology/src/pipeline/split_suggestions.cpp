#include <algorithm>
#include <string>
#include <utility>

#include "config/divisors.hpp"
#include "config/rules.hpp"
#include "config/suggestions.hpp"
#include "pipeline/split_rules.hpp"
#include "rankmesh/topology/text.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh {
namespace {

/// @param config valid
PipelineStages stages_of(const ParallelConfig& config) {
  if (config.convention != Convention::mesh)
    return {.stages = config.pipeline, .virtual_stages = config.virtual_pipeline};
  const Topology topology(config);
  return {.stages = topology.pipeline().stages()};
}

/// What is wrong with a split, also because the virtual stages of a layout string do not go together with the
/// configuration.
std::vector<Diagnostic> broken_rules_of(const PipelineSplit& split, const ParallelConfig& config) {
  const PipelineStages stages = stages_of(config);
  std::vector<Diagnostic> broken = broken_split_rules(split, stages);
  if (!broken.empty() || !split.layout || config.virtual_pipeline || config.convention == Convention::mesh)
    return broken;
  const std::int64_t count = PipelineLayout(split, stages).virtual_stages();
  if (count == 1) return broken;
  ParallelConfig with_virtual = config;
  with_virtual.virtual_pipeline = count;
  for (const Diagnostic& diagnostic : broken_rules(with_virtual, {})) {
    broken.push_back(
        {.field = "pipeline_layout",
         .value = *split.layout,
         .rule = "makes " + Phrase::field(diagnostic.field, count) + ", which " + diagnostic.rule});
  }
  return broken;
}

/// Changes with which a rule about a field is no longer broken. Each is tried before it is suggested.
class Remedies {
 public:
  /// @param field the field of a diagnostic
  /// @param found all diagnostics
  Remedies(const PipelineSplit& split, const ParallelConfig& config, std::string_view field,
           const std::vector<Diagnostic>& found)
      : split_(split),
        config_(config) {
    for (const Diagnostic& diagnostic : found) {
      if (diagnostic.field != field) others_.push_back(diagnostic.field);
    }
  }

  /// Other numbers of layers of the first or last stage, the nearest below and above.
  [[nodiscard]] std::vector<std::int64_t> numbers(std::optional<std::int64_t> PipelineSplit::*member) const {
    std::vector<std::int64_t> result;
    const PipelineStages stages = stages_of(config_);
    const bool has_both = split_.first_stage_layers && split_.last_stage_layers;
    const std::int64_t step = stages.virtual_stages.value_or(1);
    const std::int64_t period = std::max<std::int64_t>(1, stages.stages - (has_both ? 2 : 1)) * step;
    const auto other_member = member == &PipelineSplit::first_stage_layers
                                  ? &PipelineSplit::last_stage_layers
                                  : &PipelineSplit::first_stage_layers;
    const std::int64_t other = (split_.*other_member).value_or(0);
    const std::int64_t value = *(split_.*member);
    if (!split_.layers || other < 0 || other > *split_.layers) return result;
    // The rest is a multiple of the period, and at least one layer for each chunk.
    const std::int64_t most = *split_.layers - other - (stages.stages > (has_both ? 2 : 1) ? period : 0);
    const auto fits = [&](std::int64_t candidate) {
      PipelineSplit changed = split_;
      changed.*member = candidate;
      return candidate >= 1 && works(changed, config_);
    };
    const std::int64_t below = std::min(value - 1, most);
    const std::int64_t least_of_class = (*split_.layers - other) % period;
    const auto in_class = [&](std::int64_t at) {
      return at - (((at - least_of_class) % period) + period) % period;
    };
    if (const std::int64_t candidate = in_class(below); fits(candidate)) result.push_back(candidate);
    const std::int64_t above = in_class(std::max<std::int64_t>(value, 0) + period);
    if (above > value && above <= most && fits(above)) result.push_back(above);
    return result;
  }

  /// Other parallel sizes, which mend everything: `pipeline = 6 or 9`.
  [[nodiscard]] std::vector<Phrase> sizes() const {
    std::vector<Phrase> result;
    if (config_.convention == Convention::mesh) return result;
    std::vector<std::int64_t> further;
    if (split_.layers && *split_.layers <= max_world_size) further = divisors_of(*split_.layers);
    for (const std::string_view field : {"pipeline", "virtual_pipeline"}) {
      if (field == "virtual_pipeline" && !config_.virtual_pipeline) continue;
      const auto values = nearest_values(
          config_, field, further, [&](const ParallelConfig& changed) { return is_right(split_, changed); });
      if (!values.empty()) result.push_back(Phrase::field(field) + (" = " + joined(values, " or ")));
    }
    if (result.empty() && config_.virtual_pipeline) add_without_virtual_stages(further, result);
    return result;
  }

  /// Uneven splits of the same layers over the same stages, unless the split has costs or a layout.
  [[nodiscard]] std::vector<Phrase> uneven() const {
    std::vector<Phrase> result;
    if (split_.layout || split_.costs || !split_.layers) return result;
    add_accounted(result);
    add_first_and_last(result);
    PipelineSplit balanced = plain();
    balanced.costs = SplitCosts();
    if (is_right(balanced, config_)) result.push_back("a balanced split (" + Phrase::field("costs") + ")");
    return result;
  }

 private:
  /// The split without options.
  [[nodiscard]] PipelineSplit plain() const {
    return {.layers = split_.layers, .mtp_layers = split_.mtp_layers};
  }

  [[nodiscard]] static bool is_right(const PipelineSplit& split, const ParallelConfig& config) {
    return broken_rules(config, {}).empty() && broken_rules_of(split, config).empty();
  }

  /// Whether no rule is broken but for those about other fields.
  [[nodiscard]] bool works(const PipelineSplit& split, const ParallelConfig& config) const {
    if (!broken_rules(config, {}).empty()) return false;
    const std::vector<Diagnostic> broken = broken_rules_of(split, config);
    return std::all_of(broken.begin(), broken.end(), [&](const Diagnostic& d) {
      return std::find(others_.begin(), others_.end(), d.field) != others_.end();
    });
  }

  void add_without_virtual_stages(std::span<const std::int64_t> further, std::vector<Phrase>& result) const {
    ParallelConfig without = config_;
    without.virtual_pipeline.reset();
    if (is_right(split_, without)) {
      result.push_back("no " + Phrase::field("virtual_pipeline"));
      return;
    }
    const auto values = nearest_values(without, "pipeline", further, [&](const ParallelConfig& changed) {
      return is_right(split_, changed);
    });
    if (values.empty()) return;
    result.push_back(Phrase::field("pipeline") + (" = " + joined(values, " or ")) + " without " +
                     Phrase::field("virtual_pipeline"));
  }

  void add_accounted(std::vector<Phrase>& result) const {
    const std::pair<bool, bool> choices[] = {{true, true}, {true, false}, {false, true}};
    for (const auto& [embedding, loss] : choices) {
      PipelineSplit changed = plain();
      changed.account_for_embedding = embedding;
      changed.account_for_loss = loss;
      if (!is_right(changed, config_)) continue;
      std::vector<Phrase> fields;
      if (embedding) fields.push_back(Phrase::field("account_for_embedding"));
      if (loss) fields.push_back(Phrase::field("account_for_loss"));
      result.push_back(joined_phrases(fields, " and "));
    }
  }

  /// The inner stages hold the average, rounded up or else down; the ends share what remains.
  void add_first_and_last(std::vector<Phrase>& result) const {
    const PipelineStages stages = stages_of(config_);
    const std::int64_t step = stages.virtual_stages.value_or(1);
    const std::int64_t layers = *split_.layers / step;
    if (*split_.layers % step != 0 || stages.stages < 2) return;
    for (const std::int64_t inner : {(layers - 1) / stages.stages + 1, layers / stages.stages}) {
      const std::int64_t rest = layers - inner * (stages.stages - 2);
      if (inner < 1 || rest < 2) continue;
      PipelineSplit changed = plain();
      changed.first_stage_layers = (rest + 1) / 2 * step;
      changed.last_stage_layers = rest / 2 * step;
      if (!is_right(changed, config_)) continue;
      result.push_back(Phrase::field("first_stage_layers", *changed.first_stage_layers) + " and " +
                       Phrase::field("last_stage_layers", *changed.last_stage_layers));
      return;
    }
  }

  const PipelineSplit& split_;
  const ParallelConfig& config_;
  /// The fields of the other diagnostics.
  std::vector<std::string> others_;
};

bool is_about_stages(const Diagnostic& diagnostic) {
  return diagnostic.kind == Diagnostic::Kind::invalid &&
         (diagnostic.rule.names("pipeline") || diagnostic.rule.names("virtual_pipeline"));
}

}  // namespace

std::vector<Diagnostic> check_pipeline_split(const PipelineSplit& split, const ParallelConfig& config) {
  std::vector<Diagnostic> found = broken_rules_of(split, config);
  const std::vector<Diagnostic> all = found;
  for (Diagnostic& diagnostic : found) {
    if (!is_about_stages(diagnostic)) continue;
    const Remedies remedies(split, config, diagnostic.field, all);
    std::vector<Phrase> phrases = remedies.sizes();
    for (Phrase& phrase : remedies.uneven()) phrases.push_back(std::move(phrase));
    if (!phrases.empty()) diagnostic.rule += "; take " + joined_phrases(phrases, ", or take ");
    if (diagnostic.field == "first_stage_layers")
      diagnostic.nearest = remedies.numbers(&PipelineSplit::first_stage_layers);
    if (diagnostic.field == "last_stage_layers")
      diagnostic.nearest = remedies.numbers(&PipelineSplit::last_stage_layers);
  }
  return found;
}

PipelineLayout make_pipeline_layout(const PipelineSplit& split, const ParallelConfig& config) {
  if (auto diagnostics = check_pipeline_split(split, config); !diagnostics.empty())
    throw ConfigError(std::move(diagnostics));
  return PipelineLayout(split, stages_of(config));
}

}  // namespace rankmesh
