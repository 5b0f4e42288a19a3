// Communicators that are made later than those of a plan: of lazy kinds, and over lists of ranks.

#include <string>
#include <utility>

#include "origin.hpp"
#include "rankmesh/comm/list_config.hpp"
#include "rankmesh/mpi/communicators.hpp"
#include "rankmesh/mpi/error_handler_guard.hpp"
#include "require_success.hpp"

namespace rankmesh::mpi {

void require_members(MPI_Comm communicator, std::span<const int> ranks) {
  const ErrorHandlerGuard guard(communicator);
  int own = 0;
  int size = 0;
  require_success(MPI_Comm_rank(communicator, &own), "MPI_Comm_rank");
  require_success(MPI_Comm_size(communicator, &size), "MPI_Comm_size");
  check_members(ranks, own, size);
}

Communicator Communicators::list_communicator(Origin origin, GroupKind kind) {
  origin.options.plan = {.groups_of_one = KindSelection::all()};
  const ParallelConfig config = list_config(kind, origin.members.size());
  return brought_up(std::move(origin), config).release(kind);
}

Communicator group(MPI_Comm communicator, std::span<const int> ranks, const Options& options) {
  require_members(communicator, ranks);
  return Communicators::list_communicator({communicator, {ranks.begin(), ranks.end()}, options}, "group");
}

GroupCommunicator<MPI_Comm> Communicators::make(GroupKind kind) {
  const GroupCommunicator<MPI_Comm> present = at(kind);
  if (present.absence != Absence::not_made) return present;
  const GroupKind made_as = *plan().kind(kind).made_later_as;
  Origin origin = origin_of(topology().group_of(made_as, rank()).to_vector());
  set_.add(kind, list_communicator(std::move(origin), made_as));
  return at(kind);
}

GroupCommunicator<MPI_Comm> Communicators::group(std::span<const int> ranks) {
  check_members(ranks, rank(), topology().world_size());
  const GroupCommunicator<MPI_Comm> present = set_.at_list(ranks);
  Origin origin = origin_of(ranks);
  origin.options.job_fields.push_back(
      {.field = "shared_with",
       .value = present.has_communicator() ? std::string(present.kind.name()) : "nothing"});
  if (present.has_communicator()) {
    // Only agrees with the other members that all of them have it.
    origin.options.plan = {.only = {}};
    const ParallelConfig config = list_config(present.kind, ranks.size());
    static_cast<void>(brought_up(std::move(origin), config));
  } else {
    set_.add_list(ranks, list_communicator(std::move(origin), present.kind));
  }
  return set_.at_list(ranks);
}

Communicators::Origin Communicators::origin_of(std::span<const int> ranks) const {
  if (!origin_) throw StateError("these communicators were made elsewhere, so no further one can be made");
  Origin origin = *origin_;
  origin.members = ranks_of_members(origin_->members, ranks);
  origin.attempt.reset();
  return origin;
}

}  // namespace rankmesh::mpi
