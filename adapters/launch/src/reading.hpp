#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/launch/launch_file.hpp"
#include "settings.hpp"

namespace rankmesh::launch {

/// A number of a file with the setting that gives it; without one if it is a default.
struct Number {
  std::optional<std::int64_t> value{};
  const Setting* from = nullptr;

  [[nodiscard]] std::int64_t or_one() const { return value.value_or(1); }
};

/// The most ranks, or units of any other size, that a file may name: as many as MPI and NCCL can number.
inline constexpr std::int64_t most_ranks = 2147483647;

/// The product of sizes; one more than `most_ranks` if it is larger than that.
[[nodiscard]] std::int64_t capped_product(std::initializer_list<std::int64_t> factors);

/// Reads the settings of one system into a LaunchFile: values, diagnostics with places, sizes.
class Reading {
 public:
  Reading(const Settings& settings, const Known& known, LaunchFile& file)
      : settings_(settings),
        known_(known),
        file_(file) {}

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const Known& known() const { return known_; }
  [[nodiscard]] LaunchFile& file() { return file_; }

  /// The last setting with one of the keys in one of the tables, the first table that has one.
  [[nodiscard]] const Setting* find(const std::vector<std::string>& parents,
                                    std::initializer_list<std::string_view> keys) const;
  /// A whole number of at least `least`; a problem if the value is another. An open value is a problem too,
  /// unless `may_be_open`, when it is noted.
  Number number(const Setting* setting, std::int64_t least = 1, bool may_be_open = false);
  Number number(const std::vector<std::string>& parents, std::initializer_list<std::string_view> keys,
                std::int64_t least = 1) {
    return number(find(parents, keys), least);
  }
  /// Whether a switch is on: given without a value, or with a true one.
  [[nodiscard]] bool is_on(const Setting* setting) const;

  /// Adds a size, and that it is stated if a setting gives it.
  void add_size(std::string name, const Number& number);
  void add_size(std::string name, std::optional<std::int64_t> size) {
    file_.sizes.push_back({std::move(name), size});
  }
  void set_size(std::string_view name, std::optional<std::int64_t> size);

  void refuse(const Setting& setting, Phrase rule);
  void refuse(std::string_view field, std::string value, Phrase rule, const Setting* at = nullptr);
  void note(std::string text) { file_.notes.push_back(std::move(text)); }
  [[nodiscard]] bool is_wrong() const { return !file_.diagnostics.empty(); }

  /// Sets the world size: that of the caller, or the product of the numbers.
  void set_world(std::initializer_list<Number> factors);
  /// `world_size = 8 (--nnodes = 1 times --nproc_per_node = 8)`
  [[nodiscard]] std::string world_text() const { return world_text_; }
  [[nodiscard]] const Setting* world_setting() const { return world_setting_; }

  /// Takes the layout that `make` returns. A ConfigError becomes diagnostics, with the names of the file.
  /// @param names the settings of the fields, by the names in the error
  void set_config(const std::function<ParallelConfig()>& make,
                  const std::vector<std::pair<std::string, const Setting*>>& names);
  /// Requires that the sizes multiply to the world or, if `may_repeat`, to a divisor of it. The factors are
  /// the sizes with their settings.
  bool require_world(const std::vector<std::pair<std::string, Number>>& factors, bool may_repeat);
  /// Requires that a global batch consists of micro batches of all data parallel ranks.
  void require_batch(const Number& global, const Number& micro, std::optional<std::int64_t> data);
  /// Requires that a number of heads divides by tp.
  void require_heads(const Number& heads, const Number& tensor);

 private:
  const Settings& settings_;
  const Known& known_;
  LaunchFile& file_;
  std::string world_text_;
  const Setting* world_setting_ = nullptr;
};

/// `--nnodes = 1`, or the name alone of a default.
[[nodiscard]] std::string named(const std::string& name, const Number& number);

}  // namespace rankmesh::launch
