// Communicators that are made later than those of a plan: of lazy kinds, and over lists of ranks.

#include <algorithm>
#include <string>
#include <utility>

#include "mpi_side.hpp"
#include "origin.hpp"
#include "rankmesh/comm/list_config.hpp"
#include "rankmesh/mpi/parts.hpp"
#include "rankmesh/nccl/communicators.hpp"
#include "rankmesh/nccl/mpi_world.hpp"

namespace rankmesh::nccl {
namespace {

/// The options for one group of some kinds.
Options for_one_group(Options options, std::span<const GroupKind> kinds) {
  options.bring_up.plan = {.groups_of_one = KindSelection::all()};
  // Nothing is left of a world that is the group itself.
  if (options.strategy == Strategy::nccl_split) options.strategy = Strategy::unique_id;
  options.share_split_resources = false;
  KindOptionsMap own;
  for (const GroupKind& kind : kinds) {
    if (const auto found = options.kinds.find(kind); found != options.kinds.end()) own.insert(*found);
  }
  options.kinds = std::move(own);
  return options;
}

}  // namespace

Communicators Communicators::make_group(std::span<const int> ranks, std::span<const GroupKind> kinds,
                                        const AgreementField& field) const {
  const std::vector<int> members = in_origin(ranks);
  Options options = for_one_group(owned_->options, kinds);
  options.bring_up.job_fields.push_back(field);
  options.device = device();
  // Where NCCL takes names, that of the group in the topology, not of the only one of the list.
  constexpr int first_with_names = NCCL_VERSION(2, 27, 0);
  const GroupFamily* const family = topology().find(kinds.front());
  int version = 0;
  static_cast<void>(ncclGetVersion(&version));
  if (family != nullptr && std::min(NCCL_VERSION_CODE, version) >= first_with_names) {
    const std::string name =
        std::string(kinds.front().name()) + "/" + std::to_string(family->locate(rank())->group);
    for (const GroupKind& kind : kinds) {
      std::optional<std::string>& own = options.kinds[kind].communicator.name;
      if (!own) own = name;
    }
  }
  return {owned_->origin->communicator, members, list_config(kinds, members.size()), options};
}

KindView Communicators::make(GroupKind kind) {
  const KindView present = at(kind);
  if (present.absence != Absence::not_made) return present;
  const std::vector<GroupKind> kinds = plan().made_later_with(kind);
  const std::vector<int> ranks = topology().group_of(kind, rank()).to_vector();
  Communicators made = make_group(ranks, kinds, {.field = "shared_with", .value = "nothing"});
  owned_->names.splice(owned_->names.end(), made.owned_->names);
  owned_->streams.merge(made.owned_->streams);
  owned_->set.add(kind, made.owned_->set.release(kinds.front()));
  if (owned_->host && made.owned_->host) {
    mpi::Communicators& host = static_cast<MpiSide&>(*owned_->host).made().value();
    host.adopt(kind, static_cast<MpiSide&>(*made.owned_->host).made().value().release(kinds.front()));
  }
  return at(kind);
}

KindView Communicators::group(std::span<const int> ranks) {
  check_members(ranks, rank(), topology().world_size());
  const auto present = owned_->set.at_list(ranks);
  const AgreementField field{
      .field = "shared_with",
      .value = present.has_communicator() ? std::string(present.kind.name()) : "nothing"};
  if (present.has_communicator()) {
    // Only agrees with the other members that all of them have it.
    const std::vector<int> members = in_origin(ranks);
    mpi::Options options = owned_->options.bring_up;
    options.plan = {.only = {}};
    options.job_fields.push_back(field);
    const mpi::Communicators agreed(owned_->origin->communicator, members,
                                    list_config(present.kind, members.size()), options);
    return KindView{present};
  }
  Communicators made = make_group(ranks, std::span(&present.kind, 1), field);
  owned_->names.splice(owned_->names.end(), made.owned_->names);
  owned_->set.add_list(ranks, made.owned_->set.release(present.kind));
  return KindView{owned_->set.at_list(ranks)};
}

std::vector<int> Communicators::in_origin(std::span<const int> ranks) const {
  if (!owned_->origin) {
    throw StateError("these communicators were not brought up over MPI, so no further one can be made");
  }
  return ranks_of_members(owned_->origin->members, ranks);
}

Communicator group(MpiWorld world, std::span<const int> ranks, const Options& options) {
  const GroupKind kind = "group";
  Options own = for_one_group(options, std::span(&kind, 1));
  Communicators made(world, ranks, list_config(kind, ranks.size()), own);
  return made.release(kind);
}

Part bring_up_parts(MpiWorld world, std::span<const ParallelConfig> parts, const Options& options) {
  const PartOfRank own = mpi::agree_on_parts(world.communicator, parts, options.bring_up);
  return {own.index, own.first_rank, Communicators(world, own.ranks(), parts[own.index], options)};
}

}  // namespace rankmesh::nccl
