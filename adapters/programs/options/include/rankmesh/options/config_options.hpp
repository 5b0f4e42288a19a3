#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rankmesh/options/program.hpp"
#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::cli {

/// What options, and the layout file that one of them may name, make of a configuration.
struct OptionReading : ConfigReading {
  /// Of each diagnostic what to tell the user: with the option or the place in the file that it is about.
  std::vector<std::string> messages{};
};

/// The options of a program that describe a configuration: `--world-size`, `--tp`, `--pp` and so on, and
/// `--layout` for a file that has what they do not say.
///
///     Program program({.name = "rankmesh-bringup", .summary = "..."});
///     const ConfigOptions options(program, "ranks of the MPI job");
///     const Parsed parsed = parse(program, args);
///     const OptionReading reading = options.read(size_of_the_world);
///     for (const std::string& message : reading.messages) print(message);
class ConfigOptions {
 public:
  /// Adds the options. The command must outlive this object.
  /// @param world_size_note what the help text says of a missing world size: `required`, `ranks of the MPI
  /// job`
  explicit ConfigOptions(Command& command,
                         std::string_view world_size_note = "required, here or in the file");

  /// The configuration and everything that is wrong with it, in the order of the fields: values that cannot
  /// be read, and whatever `check` finds in those that can. Nothing is reported that is only the consequence
  /// of an unreadable value.
  /// @param default_world_size the world size where neither the options nor the file give one; without, that
  ///        is a diagnostic
  [[nodiscard]] OptionReading read(std::optional<std::int64_t> default_world_size = std::nullopt) const;

 private:
  const Option& layout_;
  /// In the order of the table in the source.
  std::vector<const Option*> options_;
};

/// The option of a field of the configuration: `--tp` for `tensor`; empty if none has that name.
[[nodiscard]] std::string option_of_field(std::string_view field);

/// A diagnostic with the option that it is about: `--tp: tensor = 3 does not divide world_size = 16`.
[[nodiscard]] std::string option_message(const Diagnostic& diagnostic);

}  // namespace rankmesh::cli
