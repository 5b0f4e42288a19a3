#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace rankmesh::cli {

/// A value, or null if there is none.
template <typename Value>
[[nodiscard]] nlohmann::ordered_json optional_json(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace rankmesh::cli
