#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "rankmesh/options/config_options.hpp"

namespace rankmesh::cli {

/// A command about a layout that is given by options.
class LayoutCommand : public Command {
 public:
  LayoutCommand(CLI::App& program, const std::string& name, const std::string& description);

 protected:
  [[nodiscard]] ConfigReading read_config(Problems& problems) const;
  [[nodiscard]] std::optional<int> read_gpus_per_node(Problems& problems) const;
  [[nodiscard]] Names read_names(Problems& problems) const;

 private:
  ConfigOptions config_;
  CLI::Option* names_;
  CLI::Option* gpus_per_node_;
};

/// The kinds of group that a command is about: `--kind`.
class KindsOption {
 public:
  /// @param otherwise what the help text says of the option beside that it may be repeated
  KindsOption(CLI::App& app, std::string_view otherwise);

  /// How often the option is given.
  [[nodiscard]] std::size_t count() const { return kinds_->count(); }
  /// The kinds by their own names, also those asked for by another; none if the option is not given.
  [[nodiscard]] std::vector<GroupKind> read(const ConfigReading& reading, Problems& problems) const;

 private:
  CLI::Option* kinds_;
};

}  // namespace rankmesh::cli
