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

Communicator Communicators::list_communicator(MPI_Comm communicator, std::vector<int> ranks, GroupKind kind,
                                              Options options) {
  options.plan = {.groups_of_one = KindSelection::all()};
  const ParallelConfig config = list_config(kind, ranks.size());
  return brought_up({communicator, std::move(ranks), std::move(options)}, config).release(kind);
}

Communicator group(MPI_Comm communicator, std::span<const int> ranks, const Options& options) {
  require_members(communicator, ranks);
  return Communicators::list_communicator(communicator, {ranks.begin(), ranks.end()}, "group", options);
}

GroupCommunicator<MPI_Comm> Communicators::make(GroupKind kind) {
  const GroupCommunicator<MPI_Comm> present = at(kind);
  if (present.absence != Absence::not_made) return present;
  const GroupKind made_as = *plan().kind(kind).made_later_as;
  std::vector<int> ranks = in_origin(topology().group_of(made_as, rank()).to_vector());
  set_.add(kind, list_communicator(origin_->communicator, std::move(ranks), made_as, origin_->options));
  return at(kind);
}

GroupCommunicator<MPI_Comm> Communicators::group(std::span<const int> ranks) {
  check_members(ranks, rank(), topology().world_size());
  const GroupCommunicator<MPI_Comm> present = set_.at_list(ranks);
  std::vector<int> members = in_origin(ranks);
  Options options = origin_->options;
  options.job_fields.push_back(
      {.field = "shared_with",
       .value = present.has_communicator() ? std::string(present.kind.name()) : "nothing"});
  if (present.has_communicator()) {
    // Only agrees with the other members that all of them have it.
    options.plan = {.only = {}};
    const ParallelConfig config = list_config(present.kind, members.size());
    static_cast<void>(brought_up({origin_->communicator, std::move(members), std::move(options)}, config));
  } else {
    set_.add_list(ranks, list_communicator(origin_->communicator, std::move(members), present.kind,
                                           std::move(options)));
  }
  return set_.at_list(ranks);
}

std::vector<int> Communicators::in_origin(std::span<const int> ranks) const {
  if (!origin_) throw StateError("these communicators were made elsewhere, so no further one can be made");
  return ranks_of_members(origin_->members, ranks);
}

}  // namespace rankmesh::mpi
