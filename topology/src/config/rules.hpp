#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace rankmesh {

using FieldNames = std::initializer_list<std::string_view>;

/// The most ranks that MPI and NCCL can number.
inline constexpr std::int64_t max_world_size = std::numeric_limits<int>::max();

/// A parallel size and its field.
struct Size {
  std::string_view field;
  std::int64_t value;

  /// `tensor = 3`
  [[nodiscard]] Phrase phrase() const { return Phrase::field(field, value); }
};

/// What a user should know about a size that takes part in a product.
struct Note {
  std::string_view field;
  Phrase phrase;
};

/// Applies rules to a configuration of which some fields may be unreadable. Every rule names the fields that
/// it reads and is skipped if one of them is unreadable, so that no diagnostic follows from a default that
/// stands in for an unreadable value.
class RuleSet {
 public:
  /// All arguments must outlive the rule set.
  /// @param unreadable fields that have their defaults in `checked` because their values could not be read
  RuleSet(const ParallelConfig& checked, std::span<const std::string> unreadable, Diagnostics& found)
      : config(checked),
        diagnostics(found),
        unreadable_(unreadable) {}

  [[nodiscard]] bool can_read(FieldNames fields) const {
    return std::none_of(fields.begin(), fields.end(), [&](std::string_view field) {
      return std::find(unreadable_.begin(), unreadable_.end(), field) != unreadable_.end();
    });
  }

  /// Whether every field could be read.
  [[nodiscard]] bool can_read_all() const { return unreadable_.empty(); }

  /// The readable sizes. Rules about a list of sizes hold for every part of the list: if the product of all
  /// sizes divides the world, so does the product of some.
  [[nodiscard]] std::vector<Size> readable(std::initializer_list<Size> sizes) const {
    std::vector<Size> result;
    for (const Size& size : sizes) {
      if (can_read({size.field})) result.push_back(size);
    }
    return result;
  }

  /// Calls `rule`, which adds diagnostics, unless one of the fields that it reads is unreadable.
  template <typename Rule>
  void apply(FieldNames reads, Rule rule) const {
    if (can_read(reads)) rule();
  }

  const ParallelConfig& config;
  Diagnostics& diagnostics;

 private:
  std::span<const std::string> unreadable_;
};

/// The phrases as one, with a separator between them.
[[nodiscard]] Phrase joined_phrases(std::span<const Phrase> phrases, const char* separator);

/// The product of the sizes that are at least 1; nothing if it exceeds every world.
[[nodiscard]] std::optional<std::int64_t> product_of(std::span<const Size> sizes);
[[nodiscard]] bool is_world_size(std::int64_t world_size);
/// Whether a mesh of these sizes exists: all are at least 1 and their product divides the world size.
[[nodiscard]] bool fit(std::span<const Size> sizes, std::int64_t world_size);

/// Refuses lists and texts that are longer than any layout needs. The other rules may then take quadratic
/// time in these lengths; they are not applied to a configuration that is refused here.
void check_lengths(const RuleSet& rules);
void check_world_size(const RuleSet& rules);
void check_lower_bounds(const RuleSet& rules, std::span<const Size> sizes);
/// Each size divides the world size, and so does their product.
/// @param note follows the rule where a size of this field is a factor
void check_divides(const RuleSet& rules, std::span<const Size> sizes, const Note& note = {});
/// Bounds of the number of virtual stages, and whether there are enough pipeline stages for them.
/// @param least the pipeline stages that virtual stages need
void check_virtual_pipeline(const RuleSet& rules, std::int64_t least);
void check_split_rank(const RuleSet& rules);
/// Whether the layout fits into the job.
void check_placement(const RuleSet& rules);

/// All rules of one convention.
void check_reference(const RuleSet& rules);
void check_megatron_core(const RuleSet& rules);
void check_mesh(const RuleSet& rules);
/// Meshes and kinds of the user's own beside those of another convention. The last of all rules: most of them
/// need the meshes of the convention, so they are skipped if any other rule is broken.
void check_own_kinds(const RuleSet& rules);

/// All rules of the convention of a configuration, without suggestions; none if the convention is unreadable.
/// The diagnostics are in no particular order.
[[nodiscard]] std::vector<Diagnostic> broken_rules(const ParallelConfig& config,
                                                   std::span<const std::string> unreadable);

/// The broken rules with suggestions (suggestions.hpp), in the order of the fields.
[[nodiscard]] std::vector<Diagnostic> check_readable(const ParallelConfig& config,
                                                     std::span<const std::string> unreadable);

}  // namespace rankmesh
