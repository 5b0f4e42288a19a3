#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/error.hpp"
#include "rankmesh/files/export.hpp"
#include "rankmesh/topology/config_values.hpp"

/// @file
/// A layout in TOML. The keys are the names of the fields of `ParallelConfig`.
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
/// Sizes are whole numbers, flags are `true` or `false`, conventions and rules are the words that the options
/// of the programs take, lists of numbers are arrays. Custom meshes and kinds are arrays of texts in the
/// grammar of mesh_text.hpp, because a TOML table has no order:
///
/// ```toml
/// world_size = 16
/// convention = "mesh"
/// meshes = ["tp=2,dp=4,pp=2"]
/// kinds = ["dp", "zero:dp+tp"]
/// ```

namespace RANKMESH_FILES_API rankmesh {
namespace files {

/// The value of a field in a file, with its place.
struct LayoutValue {
  /// The value as text, in the form of the one-line configuration.
  GivenValue value{};
  /// Where the value begins.
  SourcePlace place{};
  /// Of an array: its elements, in their order.
  std::vector<LayoutValue> parts{};

  bool operator==(const LayoutValue&) const = default;
};

/// The contents of a layout file, before any rule about sizes is applied.
struct LayoutFile {
  /// The file, as the caller named it.
  std::string source{};
  /// The fields that the file gives, in the order of the file.
  std::vector<LayoutValue> values{};
  /// Everything that cannot be read, with its place: unknown keys, values of another type, or the whole file
  /// if it is not TOML.
  std::vector<Diagnostic> diagnostics{};

  /// The place of the value that a diagnostic is about, or of its element in an array; nothing if the file
  /// does not give the field.
  [[nodiscard]] std::optional<SourcePlace> place_of(const Diagnostic& diagnostic) const;
};

/// Whether the library was built with a TOML reader. Without one, every file has a diagnostic that says so.
[[nodiscard]] bool can_read_layouts() noexcept;

/// Reads the keys and values of a text and applies no rules.
/// @param source the name of the text in diagnostics
[[nodiscard]] LayoutFile parse_layout(std::string_view toml, std::string source = "<text>");
/// Reads the keys and values of a file of at most 1 MiB, or of standard input if the path is `-`. If the file
/// cannot be opened, the diagnostic has the message of the operating system.
[[nodiscard]] LayoutFile parse_layout_file(const std::filesystem::path& path);

/// Applies the rules of `check` to the contents of a file.
/// @return the configuration, valid if there is no diagnostic, and all diagnostics in the order of the file;
///         diagnostics about absent fields come last
[[nodiscard]] ConfigReading check_layout(LayoutFile file);

/// Applies the rules of `check` to a file together with other values, for example the options of a program,
/// which override the file. The diagnostics are in the order of the fields; each diagnostic about a value
/// from the file has its place, no other has one.
/// @param file loses the values that others replace
/// @param known diagnostics of the other values that the caller has found already
[[nodiscard]] ConfigReading check_together(LayoutFile& file, std::vector<GivenValue> others,
                                           std::vector<Diagnostic> known = {});

/// The configuration in a layout file.
/// @throws FileError with every diagnostic
[[nodiscard]] ParallelConfig load_layout(const std::filesystem::path& path);

/// A configuration as a layout file: the world size, and every other field that differs from its default.
/// `parse_layout` and `check_layout` read it back to an equal configuration.
[[nodiscard]] std::string to_toml(const ParallelConfig& config);

}  // namespace files
}  // namespace rankmesh
