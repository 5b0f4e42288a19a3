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

/// The name of a kind of group. A small regular value that holds its characters: it is copied and compared
/// without an allocation, serves as a key, and needs no central list of names.
class GroupKind {
 public:
  /// The most characters that a name has.
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
  /// The same, implicit for names that are written in code: `groups.at("tensor")`.
  /// @throws RangeError for a name that is not valid
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr GroupKind(const char* name) : GroupKind(std::string_view(name)) {}
  GroupKind(std::nullptr_t) = delete;

  /// The name; valid as long as this object.
  [[nodiscard]] constexpr std::string_view name() const& noexcept { return {name_.data(), length_}; }
  std::string_view name() const&& = delete;

  /// Whether the constructor accepts a name.
  [[nodiscard]] static constexpr bool is_valid(std::string_view name) noexcept {
    if (name.empty() || name.size() > max_length || name[0] < 'a' || name[0] > 'z') return false;
    for (const char c : name) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    }
    return true;
  }

  bool operator==(const GroupKind&) const = default;
  /// In alphabetical order. `Topology::kinds` has the order of creation.
  auto operator<=>(const GroupKind&) const = default;

  // The kinds of the Python module `parallel_state`. docs/groups.md defines each.

  /// Ranks with the same part of the model and different data.
  static const GroupKind data;
  /// Ranks with parts of one sequence.
  static const GroupKind sequence;
  /// Ranks that reduce gradients: those that differ in the data or in the part of a sequence.
  static const GroupKind sequence_data;
  /// Ranks that hold one copy of the model.
  static const GroupKind model;
  /// Ranks with parts of the same tensors.
  static const GroupKind tensor;
  /// The stages of one pipeline.
  static const GroupKind pipeline;
  /// The stages of a pipeline that hold the word embedding.
  static const GroupKind embedding;
  /// The stages of a pipeline that hold the position embedding.
  static const GroupKind position_embedding;
  /// Ranks that share the scaling factors of FP8.
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
