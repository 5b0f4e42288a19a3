#include "rankmesh/mpi/job.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fault_tolerance.hpp"
#include "origin.hpp"
#include "rankmesh/comm/time_after.hpp"
#include "rankmesh/mpi/error.hpp"

namespace rankmesh::mpi {
namespace {

/// A sum over a communicator that is under way: MPI uses the addresses until it is complete.
struct Sum {
  std::uint64_t own = 0;
  std::uint64_t sum = 0;
  MPI_Request request = MPI_REQUEST_NULL;
};

/// A number that looks random, the same for the same process: other members give another sum with a
/// probability of nearly 1.
std::uint64_t mark_of(int process) {
  std::uint64_t mark = (static_cast<std::uint64_t>(process) + 1) * 0x9e3779b97f4a7c15U;
  mark = (mark ^ (mark >> 30)) * 0xbf58476d1ce4e5b9U;
  return mark ^ (mark >> 31);
}

/// Proves each communicator of a plan by a sum that only its members can give. Returns what is wrong.
/// A communicator whose proof did not end stays as it is, since MPI may still use it.
std::optional<std::string> prove(Communicators& made, const std::vector<int>& process_of_rank,
                                 std::chrono::nanoseconds limit) {
  const auto until = time_after(std::chrono::steady_clock::now(), limit);
  for (const PlanStep& step : made.plan().steps()) {
    const GroupCommunicator<MPI_Comm> group = made.at(step.kind);
    if (!group.has_communicator()) continue;
    const auto process = [&](int rank) { return process_of_rank[static_cast<std::size_t>(rank)]; };
    const std::string name(step.kind.name());
    auto sum = std::make_unique<Sum>();
    sum->own = mark_of(process(made.rank()));
    if (const int code =
            MPI_Iallreduce(&sum->own, &sum->sum, 1, MPI_UINT64_T, MPI_SUM, group.native(), &sum->request);
        code != MPI_SUCCESS) {
      return MpiError({.call = "MPI_Iallreduce", .code = code, .kind = step.kind}).what();
    }
    for (int done = 0; done == 0;) {
      if (const int code = MPI_Test(&sum->request, &done, MPI_STATUS_IGNORE); code != MPI_SUCCESS) {
        static_cast<void>(sum.release());  // as below
        static_cast<void>(made.release(step.kind).release());
        return MpiError({.call = "MPI_Test", .code = code, .kind = step.kind}).what();
      }
      if (done != 0) break;
      if (std::chrono::steady_clock::now() >= until) {
        static_cast<void>(sum.release());  // MPI may still write to it
        static_cast<void>(made.release(step.kind).release());
        return "a sum in the " + name + " communicator did not end";
      }
      std::this_thread::yield();
    }
    std::uint64_t expected = 0;
    for (const int rank : made.topology().group_of(step.kind, made.rank()))
      expected += mark_of(process(rank));
    if (sum->sum != expected) return "the " + name + " communicator does not have the members of its group";
  }
  return std::nullopt;
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

std::optional<std::string> Job::make(const NextGeneration& next, const Attempt& attempt) {
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
  return prove(*next_, members, plane_.options().timeouts.deadline);
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
