#include "mpi_side.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "origin.hpp"
#include "rankmesh/mpi/communicator.hpp"
#include "rankmesh/mpi/error.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/mpi_world.hpp"

namespace rankmesh::nccl {
namespace {

std::optional<std::string> failure_of(const char* call, int code) {
  if (code == MPI_SUCCESS) return std::nullopt;
  return mpi::MpiError({.call = call, .code = code}).what();
}

std::optional<std::string> broadcast_in(MPI_Comm members, std::span<std::byte> bytes, int root) {
  return failure_of("MPI_Bcast",
                    MPI_Bcast(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, root, members));
}

/// The equally long messages of all members of a communicator, joined by rank.
std::optional<std::string> gather(MPI_Comm members, std::span<const std::byte> own,
                                  std::span<std::byte> all) {
  const int length = static_cast<int>(own.size());
  return failure_of("MPI_Allgather",
                    MPI_Allgather(own.data(), length, MPI_BYTE, all.data(), length, MPI_BYTE, members));
}

}  // namespace

HostMark::HostMark(const std::string& key) {
  key.copy(beginning.data(), beginning.size());
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
}

std::unique_ptr<rankmesh::BringUp> MpiBootstrap::begin(const ParallelConfig& config,
                                                       const BringUpOptions& options,
                                                       const std::optional<NcclScheduleOptions>& nccl) {
  // Before the agreement: memory that runs out must not keep this rank from a call in which others wait.
  const HostIdentity host = host_of(options);
  mark_ = HostMark(host_key(host));
  options_ = options;
  // A rank that cannot read what its neighbours read would seem to be on another host, and its GPU not be
  // compared with theirs.
  options_.job_fields.push_back({.field = "boot_id", .value = host.boot.empty() ? "not known" : "known"});
  auto begun = std::make_unique<mpi::BringUp>(communicator_, config, options_, nccl, members_);
  current_ = begun.get();
  return begun;
}

std::optional<std::string> MpiBootstrap::gather_on_node(const std::function<Bytes(int local_rank)>& own,
                                                        std::vector<Bytes>& all) {
  if (!members_.empty()) {
    const mpi::Communicators::Builder builder(*current_);
    if (auto why = builder.make_over_all(over_members_)) return why;
  }
  // The communicator returns its errors during the bring-up.
  MPI_Comm world = over_all();
  int rank = 0;
  if (auto why = failure_of("MPI_Comm_rank", MPI_Comm_rank(world, &rank))) return why;
  // Hosts whose marks have one color are told apart below. MPI_COMM_TYPE_SHARED may be less than a host.
  const int color = static_cast<int>(mark_.hash % INT32_MAX);
  MPI_Comm native = MPI_COMM_NULL;
  if (auto why = failure_of("MPI_Comm_split", MPI_Comm_split(world, color, rank, &native))) return why;
  const auto together = mpi::Communicator::from_native_handle(native);
  int position = 0;
  if (auto why = failure_of("MPI_Comm_rank", MPI_Comm_rank(native, &position))) return why;
  int count = 1;
  if (auto why = failure_of("MPI_Comm_size", MPI_Comm_size(native, &count))) return why;

  std::vector<HostMark> marks(static_cast<std::size_t>(count), mark_);
  // After a failure this rank goes on, since others wait for it in the second call.
  std::optional<std::string> failure =
      gather(native, std::as_bytes(std::span(&mark_, 1)), std::as_writable_bytes(std::span(marks)));
  const auto local_rank = static_cast<int>(std::count(marks.begin(), marks.begin() + position, mark_));
  const Bytes mine = own(local_rank);
  Bytes joined(mine.size() * marks.size());
  if (auto why = gather(native, mine, joined); why && !failure) failure = std::move(why);
  if (failure) return failure;
  const auto length = static_cast<std::ptrdiff_t>(mine.size());
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const auto begin = joined.begin() + static_cast<std::ptrdiff_t>(i) * length;
    if (marks[i] == mark_) all.emplace_back(begin, begin + length);
  }
  return std::nullopt;
}

std::optional<std::string> MpiBootstrap::broadcast(std::span<std::byte> bytes, int root) {
  return broadcast_in(over_all(), bytes, root);
}

void MpiSide::prepare(rankmesh::BringUp& bring_up) {
  builder_.emplace(dynamic_cast<mpi::BringUp&>(bring_up));
}

void MpiSide::carry_out(const BringUpStep& step) {
  builder_.value().carry_out(step);
}

void MpiSide::complete() {
  if (builder_) made_.emplace(builder_->take());
  builder_.reset();
}

std::optional<std::string> MpiSide::broadcast(GroupKind kind, std::span<std::byte> bytes, int root) {
  MPI_Comm members = made_.value().at(kind).native();
  // The caller gets it with an error handler of their own.
  const mpi::ErrorHandlerGuard guard(members);
  return broadcast_in(members, bytes, root);
}

void MpiSide::close() noexcept {
  if (made_) made_->close();
}

std::unique_ptr<Communicators::Owned> Communicators::bring_up_over_mpi(Origin origin,
                                                                       const ParallelConfig& config,
                                                                       const Options& options,
                                                                       const Before* before) {
  MpiBootstrap bootstrap(origin.communicator, origin.members);
  std::unique_ptr<Owned> owned =
      bring_up_over(bootstrap, std::make_unique<MpiSide>(), config, options, before);
  owned->origin = std::make_shared<const Origin>(std::move(origin));
  return owned;
}

Communicators::Communicators(MpiWorld world, const ParallelConfig& config, const Options& options)
    : Communicators(bring_up_over_mpi({.communicator = world.communicator}, config, options)) {}

Communicators::Communicators(MpiWorld world, std::span<const int> ranks, const ParallelConfig& config,
                             const Options& options)
    : Communicators([&] {
        mpi::require_members(world.communicator, ranks);
        return bring_up_over_mpi({world.communicator, {ranks.begin(), ranks.end()}}, config, options);
      }()) {}

const std::optional<mpi::Communicators>& Communicators::host() const& noexcept {
  static const std::optional<mpi::Communicators> none;
  return owned_->host ? static_cast<const MpiSide&>(*owned_->host).made() : none;
}

}  // namespace rankmesh::nccl
