#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "rankmesh/bringup/world.hpp"
#include "rankmesh/comm/agreement.hpp"
#include "rankmesh/comm/agreement_session.hpp"

namespace rankmesh::bringup {

/// Reads the command line and its files, and returns when all ranks have done so. Answers the other ranks
/// while a file blocks.
///
/// A mistake in the command line is reported after all have read theirs, so that the lowest rank with a
/// mistake prints. If a rank is not ready soon after this one found a mistake, the job is ended without it.
/// @param args as for `read_command_line`
/// @collective over MPI_COMM_WORLD
/// @throws DeadlineError the same on every rank, naming the ranks that did not arrive and the ranks that
/// are still reading
[[nodiscard]] CommandLine read_together(const World& world, AgreementSession& session,
                                        std::span<const std::string> args);

/// The exit codes of the ranks that have one.
struct CommonExit {
  /// The largest.
  int code = 0;
  /// The lowest rank that has one.
  int first_rank = 0;
};

/// Brings the exit codes of all ranks together.
/// @param own the exit code of this rank; nothing if it can go on
/// @param fields what the ranks that go on must have in common
/// @return the same on every rank; nothing if all ranks can go on
/// @collective over MPI_COMM_WORLD
/// @throws DeadlineError, DisagreementError the same on every rank
[[nodiscard]] std::optional<CommonExit> agree_on_exit(AgreementSession& session, std::optional<int> own,
                                                      std::vector<AgreementField> fields = {});

}  // namespace rankmesh::bringup
