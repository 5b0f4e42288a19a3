#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/topology/export.hpp"

namespace RANKMESH_TOPOLOGY_API rankmesh {

/// A place in a file or another text.
struct SourcePlace {
  /// The file, as the caller named it.
  std::string source{};
  /// Counts from 1, as `column` does. Both are 0 for the source as a whole, for example a file that cannot be
  /// opened.
  int line = 0;
  /// See `line`.
  int column = 0;

  /// `layout.toml:3:10`, as compilers write it; `layout.toml` for the source as a whole.
  [[nodiscard]] std::string text() const;

  bool operator==(const SourcePlace&) const = default;
};

/// A part of a message that knows which fields it names, so that a program can put its own words in their
/// place. `"does not divide " + Phrase::field("world_size", 16)` reads `does not divide world_size = 16`.
class Phrase {
 public:
  /// An empty text.
  Phrase() = default;
  /// A text that names no field.
  Phrase(std::string text) : text_(std::move(text)) {}
  /// A text that names no field.
  Phrase(const char* text) : text_(text) {}
  /// The name of a field: `tensor`.
  [[nodiscard]] static Phrase field(std::string_view name);
  /// A field with its value: `tensor = 2`.
  [[nodiscard]] static Phrase field(std::string_view name, std::int64_t value);

  /// The whole text.
  [[nodiscard]] const std::string& text() const& noexcept { return text_; }
  const std::string& text() const&& = delete;
  /// Whether there is no text.
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  /// Whether the phrase names this field.
  [[nodiscard]] bool names(std::string_view field) const noexcept;
  /// Puts a word in the place of a field, wherever the phrase names it.
  void rename(std::string_view field, std::string_view word);

  /// Appends a phrase.
  Phrase& operator+=(const Phrase& other);
  /// One phrase after another.
  friend Phrase operator+(Phrase left, const Phrase& right) { return left += right; }
  /// Whether the texts are equal.
  friend bool operator==(const Phrase& a, const Phrase& b) noexcept { return a.text_ == b.text_; }

 private:
  struct Name {
    std::size_t begin;
    std::size_t length;
  };

  std::string text_;
  /// Where the names of fields are, in ascending order.
  std::vector<Name> names_;
};

/// One thing that is wrong with a configuration, a mesh or a file.
struct Diagnostic {
  /// What the diagnostic is about.
  enum class Kind {
    /// A value that cannot be read or breaks a rule.
    invalid,
    /// A field that must be given and is not.
    missing,
  };

  /// The field of the configuration, for example `tensor`; of a mesh, the axis. Empty if the diagnostic
  /// concerns no single field, for example a file that cannot be read.
  std::string field{};
  /// The value of the field as text; the text need not be a number.
  std::string value{};
  /// The rule that is broken, as a phrase that follows `field = value`.
  Phrase rule{};
  /// The values of `field` nearest to `value`, below and above it, with which no rule is broken while the
  /// other fields stay as they are, but for rules of fields that are wrong whatever this one is. Empty if
  /// there is none, or if the field is no number.
  std::vector<std::int64_t> nearest{};
  /// Words that may have been meant, for example keys of a file. `rule` names them where a message should.
  std::vector<std::string> suggestions{};
  /// Where the value is written, if it was read from a file.
  std::optional<SourcePlace> place{};
  /// Whether the field is invalid or missing.
  Kind kind = Kind::invalid;

  /// `tensor = 3 does not divide world_size = 16; nearest: 2, 4`
  [[nodiscard]] std::string text() const;
  /// The text behind the place, if there is one, on one line and without control characters:
  /// `layout.toml:3:10: tensor = 3 does not divide world_size = 16; nearest: 2, 4`
  [[nodiscard]] std::string message() const;

  bool operator==(const Diagnostic&) const = default;
};

/// Sorts diagnostics of files by line and column; diagnostics without a line come last.
void sort_by_place(std::vector<Diagnostic>& diagnostics);

/// Collects diagnostics. One that is found by several rules is kept once.
class Diagnostics {
 public:
  /// Adds a diagnostic, unless the same one is there.
  void add(std::string_view field, std::string value, Phrase rule, std::vector<std::int64_t> nearest = {});
  /// Adds a diagnostic of a number.
  void add(std::string_view field, std::int64_t value, Phrase rule, std::vector<std::int64_t> nearest = {}) {
    add(field, std::to_string(value), std::move(rule), std::move(nearest));
  }
  /// Whether there is a diagnostic of this field.
  [[nodiscard]] bool has(std::string_view field) const;
  /// Whether there is no diagnostic.
  [[nodiscard]] bool empty() const noexcept { return diagnostics_.empty(); }
  /// Gives the diagnostics up, in the order in which they were added.
  [[nodiscard]] std::vector<Diagnostic> take() { return std::move(diagnostics_); }

 private:
  std::vector<Diagnostic> diagnostics_;
  /// Field, value and rule of each.
  std::set<std::string> known_;
};

}  // namespace rankmesh
