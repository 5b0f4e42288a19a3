#include "rankmesh/mpi/job.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fault_tolerance.hpp"
#include "origin.hpp"
#include "rankmesh/comm/prove_groups.hpp"
#include "rankmesh/comm/time_after.hpp"
#include "rankmesh/mpi/error.hpp"

namespace rankmesh::mpi {
namespace {

/// Sums over a communicator that are under way: MPI uses the addresses until they are complete.
struct Sums {
  MembershipSum own{};
  MembershipSum sum{};
  MPI_Request request = MPI_REQUEST_NULL;
};

/// Proves the communicators. One whose proof did not end stays as it is, since MPI may still use it.
/// @throws Error why one does not work
void prove(Communicators& made, const std::vector<int>& process_of_rank, std::chrono::nanoseconds limit) {
  const auto until = time_after(std::chrono::steady_clock::now(), limit);
  const int process = process_of_rank[static_cast<std::size_t>(made.rank())];
  prove_groups(made, process_of_rank, [&](GroupKind kind, MPI_Comm native) {
    auto sums = std::make_unique<Sums>();
    int position = 0;
    MPI_Comm_rank(native, &position);
    sums->own = membership_hashes(process, position);
    if (const int code =
            MPI_Iallreduce(sums->own.data(), sums->sum.data(), static_cast<int>(sums->own.size()),
                           MPI_UINT64_T, MPI_SUM, native, &sums->request);
        code != MPI_SUCCESS) {
      throw MpiError({.call = "MPI_Iallreduce", .code = code, .kind = kind});
    }
    const auto leave_to_mpi = [&] {
      static_cast<void>(sums.release());
      static_cast<void>(made.release(kind).release());
    };
    for (;;) {
      int done = 0;
      if (const int code = MPI_Test(&sums->request, &done, MPI_STATUS_IGNORE); code != MPI_SUCCESS) {
        leave_to_mpi();
        throw MpiError({.call = "MPI_Test", .code = code, .kind = kind});
      }
      if (done != 0) return sums->sum;
      if (std::chrono::steady_clock::now() >= until) {
        leave_to_mpi();
        throw Error("a sum in the " + std::string(kind.name()) + " communicator did not end");
      }
      std::this_thread::yield();
    }
  });
}

}  // namespace

Job::Job(MPI_Comm communicator, const ParallelConfig& config, const Options& options)
    : plane_(communicator, config, options) {
  plane_.make_first([&] {
    if (plane_.control().is_idle()) return;
    communicators_ = Communicators::brought_up(
        {plane_.communicator(), generation().process_of_rank, plane_.options(), 0}, config);
  });
}

Job::~Job() = default;

Communicators& Job::communicators() & {
  plane_.control().require_usable();
  if (!communicators_) {
    throw StateError("process " + std::to_string(process()) +
                     " is idle, so it has no communicators: call stand_by()");
  }
  return *communicators_;
}

void Job::make(const NextGeneration& next, const Attempt& attempt) {
  next_.reset();
  const std::vector<int>& members = next.generation.process_of_rank;
  Options options = plane_.options();
  // Where one process was lost, more may be: one that is gone before a call leaves nobody inside of it.
  options.arrivals = Arrivals::before_each_step;
  std::optional<Communicators::Before> before;
  // What was revoked cannot be kept.
  if (attempt.may_keep && communicators_ && !tells_of_failures())
    before.emplace(Communicators::Before{*communicators_, generation().process_of_rank});
  next_ = Communicators::brought_up(
      {plane_.communicator(), members, std::move(options), attempt.ordinal, tells_of_failures()},
      next.generation.config, before ? &*before : nullptr);
  prove(*next_, members, plane_.options().timeouts.deadline);
}

Rebuilt Job::rebuild(const RebuildOptions& options) {
  // Others may wait inside operations for this process or for a lost one: they get an error, and come here
  // too.
  if (communicators_) {
    for (const MPI_Comm each : communicators_->set_.natives()) revoke(each);
    if (!communicators_->world_.is_empty()) revoke(communicators_->world_.native());
  }
  Rebuilt rebuilt = plane_.rebuild(
      options, [this](const NextGeneration& next, const Attempt& attempt) { return make(next, attempt); });
  communicators_.reset();
  if (!plane_.control().is_idle()) communicators_.emplace(std::move(*next_));
  next_.reset();
  return rebuilt;
}

std::optional<Rebuilt> Job::stand_by(const RebuildOptions& options, std::chrono::nanoseconds limit) {
  return plane_.stand_by(limit, [&] { return rebuild(options); });
}

}  // namespace rankmesh::mpi
