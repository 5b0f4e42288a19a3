#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "common_options.hpp"
#include "rankmesh/options/config_options.hpp"

namespace rankmesh::cli {

/// A command about one layout, which options or a file describe.
class LayoutCommand : public RunnableCommand {
 public:
  /// @param gpus_per_node the description of `--gpus-per-node`
  /// @param has_argument whether LAYOUT is the first argument; if not, the command calls
  /// `add_layout_argument` itself
  explicit LayoutCommand(CommandSpec spec,
                         std::string gpus_per_node = "also show on which nodes ranks and groups lie",
                         bool has_argument = true);

 protected:
  /// Adds the argument LAYOUT. To be called after the command's other arguments are added, since LAYOUT is
  /// the last.
  void add_layout_argument();
  [[nodiscard]] OptionReading read_config(Problems& problems) const;
  /// The same, but a file of another system (`--from`) need not say how many ranks there are.
  [[nodiscard]] OptionReading read_open_config(Problems& problems) const;
  [[nodiscard]] std::optional<int> read_gpus_per_node(Problems& problems) const;
  [[nodiscard]] Names read_names(Problems& problems) const;

 private:
  ConfigOptions config_;
  const Option& names_;
  const Option& gpus_per_node_;
};

/// `--kind`: the kinds of group that a command is about.
class KindsOption {
 public:
  /// @param default_value what the help text says of a command line without the option
  explicit KindsOption(Command& command, std::string default_value = "all");

  /// How often the option was given.
  [[nodiscard]] std::size_t count() const { return kinds_.count(); }
  /// Whether an unknown option may stand for this one.
  [[nodiscard]] bool is_misspelt() const { return kinds_.is_misspelt(); }
  /// The kinds that were given, by their long names; empty if the option was not given.
  [[nodiscard]] std::vector<GroupKind> read(const ConfigReading& reading, Problems& problems) const;

 private:
  const Option& kinds_;
};

}  // namespace rankmesh::cli
