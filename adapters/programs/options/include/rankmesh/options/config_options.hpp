#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/options/program.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::cli {

/// A configuration from options, and from the layout file that one of them may name.
struct OptionReading : ConfigReading {
  /// Each diagnostic as a message for the user, with its place in the file or the option that it is about.
  std::vector<std::string> messages{};
  /// What was assumed, a sentence each.
  std::vector<std::string> notes{};
  /// Of a convention that is a table: the kinds that its system lists under the name of another kind.
  std::map<std::string, std::string> listed_as{};
};

/// The options of a program that describe a configuration, one for each field: `--world-size`, `--tp`, `--pp`
/// and so on, and `--layout` for a file. Options override the file. A convention that is a table has its
/// sizes in
/// `--sizes`, and may come from a file (`--convention-file`); the configuration is then one of
/// `Convention::mesh`.
///
///     Program program({.name = "rankmesh-bringup", .summary = "..."});
///     const ConfigOptions options(program, "ranks of the MPI job");
///     const Parsed parsed = parse(program, args);
///     const OptionReading reading = options.read(size_of_the_world);
///     for (const std::string& message : reading.messages) print(message);
class ConfigOptions {
 public:
  /// Adds the options. The command must outlive this object.
  /// @param world_size_note the default of `--world-size` in the help text: `required`, `ranks of the MPI
  /// job`
  explicit ConfigOptions(Command& command,
                         std::string_view world_size_note = "required, here or in the file");

  /// The configuration and all diagnostics, in the order of the fields: of values that cannot be read, and
  /// those of `check`, but none that only follows from an unreadable value.
  /// @param default_world_size the world size if neither the options nor the file give one; without it, a
  ///        missing world size is a diagnostic
  [[nodiscard]] OptionReading read(std::optional<std::int64_t> default_world_size = std::nullopt) const;

 private:
  struct FieldOption {
    std::string_view field;
    const Option* option;
  };

  /// Whether the options name a convention that is a table; if so, `reading` is that of its layout.
  [[nodiscard]] bool read_table(std::optional<std::int64_t> default_world_size, OptionReading& reading) const;
  [[nodiscard]] const Option& option_of(std::string_view field) const;

  const Option& layout_;
  const Option& sizes_;
  const Option& convention_file_;
  /// In the order of the fields.
  std::vector<FieldOption> options_;
};

/// The option of a field of the configuration: `--tp` for `tensor`; empty if the field has no option.
[[nodiscard]] std::string option_of_field(std::string_view field);

/// A diagnostic with its place in a file, or with the option that it is about:
/// `--tp: tensor = 3 does not divide world_size = 16`.
[[nodiscard]] std::string option_message(const Diagnostic& diagnostic);

}  // namespace rankmesh::cli
