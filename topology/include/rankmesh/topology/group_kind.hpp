#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// The name of a sort of group. A small regular value that holds its characters, so that kinds can be added
/// without a central list, compared and copied without a cost, and used as keys.
class GroupKind {
 public:
  /// Characters that a name may have.
  static constexpr std::size_t max_length = 31;

  /// @param name 1 to 31 lower-case letters, digits and underscores, the first a letter
  /// @throws RangeError for any other name
  explicit constexpr GroupKind(std::string_view name) {
    if (!is_valid(name)) {
      throw RangeError(
          "\"" + std::string(name) +
          "\" cannot name a kind of group: 1 to 31 lower-case letters, digits and underscores are "
          "allowed, the first a letter");
    }
    for (std::size_t i = 0; i < name.size(); ++i) name_[i] = name[i];
    length_ = static_cast<unsigned char>(name.size());
  }

  /// The name, as long as this object lives.
  [[nodiscard]] constexpr std::string_view name() const noexcept { return {name_.data(), length_}; }

  /// Whether the constructor takes a name.
  [[nodiscard]] static constexpr bool is_valid(std::string_view name) noexcept {
    if (name.empty() || name.size() > max_length || name[0] < 'a' || name[0] > 'z') return false;
    for (const char c : name) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
  }

  bool operator==(const GroupKind&) const = default;
  /// Alphabetical; for the order of creation ask the topology.
  auto operator<=>(const GroupKind&) const = default;

  // The kinds of the Megatron-style reference module. docs/groups.md defines each.
  static const GroupKind data;
  /// Ranks with parts of one sequence.
  static const GroupKind sequence;
  /// Copies of the weights, each on parts of sequences.
  static const GroupKind sequence_data;
  /// One copy of the model.
  static const GroupKind model;
  /// Ranks with parts of the same tensors.
  static const GroupKind tensor;
  /// The stages of one pipeline.
  static const GroupKind pipeline;
  /// The stages of a pipeline that hold the word embedding.
  static const GroupKind embedding;
  /// Those that hold the position embedding.
  static const GroupKind position_embedding;
  /// Ranks that share the scales of FP8.
  static const GroupKind amax;

 private:
  std::array<char, max_length> name_{};
  unsigned char length_ = 0;
};

inline constexpr GroupKind GroupKind::data{"data"};
inline constexpr GroupKind GroupKind::sequence{"sequence"};
inline constexpr GroupKind GroupKind::sequence_data{"sequence_data"};
inline constexpr GroupKind GroupKind::model{"model"};
inline constexpr GroupKind GroupKind::tensor{"tensor"};
inline constexpr GroupKind GroupKind::pipeline{"pipeline"};
inline constexpr GroupKind GroupKind::embedding{"embedding"};
inline constexpr GroupKind GroupKind::position_embedding{"position_embedding"};
inline constexpr GroupKind GroupKind::amax{"amax"};

}  // namespace rankmesh
