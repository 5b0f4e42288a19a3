#include "rankmesh/comm/host_identity.hpp"

#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

HostsOfRanks list_of(const std::vector<HostIdentity>& hosts) {
  HostsOfRanks list;
  for (const HostIdentity& host : hosts) list.add(host);
  return list;
}

std::vector<std::string> problems_of(const std::vector<HostIdentity>& hosts) {
  try {
    static_cast<void>(find_hosts(list_of(hosts)));
    return {};
  } catch (const HostError& error) {
    return error.problems();
  }
}

std::vector<std::string> names_of(const Cluster& cluster) {
  std::vector<std::string> names;
  for (int host = 0; host < cluster.hosts(); ++host) {
    names.push_back(cluster.domain_name(cluster.host_level(), host));
  }
  return names;
}

}  // namespace

TEST_CASE("this process has the host that the kernel says, and no fabric") {
  const HostIdentity own = this_host();
  const auto read = [](const char* path) {
    std::ifstream file(path);
    std::string word;
    file >> word;
    return word;
  };
  CHECK(own.name == read("/proc/sys/kernel/hostname"));
  CHECK(own.boot == read("/proc/sys/kernel/random/boot_id"));
  CHECK(own.machine == read("/etc/machine-id"));
  CHECK(own.fabric.empty());
  CHECK(this_host() == own);
}

TEST_CASE("processes are on one host if the kernel is one, or else if name and machine id are equal") {
  const auto same = [](const HostIdentity& a, const HostIdentity& b) { return host_key(a) == host_key(b); };
  // Containers on a machine, and machines with one disk image.
  CHECK(same({.name = "a", .boot = "1", .machine = "x"}, {.name = "b", .boot = "1", .machine = "y"}));
  CHECK_FALSE(same({.name = "a", .boot = "1", .machine = "x"}, {.name = "a", .boot = "2", .machine = "x"}));
  // Without boot ids.
  CHECK(same({.name = "a", .machine = "x"}, {.name = "a", .machine = "x", .fabric = "f"}));
  CHECK_FALSE(same({.name = "a", .machine = "x"}, {.name = "b", .machine = "x"}));
  CHECK_FALSE(same({.name = "a", .machine = "x"}, {.name = "a", .machine = "y"}));
  CHECK_FALSE(same({.name = "a"}, {.boot = "a"}));
  // The parts are kept apart.
  CHECK_FALSE(same({.name = "ab", .machine = "c"}, {.name = "a", .machine = "bc"}));
}

TEST_CASE("a list has each identity once, and joins with the next one") {
  const HostIdentity a{.name = "a", .boot = "1"};
  const HostIdentity b{.name = "b", .boot = "2"};
  const HostIdentity c{.name = "c", .boot = "3"};
  HostsOfRanks list = list_of({a, b, a});
  CHECK(list.identities == std::vector{a, b});
  CHECK(list.identity_of_rank == std::vector{0, 1, 0});
  list.append(list_of({c, b, b}));
  CHECK(list == list_of({a, b, a, c, b, b}));
}

TEST_CASE("hosts are in the order of their first ranks, with a slot for each rank on them") {
  const HostIdentity a{.name = "a", .boot = "1"};
  const HostIdentity b{.name = "b", .boot = "2"};
  const FoundHosts found = find_hosts(list_of({b, a, b, b, a}));
  CHECK(found.cluster == Cluster(std::vector<std::string>{}, {{"b", 3, {}}, {"a", 2, {}}}));
  CHECK(found.slot_of_rank == std::vector{0, 3, 1, 2, 4});
  // A container that has no name, and one with another.
  const FoundHosts one = find_hosts(list_of({{.boot = "1"}, {.name = "x", .boot = "1"}}));
  CHECK(names_of(one.cluster) == std::vector<std::string>{"1"});
  CHECK(one.cluster.slots() == 2);
}

TEST_CASE("the hosts of a fabric are together, and a host without one is alone") {
  const HostIdentity a{.name = "a", .boot = "1", .fabric = "f.1"};
  const HostIdentity b{.name = "b", .boot = "2"};
  const HostIdentity c{.name = "c", .boot = "3", .fabric = "f.1"};
  const FoundHosts found = find_hosts(list_of({a, b, c, a}));
  CHECK(names_of(found.cluster) == std::vector<std::string>{"a", "c", "b"});
  CHECK(found.cluster.level_name(0) == "nvlink");
  CHECK(found.cluster.domain_count(0) == 2);
  CHECK(found.cluster.domain_name(0, 0) == "f.1");
  CHECK(found.slot_of_rank == std::vector{0, 3, 2, 1});
  // No level where no host has one.
  CHECK(find_hosts(list_of({b, b})).cluster.host_level() == 0);
}

TEST_CASE("contradictions are listed all at once, with the ranks") {
  const HostIdentity a{.name = "a", .boot = "1"};
  CHECK(problems_of({a, {.name = "b", .boot = "2"}}).empty());
  CHECK(problems_of({a, {.name = "a", .boot = "2"}, a}) ==
        std::vector<std::string>{
            "ranks whose host is named a are on different ones: boot id 1 on ranks 0 and 2, "
            "boot id 2 on rank 1; give the hosts different names, in the option host if "
            "not otherwise"});
  CHECK(problems_of({{.name = "a", .machine = "m"}, {.name = "a", .machine = "n"}}).size() == 1);
  CHECK(problems_of({a, {.name = "a"}}).front() ==
        "ranks whose host is named a are on different ones: boot id 1 on rank 0, none on rank 1; give the "
        "hosts "
        "different names, in the option host if not otherwise");
  HostIdentity in_fabric = a;
  in_fabric.fabric = "f.1";
  CHECK(
      problems_of({a, in_fabric, {}, {}}) ==
      std::vector<std::string>{"no name and no boot id could be read on ranks 2-3: set the option host there",
                               "ranks on host a are in different NVLink fabrics: none on rank 0, f.1 on rank "
                               "1; leave the fabric out of the option host"});
  const HostError one({"p"});
  CHECK(std::string(one.what()) == "the hosts of the ranks cannot be told apart: p");
  const HostError two({"p", "q"});
  CHECK(std::string(two.what()) == "the hosts of the ranks cannot be told apart, 2 problems:\n  p\n  q");
}
