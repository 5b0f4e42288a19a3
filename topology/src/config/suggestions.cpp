#include "config/suggestions.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <variant>

#include "config/config_fields.hpp"
#include "config/divisors.hpp"
#include "config/rules.hpp"
#include "config/working_order.hpp"
#include "rankmesh/topology/mesh_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh {
namespace {

using Config = ParallelConfig;
using Number = std::int64_t Config::*;
using OptionalNumber = std::optional<std::int64_t> Config::*;
using Names = std::set<std::string, std::less<>>;

/// Nothing if the field is no number or has no value.
std::optional<std::int64_t> number_of(const ConfigField& field, const Config& config) {
  if (const auto* number = std::get_if<Number>(&field.access)) return config.**number;
  if (const auto* number = std::get_if<OptionalNumber>(&field.access)) return config.**number;
  return std::nullopt;
}

bool is_number(const ConfigField& field) {
  return std::holds_alternative<Number>(field.access) || std::holds_alternative<OptionalNumber>(field.access);
}

Config with_number(const ConfigField& field, Config config, std::int64_t value) {
  if (const auto* number = std::get_if<Number>(&field.access)) config.** number = value;
  if (const auto* number = std::get_if<OptionalNumber>(&field.access)) config.** number = value;
  return config;
}

/// Gives a field its default.
struct Reset {
  Config& config;

  template <typename Value>
  void operator()(Value Config::*member) const {
    config.*member = Config().*member;
  }
  template <typename Choice>
  void operator()(const ChoiceField<Choice>& choice) const {
    (*this)(choice.member);
  }
};

bool has_meaning(const ConfigField& field, const Config& config) {
  const auto& known = field.conventions;
  return std::find(known.begin(), known.end(), config.convention) != known.end();
}

/// Numbers in ascending order, each once, of those that a field can have.
class Candidates {
 public:
  void add(std::int64_t number) {
    if (number >= 0 && number <= max_world_size) numbers_.insert(number);
  }
  [[nodiscard]] std::vector<std::int64_t> take() const { return {numbers_.begin(), numbers_.end()}; }

 private:
  std::set<std::int64_t> numbers_;
};

/// What the world size must be a multiple of for these sizes to fit; nothing if it exceeds every world.
std::optional<std::int64_t> unit_of_world(const Config& config) {
  const auto etp = config.expert_tensor.value_or(config.tensor);
  std::vector<std::vector<std::int64_t>> products{{config.tensor, config.pipeline, config.sequence}};
  if (config.convention == Convention::megatron_core) {
    const std::int64_t instances = config.optimizer_instances;
    products = {{config.tensor, config.weight_remat, config.pipeline, config.context},
                {config.tensor, config.weight_remat, config.pipeline, instances},
                {etp, config.expert_weight_remat, config.pipeline, config.expert, instances}};
  } else if (config.convention == Convention::mesh) {
    products.clear();
    for (const std::vector<Axis>& axes : config.meshes) {
      products.emplace_back();
      for (const Axis& axis : axes) products.back().push_back(axis.size);
    }
  }
  std::int64_t unit = 1;
  for (const std::vector<std::int64_t>& factors : products) {
    std::vector<Size> sizes;
    for (const std::int64_t factor : factors) sizes.push_back({"", factor});
    const auto product = product_of(sizes);
    if (!product) return std::nullopt;
    unit = std::lcm(unit, *product);
    if (unit > max_world_size) return std::nullopt;
  }
  return unit;
}

/// Multiples of the unit: small ones, and the nearest to the world size and to its limits.
std::vector<std::int64_t> world_sizes(const Config& config) {
  // Where no world is large enough, any size shows which other fields must change.
  const std::int64_t unit = unit_of_world(config).value_or(1);
  Candidates candidates;
  for (const std::int64_t factor : {1, 2, 4, 8, 16, 32}) candidates.add(unit * factor);
  const std::int64_t offset = std::clamp<std::int64_t>(config.rank_offset, 0, max_world_size);
  const std::int64_t job =
      std::clamp<std::int64_t>(config.job_size.value_or(max_world_size), 0, max_world_size);
  for (const std::int64_t limit :
       {std::clamp<std::int64_t>(config.world_size, 0, max_world_size), job - offset}) {
    if (limit < 0) continue;
    candidates.add(limit / unit * unit);
    candidates.add(limit / unit * unit + unit);
  }
  return candidates.take();
}

/// The values that rules compare with: the divisors of the world size, and the ends of ranges.
std::vector<std::int64_t> other_numbers(const Config& config) {
  Candidates candidates;
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{1}, max_world_size}) candidates.add(number);
  if (config.pipeline >= 1) candidates.add(config.pipeline - 1);
  if (!is_world_size(config.world_size)) return candidates.take();
  for (const std::int64_t divisor : divisors_of(config.world_size)) candidates.add(divisor);
  candidates.add(max_world_size - config.world_size);
  if (config.job_size && is_world_size(*config.job_size))
    candidates.add(*config.job_size - config.world_size);
  if (config.rank_offset >= 0 && config.rank_offset <= max_world_size) {
    candidates.add(config.world_size + config.rank_offset);
  }
  return candidates.take();
}

/// The candidates of a field on one side of its value, the nearest first.
std::vector<std::int64_t> outwards(const ConfigField& field, const Config& config,
                                   std::vector<std::int64_t> candidates, bool below) {
  // The tensor parallel size of the experts is that of the dense layers if it is not given.
  const std::int64_t value = number_of(field, config).value_or(config.tensor);
  std::erase_if(candidates, [&](std::int64_t number) { return below ? number >= value : number <= value; });
  if (below) std::reverse(candidates.begin(), candidates.end());
  return candidates;
}

/// The nearest values of a field below and above its own that work, in ascending order.
std::vector<std::int64_t> nearest_of(const ConfigField& field, const Config& config,
                                     const std::vector<std::int64_t>& candidates,
                                     const std::function<bool(const Config&)>& works) {
  std::vector<std::int64_t> result;
  for (const bool below : {true, false}) {
    for (const std::int64_t value : outwards(field, config, candidates, below)) {
      if (!works(with_number(field, config, value))) continue;
      result.push_back(value);
      break;
    }
  }
  return result;
}

/// Changes of a configuration that mend what is wrong with one field.
class Search {
 public:
  Search(const Config& config, std::span<const std::string> unreadable)
      : config_(config),
        unreadable_(unreadable.begin(), unreadable.end()) {
    for (const ConfigField& field : config_fields()) {
      if (!can_read(field.field)) std::visit(Reset{config_}, field.access);
    }
    others_ = other_numbers(config_);
  }

  /// The diagnostics of fields that are wrong whatever this field is. A list can have many diagnostics, so
  /// they are kept.
  [[nodiscard]] const std::vector<Diagnostic>& independent_of(const std::string& field) {
    const auto [found, is_new] = independent_.try_emplace(field);
    if (is_new) {
      std::vector<std::string> unreadable = unreadable_;
      unreadable.push_back(field);
      found->second = broken_rules(config_, unreadable);
    }
    return found->second;
  }

  /// Adds what mends the diagnostic.
  void complete(Diagnostic& diagnostic) {
    const ConfigField* field = find_field(diagnostic.field);
    // A field without meaning must go, whatever its value is.
    if (field == nullptr || !has_meaning(*field, config_)) return;
    // An order that works mends everything that is wrong with the order, so one diagnostic names it.
    if (diagnostic.field == "order" && order_) return;
    allowed_.clear();
    for (const Diagnostic& other : independent_of(diagnostic.field)) allowed_.insert(other.field);
    if (is_number(*field)) diagnostic.nearest = nearest(*field);
    std::vector<Phrase> remedies = remedies_beside_numbers(diagnostic);
    if (diagnostic.nearest.empty() && remedies.empty()) {
      for (Phrase& remedy : remedies_without_numbers(diagnostic, *field))
        remedies.push_back(std::move(remedy));
    }
    if (!remedies.empty()) {
      diagnostic.rule += "; " + joined_phrases(remedies, ", or ");
    } else if (diagnostic.nearest.empty() && is_number(*field)) {
      diagnostic.rule += what_must_change_too(*field);
    }
  }

 private:
  /// The fields that are wrong in a changed configuration, without those that are wrong in any case.
  [[nodiscard]] Names wrong_in(const Config& changed) const {
    Names wrong;
    const auto add = [&](const Names& ignored) {
      std::vector<std::string> unreadable = unreadable_;
      unreadable.insert(unreadable.end(), ignored.begin(), ignored.end());
      for (const Diagnostic& diagnostic : broken_rules(changed, unreadable)) {
        if (!allowed_.contains(diagnostic.field)) wrong.insert(diagnostic.field);
      }
    };
    add({});
    // A rule about several fields names one of them, and is skipped where it cannot read one. So look at what
    // is left without the fields that are wrong in any case.
    for (const std::string& field : allowed_) add({field});
    if (allowed_.size() > 1) add(allowed_);
    return wrong;
  }

  [[nodiscard]] bool works(const Config& changed) const { return wrong_in(changed).empty(); }

  [[nodiscard]] bool can_read(std::string_view field) const {
    return std::find(unreadable_.begin(), unreadable_.end(), field) == unreadable_.end();
  }

  [[nodiscard]] std::vector<std::int64_t> candidates(const ConfigField& field) const {
    return field.field == "world_size" ? world_sizes(config_) : others_;
  }

  [[nodiscard]] std::vector<std::int64_t> nearest(const ConfigField& field) const {
    return nearest_of(field, config_, candidates(field),
                      [&](const Config& changed) { return works(changed); });
  }

  /// `tensor = 2 or 4`; empty if no value works.
  [[nodiscard]] Phrase change_of(const ConfigField& field) const {
    const std::vector<std::int64_t> values = nearest(field);
    return values.empty() ? Phrase() : Phrase::field(field.field) + (" = " + joined(values, " or "));
  }

  [[nodiscard]] std::vector<Phrase> remedies_beside_numbers(Diagnostic& diagnostic) {
    std::vector<Phrase> remedies;
    if (diagnostic.field == "order") {
      if (!order_) {
        order_ =
            working_order(config_, [&](const Config& c) { return broken_rules(c, unreadable_).empty(); });
      }
      const auto& order = *order_;
      if (order) {
        remedies.push_back(*order + " works");
        diagnostic.suggestions = {*order};
      }
    }
    if (diagnostic.rule.names("expert_tensor") && !config_.expert_tensor) {
      const Phrase change = change_of(*find_field("expert_tensor"));
      if (!change.empty()) remedies.push_back(change + " works");
    }
    if (config_.convention == Convention::reference) {
      Config extended = config_;
      extended.convention = Convention::extended;
      if (works(extended)) remedies.emplace_back("the convention extended allows all three");
    }
    return remedies;
  }

  /// Changes of the fields that the rule names.
  [[nodiscard]] std::vector<Phrase> remedies_without_numbers(const Diagnostic& diagnostic,
                                                             const ConfigField& field) const {
    std::vector<Phrase> remedies;
    if (const auto* number = std::get_if<OptionalNumber>(&field.access)) {
      Config without = config_;
      (without.**number).reset();
      if (works(without)) remedies.emplace_back("leave it out");
    }
    if (diagnostic.field == "meshes") {
      const std::vector<std::string> axes = changes_of_axes(diagnostic.value);
      if (!axes.empty()) remedies.push_back("take " + joined(axes, " or "));
    }
    // Of a list of stages, the stage must change. Ranks are not for the taking, but a mesh may be right and
    // the world size wrong.
    const bool is_list_of_stages = diagnostic.field.ends_with("embedding_stages");
    for (const ConfigField& other : config_fields()) {
      if (is_list_of_stages || &other == &field || !is_number(other) || !can_read(other.field)) continue;
      if (other.field == "world_size" && diagnostic.field != "meshes") continue;
      if (!diagnostic.rule.names(other.field) || allowed_.contains(other.field)) continue;
      if (const Phrase change = change_of(other); !change.empty()) remedies.push_back("take " + change);
    }
    Config by_megatron = config_;
    by_megatron.virtual_pipeline_rule = VirtualPipelineRule::megatron;
    if (diagnostic.field == "virtual_pipeline" && can_read("virtual_pipeline_rule") && works(by_megatron)) {
      remedies.emplace_back("the rule of Megatron-Core, which asks for more than one");
    }
    return remedies;
  }

  /// Sizes of single axes of a mesh with which it fills the world: `tp = 4`.
  [[nodiscard]] std::vector<std::string> changes_of_axes(const std::string& mesh) const {
    std::vector<std::string> changes;
    for (std::size_t i = 0; i < config_.meshes.size(); ++i) {
      const std::vector<Axis>& axes = config_.meshes[i];
      if (to_string(axes) != mesh || !can_read("world_size")) continue;
      for (std::size_t j = 0; j < axes.size(); ++j) {
        std::int64_t room = config_.world_size;
        for (std::size_t k = 0; k < axes.size(); ++k) {
          if (k == j) continue;
          room = axes[k].size >= 1 && room % axes[k].size == 0 ? room / axes[k].size : 0;
        }
        Config changed = config_;
        changed.meshes[i][j].size = room;
        if (room >= 1 && works(changed)) changes.push_back(axes[j].name + " = " + std::to_string(room));
      }
    }
    return changes;
  }

  /// `; no value works unless order changes`: the fields that keep the nearest possible value from working.
  [[nodiscard]] Phrase what_must_change_too(const ConfigField& field) const {
    for (const bool below : {true, false}) {
      for (const std::int64_t value : outwards(field, config_, candidates(field), below)) {
        const Names wrong = wrong_in(with_number(field, config_, value));
        if (wrong.contains(field.field)) continue;
        std::vector<Phrase> fields;
        for (const std::string& name : wrong) fields.push_back(Phrase::field(name));
        return "; no value works unless " + joined_phrases(fields, " and ") +
               (wrong.size() == 1 ? " changes too" : " change too");
      }
    }
    return "";
  }

  /// Unreadable fields have their defaults, so that candidates do not depend on them.
  Config config_;
  std::vector<std::string> unreadable_;
  /// Candidates for every field but the world size.
  std::vector<std::int64_t> others_;
  /// The fields that are wrong whatever the field of the diagnostic is.
  Names allowed_;
  std::map<std::string, std::vector<Diagnostic>> independent_;
  /// An order that works, if there is one, once it has been looked for.
  std::optional<std::optional<std::string>> order_;
};

}  // namespace

std::vector<std::int64_t> nearest_values(const Config& config, std::string_view field,
                                         std::span<const std::int64_t> further,
                                         const std::function<bool(const Config&)>& works) {
  const ConfigField* found = find_field(field);
  std::set<std::int64_t> candidates(further.begin(), further.end());
  for (const std::int64_t value : other_numbers(config)) candidates.insert(value);
  return nearest_of(*found, config, {candidates.begin(), candidates.end()}, works);
}

void add_suggestions(const Config& config, std::span<const std::string> unreadable,
                     std::vector<Diagnostic>& diagnostics) {
  Search search(config, unreadable);
  const auto has = [&](const std::string& field) {
    return std::any_of(diagnostics.begin(), diagnostics.end(),
                       [&](const Diagnostic& d) { return d.field == field; });
  };
  for (std::size_t i = 0, found = diagnostics.size(); i < found; ++i) {
    for (const Diagnostic& other : search.independent_of(diagnostics[i].field)) {
      if (!has(other.field)) diagnostics.push_back(other);
    }
  }
  for (Diagnostic& diagnostic : diagnostics) search.complete(diagnostic);
}

}  // namespace rankmesh
