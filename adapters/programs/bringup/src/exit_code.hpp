#pragma once

namespace rankmesh::bringup {

/// What the program ends with.
enum ExitCode : int {
  exit_fine = 0,
  /// A bring-up or a proof that failed.
  exit_failed = 1,
  /// A command line or a configuration that asks for something impossible.
  exit_bad_input = 2,
};

}  // namespace rankmesh::bringup
