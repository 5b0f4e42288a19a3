#include "mpi_side.hpp"

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

}  // namespace

std::unique_ptr<rankmesh::BringUp> MpiBootstrap::begin(const ParallelConfig& config,
                                                       const BringUpOptions& options,
                                                       const std::optional<NcclScheduleOptions>& nccl) {
  auto begun = std::make_unique<mpi::BringUp>(communicator_, config, options, nccl, members_);
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
  MPI_Comm native = MPI_COMM_NULL;
  if (auto why = failure_of("MPI_Comm_split_type",
                            MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &native))) {
    return why;
  }
  const auto node = mpi::Communicator::from_native_handle(native);
  int local_rank = 0;
  if (auto why = failure_of("MPI_Comm_rank", MPI_Comm_rank(native, &local_rank))) return why;
  int local_size = 1;
  if (auto why = failure_of("MPI_Comm_size", MPI_Comm_size(native, &local_size))) return why;

  const Bytes mine = own(local_rank);
  const int length = static_cast<int>(mine.size());
  Bytes joined(mine.size() * static_cast<std::size_t>(local_size));
  if (auto why = failure_of("MPI_Allgather", MPI_Allgather(mine.data(), length, MPI_BYTE, joined.data(),
                                                           length, MPI_BYTE, native))) {
    return why;
  }
  for (int i = 0; i < local_size; ++i) {
    all.emplace_back(joined.begin() + i * length, joined.begin() + (i + 1) * length);
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
                                                                       const Options& options) {
  MpiBootstrap bootstrap(origin.communicator, origin.members);
  std::unique_ptr<Owned> owned = bring_up_over(bootstrap, std::make_unique<MpiSide>(), config, options);
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
