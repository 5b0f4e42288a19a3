#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/export.hpp"
#include "rankmesh/topology/config_values.hpp"

/// @file
/// A layout in TOML: what `ParallelConfig` holds, under the names of its fields.
///
/// ```toml
/// world_size = 1024
/// convention = "megatron-core"
/// tensor = 8
/// pipeline = 4
/// expert = 8
/// hierarchical_context = [2, 4]
/// ```
///
/// Sizes are whole numbers, flags `true` or `false`, conventions and rules the words that the options of the
/// programs take, lists of numbers arrays. Meshes and kinds of one's own are arrays of texts, each as
/// mesh_text.hpp has it, since a table of TOML has no order:
///
/// ```toml
/// world_size = 16
/// convention = "mesh"
/// meshes = ["tp=2,dp=4,pp=2"]
/// kinds = ["dp", "zero:dp+tp"]
/// ```

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// One thing that is wrong with a layout file, with what it is about.
struct LayoutProblem {
  /// The file, as the caller named it.
  std::string source{};
  /// Both count from 1; both are 0 where the problem has no place: something is missing, say.
  int line = 0;
  /// See `line`.
  int column = 0;
  /// The field is empty where the file cannot be read at all.
  Diagnostic diagnostic{};
  /// What may have been meant: keys, or words.
  std::vector<std::string> suggestions{};

  /// What is wrong, without the place.
  [[nodiscard]] std::string text() const;
  /// `layout.toml:3:10: tensor = 3 does not divide world_size = 16; nearest: 2, 4`
  [[nodiscard]] std::string message() const;

  bool operator==(const LayoutProblem&) const = default;
};

/// The value of a field in a file, with its place.
struct LayoutValue {
  /// As the one-line form would have it.
  GivenValue value{};
  /// Counts from 1, as `column` does.
  int line = 0;
  /// See `line`.
  int column = 0;
  /// Of a list: its parts, in their order.
  std::vector<LayoutValue> parts{};

  bool operator==(const LayoutValue&) const = default;
};

/// What a layout file says, whether or not that makes a layout.
struct LayoutFile {
  /// The file, as the caller named it.
  std::string source{};
  /// The fields it gives, in the order of the file.
  std::vector<LayoutValue> values{};
  /// What cannot be read: unknown keys, values of another type, all of a file that is not TOML.
  std::vector<LayoutProblem> problems{};

  /// A diagnostic at the place of the value that it is about; without a place where that is not in the file.
  [[nodiscard]] LayoutProblem placed(const Diagnostic& diagnostic) const;
};

/// A layout, and everything that is wrong with it in the order of the file.
struct LayoutReading {
  /// Valid if there is no problem.
  ParallelConfig config{};
  /// Those without a place last.
  std::vector<LayoutProblem> problems{};
};

/// Whether there is a reader of TOML. Without one, that is the problem of every file.
[[nodiscard]] bool can_read_layouts() noexcept;

/// Reads the keys and values of a text; those that can be read are not judged.
/// @param source what problems call the text
[[nodiscard]] LayoutFile parse_layout(std::string_view toml, std::string source = "<text>");
/// Likewise of a file of at most 1 MiB. A file that cannot be read has what the system says as its problem.
[[nodiscard]] LayoutFile parse_layout_file(const std::filesystem::path& path);

/// Judges what a file says, by the rules of `check`.
[[nodiscard]] LayoutReading check_layout(LayoutFile file);

/// Judges what a file and other values say together, options of a program say, which come before those of the
/// file. The diagnostics are in the order of the fields; `LayoutFile::placed` knows where those of the file
/// are.
/// @param file loses the values that others replace
/// @param known what is known to be wrong with the others already
[[nodiscard]] ConfigReading check_together(LayoutFile& file, std::vector<GivenValue> others,
                                           std::vector<Diagnostic> known = {});

/// The layout of a file.
/// @throws FileError with every problem
[[nodiscard]] ParallelConfig load_layout(const std::filesystem::path& path);

/// A configuration as a layout file: the world size, and everything else that differs from the default.
/// `parse_layout` reads it back to an equal one.
[[nodiscard]] std::string to_toml(const ParallelConfig& config);

}  // namespace files
}  // namespace rankmesh
