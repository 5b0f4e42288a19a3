#include "drive.hpp"

#include <algorithm>
#include <optional>

#include "rankmesh/comm/agreement.hpp"

namespace rankmesh::nccl {
namespace {

std::string failure_of(const Operations::Name& name, ncclResult_t result) {
  return error_of(name.call, result, name.step).what();
}

/// Waits until every rank has all the IDs it needs: what blocks can start then.
void await_identifiers(mpi::BringUp& bring_up, Operations& operations, Identifiers& identifiers) {
  Agreement agreement(bring_up.session(), {}, {.step = "identifiers", .arrives_at_once = false});
  if (const auto failure = bring_up.take_failure()) agreement.fail(*failure);
  if (identifiers.failure()) agreement.fail(*identifiers.failure());
  while (!agreement.step()) {
    identifiers.step();
    bool is_ready = true;
    // Later operations may wait for earlier ones; the IDs are needed by those that do not.
    for (std::size_t i = 0; i < operations.count() && is_ready; ++i) is_ready = operations.has_identifiers(i);
    if (is_ready && !identifiers.failure()) agreement.arrive();
    bring_up.transport().idle();
  }
  agreement.verdict().raise();
}

}  // namespace

void drive_together(mpi::BringUp& bring_up, Operations& operations, Identifiers& identifiers,
                    std::vector<bool>& done) {
  Agreement completion(bring_up.session(), {}, {.step = "initialisation", .arrives_at_once = false});
  bool has_failed = false;
  const auto fail = [&](const std::string& what) {
    has_failed = true;
    completion.fail(what);
  };
  if (const auto failure = bring_up.take_failure()) fail(*failure);
  if (identifiers.failure()) fail(*identifiers.failure());

  std::vector<bool> started(operations.count());
  const auto can_start = [&](std::size_t operation) {
    const std::optional<std::size_t> before = operations.comes_after(operation);
    return operations.has_identifiers(operation) && (!before || done[*before]);
  };
  while (!completion.step()) {
    identifiers.step();
    for (std::size_t i = 0; i < operations.count() && !has_failed; ++i) {
      if (done[i] || (!started[i] && !can_start(i))) continue;
      ncclResult_t result = ncclSuccess;
      if (!started[i]) {
        result = operations.start(i);
        started[i] = true;
      }
      if (!is_failure(result)) result = operations.state(i);
      if (is_failure(result)) {
        fail(failure_of(operations.name(i), result));
      } else if (result == ncclSuccess) {
        done[i] = true;
        bring_up.done(operations.name(i).part);
      }
    }
    if (std::all_of(done.begin(), done.end(), [](bool is_done) { return is_done; })) completion.arrive();
    bring_up.transport().idle();
  }
  completion.verdict().raise();
}

void drive_in_order(mpi::BringUp& bring_up, Operations& operations, Identifiers& identifiers,
                    std::vector<bool>& done) {
  await_identifiers(bring_up, operations, identifiers);
  for (std::size_t i = 0; i < operations.count(); ++i) {
    const Operations::Name name = operations.name(i);
    bring_up.together({.name = name.call, .part = name.part}, [&]() -> std::optional<std::string> {
      const ncclResult_t result = operations.start(i);
      if (is_failure(result)) return failure_of(name, result);
      done[i] = true;
      return std::nullopt;
    });
    bring_up.done(name.part);
  }
  bring_up.complete();
}

}  // namespace rankmesh::nccl
