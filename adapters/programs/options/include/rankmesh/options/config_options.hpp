#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/files/layout.hpp"
#include "rankmesh/launch/launch_file.hpp"
#include "rankmesh/options/layout_text.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/options/program.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/convention_table.hpp"

namespace rankmesh::cli {

/// A configuration from options, and from the layout file that one of them may name.
struct OptionReading : ConfigReading {
  /// Each diagnostic as a message for the user, with its place in the file or the option that it is about.
  std::vector<std::string> messages{};
  /// What was assumed, a sentence each.
  std::vector<std::string> notes{};
  /// Of a convention that is a table: the kinds that its system lists under the name of another kind.
  std::map<std::string, std::string> listed_as{};
  /// Of a launch script or a file of another system: what it says.
  std::optional<launch::LaunchFile> launch{};
};

/// The options of a program that describe a configuration, one for each field: `--world-size`, `--tp`, `--pp`
/// and so on, and `--layout` for a file. Options override the file. A convention that is a table has its
/// sizes in
/// `--sizes`, and may come from a file (`--convention-file`); the configuration is then one of
/// `Convention::mesh`. `--from FILE`, and the argument LAYOUT where a command has it, are layouts in the
/// words of other systems.
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

  /// Adds the argument LAYOUT behind the arguments that the command has already.
  void add_argument(Command& command);

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
  /// The table that the options name.
  [[nodiscard]] std::optional<ConventionTable> table_of_options(Problems& problems) const;
  /// The layout that --from or LAYOUT gives; nothing if none is given, or if it is one of words, which
  /// options override.
  [[nodiscard]] std::optional<OptionReading> read_sources(std::optional<std::int64_t> default_world_size,
                                                          files::LayoutFile& words, Problems& stray) const;
  [[nodiscard]] OptionReading read_other(const LayoutText& source, const std::string& what,
                                         std::optional<std::int64_t> default_world_size) const;
  /// The layout of the options, which override a file or words.
  [[nodiscard]] OptionReading read_options(std::optional<std::int64_t> default_world_size,
                                           files::LayoutFile file) const;
  /// Adds a problem for each option of another field that is given.
  void refuse_others(std::initializer_list<std::string_view> allowed, const std::string& rule,
                     Problems& problems) const;
  [[nodiscard]] const Option& option_of(std::string_view field) const;

  const Option& layout_;
  const Option& from_;
  const Option& sizes_;
  const Option& convention_file_;
  const Option* text_ = nullptr;
  /// In the order of the fields.
  std::vector<FieldOption> options_;
};

/// The option of a field of the configuration: `--tp` for `tensor`; empty if the field has no option.
[[nodiscard]] std::string option_of_field(std::string_view field);

/// A diagnostic with its place in a file, or with the option that it is about:
/// `--tp: tensor = 3 does not divide world_size = 16`.
[[nodiscard]] std::string option_message(const Diagnostic& diagnostic);

}  // namespace rankmesh::cli
