#include "calls.hpp"

namespace rankmesh::simulate {
namespace {

/// The members agree on a context ID that is free on all of them: one all-reduce proposes the largest of the
/// lowest free IDs, one confirms it, and one synchronises before the first use; one integer each.
void agree_on_context(Members& members, const LogGP& cost) {
  constexpr std::int64_t integer = 4;
  for (int round = 0; round < 3; ++round) members.all_reduce(cost, integer);
}

/// Each member checks in with a root; then addresses, properties of the GPUs and their connections are
/// gathered in rings.
void bootstrap(Members& members, const LogGP& cost, int roots) {
  constexpr std::int64_t address = 128;
  members.check_in(cost, address, roots);
  for (const std::int64_t bytes : {64, 128, 512}) members.ring_all_gather(cost, bytes);
}

}  // namespace

bool is_over_world(Call call) {
  return call == Call::duplicate || call == Call::split || call == Call::split_by_node;
}

void carry_out(Call call, Members& members, const Costs& costs, int roots) {
  constexpr std::int64_t color_and_key = 8;
  switch (call) {
    case Call::duplicate:
    case Call::create_group:
      agree_on_context(members, costs.mpi);
      break;
    case Call::split:
    case Call::split_by_node:
      members.all_gather(costs.mpi, color_and_key);
      agree_on_context(members, costs.mpi);
      break;
    case Call::initialise:
      bootstrap(members, costs.tcp, roots);
      break;
  }
}

}  // namespace rankmesh::simulate
