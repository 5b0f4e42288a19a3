#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/export.hpp"
#include "rankmesh/topology/parallel_config.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The groups of a system as data: its sizes, the meshes that follow from them, and the kinds of group on
/// these meshes, in the text form of a mesh of one's own (`parse_axes`, `parse_kind`) with expressions in the
/// place of numbers.
///
/// An expression has whole numbers, the names of sizes and `world_size`, words in single quotes, `+ - * / %`,
/// comparisons, `&& ||`, `a ? b : c` and parentheses, with the precedence of C. A division must leave no
/// rest. In the text of a mesh or a kind, an expression with `+`, `/` or `%` stands in parentheses.
struct ConventionTable {
  /// A size parameter, or another parameter whose value is a word.
  struct Size {
    /// The name.
    std::string name{};
    /// What an absent number means, an expression over the sizes above; empty if it must be given.
    std::string default_value{};
    /// The words that are allowed, the default first; empty for a number of at least 1.
    std::vector<std::string> words{};

    bool operator==(const Size&) const = default;
  };

  /// A rule that the sizes must follow.
  struct Rule {
    /// The size that an error names.
    std::string size{};
    /// An expression that is not 0 where the rule is kept.
    std::string condition{};
    /// The rule as a phrase that follows `size = value`: `does not divide tp`.
    std::string message{};

    bool operator==(const Rule&) const = default;
  };

  /// A kind of group.
  struct Kind {
    /// The name. Where several rows with one name have no condition in common, one of them at most exists.
    std::string name{};
    /// The groups, as `parse_kind` reads them behind the name.
    std::string groups{};
    /// An expression that is not 0 where the kind exists; empty if it always does.
    std::string condition{};
    /// The name under which the system lists the groups, if it lists those of several kinds as one: groups of
    /// one kind are always disjoint.
    std::string listed_as{};

    bool operator==(const Kind&) const = default;
  };

  /// The name, as a kind is named.
  std::string name{};
  /// The system and its version, in a few words.
  std::string summary{};
  /// The parameters.
  std::vector<Size> sizes{};
  /// The rules beside those that all tables have: sizes are at least 1, and every mesh fills the world.
  std::vector<Rule> rules{};
  /// The meshes: `tp=tp,pp=pp,dp=-1`.
  std::vector<std::string> meshes{};
  /// The kinds, in the order of creation.
  std::vector<Kind> kinds{};

  bool operator==(const ConventionTable&) const = default;
};

/// Values for the parameters of a table.
struct ConventionValues {
  /// The ranks of the layout.
  std::int64_t world_size = 1;
  /// Values by name, as text; a parameter that is not here has its default.
  std::map<std::string, std::string> sizes{};
  /// The first rank of the layout in the job.
  std::int64_t rank_offset = 0;
  /// The ranks of the whole job, if they are not those up to the end of the layout.
  std::optional<std::int64_t> job_size{};
};

/// The tables that come with the library, by name.
[[nodiscard]] std::span<const ConventionTable> convention_tables();
/// The table of that name; nothing if there is none.
[[nodiscard]] const ConventionTable* find_convention_table(std::string_view name);

/// The layout that a table makes of values, as a layout on meshes of one's own.
/// O(text of the table); for bad values, other values are tried: O(sqrt(world_size) + sizes * divisors).
/// @throws ConfigError listing every value that is unknown, cannot be read or breaks a rule, with values that
/// work,
///         and every mistake of the table
[[nodiscard]] ParallelConfig layout_of(const ConventionTable& table, const ConventionValues& values);

/// The mistakes of a table that no values mend: texts that cannot be parsed, unknown names, names given
/// twice. Fields are `sizes.NAME`, `rules.NAME`, `meshes` and `kinds.NAME`.
[[nodiscard]] std::vector<Diagnostic> check(const ConventionTable& table);

/// The rows of a table as text:
///
/// - a size: `tp`, `tp = 1`, `dp = world_size / tp`; a word: `cp_type = 'ULYSSES' | 'HELIX'`, the default
/// first;
/// - a rule: `dcp: tp % dcp == 0 else does not divide tp`;
/// - a kind: `moe_dp: attn_cp if attn_cp > moe_dp`, `across: node if nodes > 1 as all_to_all`.
[[nodiscard]] std::string to_string(const ConventionTable::Size& size);
/// See above.
[[nodiscard]] std::string to_string(const ConventionTable::Rule& rule);
/// See above.
[[nodiscard]] std::string to_string(const ConventionTable::Kind& kind);

/// Reads the rows of a table, the inverses of `to_string`. What is wrong inside of them is found by `check`.
/// @throws ConfigError if the text has another form
[[nodiscard]] ConventionTable::Size parse_convention_size(std::string_view text);
/// See above.
[[nodiscard]] ConventionTable::Rule parse_convention_rule(std::string_view text);
/// See above.
[[nodiscard]] ConventionTable::Kind parse_convention_kind(std::string_view text);

}  // namespace rankmesh
