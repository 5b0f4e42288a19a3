// The choice of the GPU by host. Hosts are played: each rank says on which one it is.
#include <string>

#include "support.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;
using nccl::Communicators;

namespace {

nccl::Options on(const std::string& name, const std::string& boot) {
  nccl::Options options = patient();
  options.bring_up.host = HostIdentity{.name = name, .boot = boot};
  return options;
}

/// The devices that this process sees: `size` of them on each of two hosts.
std::string devices_of_host(int host, int size) {
  std::string names;
  for (int i = 0; i < size; ++i) {
    names += (i == 0 ? "" : ",");
    names += "host" + std::to_string(host) + "-gpu" + std::to_string(i);
  }
  return names;
}

}  // namespace

TEST_CASE("a process takes the GPU of its number on its host, also if ranks lie on hosts in turns") {
  if (world_size() < 4) return;
  const int host = world_rank() % 2;
  const Steer uuids("RANKMESH_DOUBLE_UUIDS", devices_of_host(host, world_size()));
  const std::string name = std::to_string(host);
  Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, on("host" + name, "boot" + name));
  CHECK(groups.device() == world_rank() / 2);
  groups.close();
}

TEST_CASE("containers of one machine count its processes together, and may not share a GPU") {
  if (world_size() < 2) return;
  const nccl::Options options = on("container" + std::to_string(world_rank()), "one kernel");
  {
    const Steer uuids("RANKMESH_DOUBLE_UUIDS", devices_of_host(0, world_size()));
    Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, options);
    CHECK(groups.device() == world_rank());
    groups.close();
  }
  const Steer shared("RANKMESH_DOUBLE_UUIDS", "one");
  const std::string text = common_error<BringUpError>({.world_size = world_size()}, options);
  CHECK_THAT(text, ContainsSubstring("step device failed on " + std::to_string(world_size()) + " ranks"));
  CHECK_THAT(text, ContainsSubstring("rank 0: shares GPU-") && ContainsSubstring("with rank 1: "));
}

TEST_CASE("ranks of which only some know their boot id are refused, since a shared GPU would not be found") {
  if (world_size() < 2) return;
  const Steer shared("RANKMESH_DOUBLE_UUIDS", "one");
  const int last = world_size() - 1;
  const nccl::Options options = on("host", world_rank() == last ? "" : "boot");
  const std::string text = common_error<DisagreementError>({.world_size = world_size()}, options);
  CHECK_THAT(text, ContainsSubstring("boot_id = known on rank") &&
                       ContainsSubstring("not known on rank " + std::to_string(last)));
}

TEST_CASE("without boot ids, ranks are on one host if name and machine id are equal") {
  if (world_size() < 2) return;
  nccl::Options options = on("host", "");
  options.bring_up.host->machine = "one disk";
  const Steer shared("RANKMESH_DOUBLE_UUIDS", "one");
  const std::string text = common_error<BringUpError>({.world_size = world_size()}, options);
  CHECK_THAT(text, ContainsSubstring("rank 0: shares GPU-"));
}

TEST_CASE("a long identity is compared as a whole") {
  if (world_size() < 2) return;
  // Equal for far longer than any key that is read from a host.
  const std::string boot = std::string(300, 'x') + (world_rank() == 0 ? "a" : "b");
  const Steer uuids("RANKMESH_DOUBLE_UUIDS", devices_of_host(world_rank() == 0 ? 0 : 1, world_size()));
  Communicators groups(MPI_COMM_WORLD, {.world_size = world_size()}, on("n" + boot, boot));
  CHECK(groups.device() == (world_rank() == 0 ? 0 : world_rank() - 1));
  groups.close();
}
