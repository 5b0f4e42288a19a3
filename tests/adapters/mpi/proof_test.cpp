// Tests of the proofs: a wrong communicator must fail.

#include "rankmesh/bringup/proof.hpp"

#include <optional>
#include <string>

#include "rankmesh/bringup/mpi_operations.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using namespace rankmesh::bringup;

namespace {

/// The tensor group of this rank in a world of pairs, with the given communicator.
struct Pairs {
  Pairs(int color, int key) : topology({.world_size = world_size(), .tensor = 2}) {
    MPI_Comm_split(MPI_COMM_WORLD, color, key, &communicator);
    operations.emplace(communicator);
    const Place place = *groups().locate(world_rank());
    mine = {.kind = GroupKind::tensor,
            .group = place.group,
            .position = place.position,
            .operations = &*operations};
  }
  Pairs(const Pairs&) = delete;
  Pairs& operator=(const Pairs&) = delete;
  ~Pairs() { MPI_Comm_free(&communicator); }

  [[nodiscard]] const GroupFamily& groups() const { return topology.family(GroupKind::tensor); }
  [[nodiscard]] std::string membership() const {
    return prove_membership(groups(), mine, world_rank(), [] {});
  }
  [[nodiscard]] std::string order() const {
    return prove_order(groups(), mine, world_rank(), [] {});
  }

  Topology topology;
  MPI_Comm communicator = MPI_COMM_NULL;
  std::optional<MpiOperations> operations{};
  Membership mine{.kind = GroupKind::tensor};
};

}  // namespace

TEST_CASE("a right communicator passes") {
  if (world_size() % 2 != 0) return;
  const Pairs pairs(world_rank() / 2, world_rank() % 2);
  CHECK(pairs.membership().empty());
  CHECK(pairs.order().empty());
}

TEST_CASE("swapped positions fail the proof of order alone") {
  if (world_size() % 2 != 0) return;
  const Pairs pairs(world_rank() / 2, -world_rank());
  CHECK(pairs.membership().empty());
  const int group = world_rank() / 2;
  const std::string first = std::to_string(2 * group);
  const std::string second = std::to_string(2 * group + 1);
  CHECK(pairs.order() == "tensor group " + std::to_string(group) + " should be [" + first + ", " + second +
                             "], but the communicator holds [" + second + ", " + first + "] and has rank " +
                             std::to_string(world_rank()) + " at position " +
                             std::to_string(1 - world_rank() % 2));
}

TEST_CASE("swapped members fail the proof of membership") {
  if (world_size() % 4 != 0) return;
  // Pairs 0 2, 1 3 instead of 0 1, 2 3.
  const Pairs pairs(world_rank() / 4 * 2 + world_rank() % 2, world_rank());
  CHECK_THAT(pairs.membership(), ContainsSubstring("tensor group " + std::to_string(world_rank() / 2) +
                                                   " should have the members ["));
}

TEST_CASE("a communicator of another size fails the proof of membership") {
  if (world_size() % 2 != 0 || world_size() == 2) return;
  const Pairs pairs(0, world_rank());
  CHECK_THAT(pairs.membership(),
             ContainsSubstring("has other members, " + std::to_string(world_size()) + " in number"));
}

TEST_CASE("a missing or superfluous communicator fails the check of presence") {
  const Topology topology({.world_size = world_size(), .pipeline = world_size()});
  const GroupFamily& pipeline = topology.family(GroupKind::pipeline);
  Membership mine{.kind = GroupKind::pipeline, .group = 0, .position = world_rank()};
  if (world_size() > 1) {
    CHECK_THAT(check_presence(pipeline, mine, world_rank()),
               ContainsSubstring("has no pipeline communicator"));
  }
  MpiOperations alone(MPI_COMM_SELF);
  mine.operations = &alone;
  const GroupFamily& tensor = topology.family(GroupKind::tensor);
  CHECK_THAT(check_presence(tensor, mine, world_rank()), ContainsSubstring("but its group has one member"));
  CHECK(check_presence(tensor, mine, world_rank(), Expected::all_groups).empty());
}
