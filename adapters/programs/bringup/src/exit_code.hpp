#pragma once

namespace rankmesh::bringup {

/// The exit codes of the program.
enum ExitCode : int {
  exit_success = 0,
  /// The bring-up or a proof failed.
  exit_failure = 1,
  /// The command line or the configuration is wrong.
  exit_bad_input = 2,
};

}  // namespace rankmesh::bringup
