#pragma once

#include <string>

#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/state_holders.hpp"
#include "rankmesh/topology/topology.hpp"

namespace rankmesh::cli {

/// `--optimizer` and `--copy-axes`: what layouts do not say about the state that their ranks hold.
class StateArguments {
 public:
  /// @param can_omit whether the state of the optimizer can be left out, by `--optimizer none`
  explicit StateArguments(Command& command, bool can_omit = false, const std::string& heading = "Options");

  /// What was given, for all layouts of a command.
  struct Given {
    StateOptions options{};
    /// Whether the state of the optimizer is left out.
    bool omits_optimizer = false;
  };
  [[nodiscard]] Given read(Problems& problems) const;

 private:
  const Option& optimizer_;
  const Option& copy_axes_;
};

/// The options for one of several layouts: without the copy axes of the others.
[[nodiscard]] StateOptions options_for(const Topology& topology, StateOptions options);

/// How the state of the optimizer is taken to be held, and the option that says otherwise.
[[nodiscard]] std::string optimizer_text(bool is_distributed);

}  // namespace rankmesh::cli
