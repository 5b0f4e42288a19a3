#pragma once

#include <optional>
#include <string>

#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/job_sizes.hpp"

namespace rankmesh::cli {

/// The options of a program that give the sizes of a job that its layout divides: `--global-batch`, `--vocab`
/// and so on.
class JobOptions {
 public:
  /// Adds the options to a command.
  explicit JobOptions(Command& command);

  /// The sizes; nothing if no option is given.
  [[nodiscard]] std::optional<JobSizes> read(Problems& problems) const;

  /// What is wrong with the sizes, in the words of the command line.
  [[nodiscard]] static std::string message(Diagnostic diagnostic);

 private:
  const Option& global_batch_;
  const Option& micro_batch_;
  const Option& vocabulary_;
  const Option& vocabulary_multiple_;
  const Option& heads_;
  const Option& kv_heads_;
  const Option& context_;
};

}  // namespace rankmesh::cli
