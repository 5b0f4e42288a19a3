#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "rankmesh/files/cluster.hpp"
#include "rankmesh/topology/error.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/vectors.hpp"

using namespace rankmesh;
using namespace rankmesh::files;
using tests::Json;

namespace {

/// The error of a text; empty if it can be read.
std::string refusal(std::string_view text) {
  try {
    static_cast<void>(parse_host_file(text, "f"));
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> names_of(const HostFile& file) {
  std::vector<std::string> names;
  for (const ListedHost& host : file.hosts) names.push_back(host.name);
  return names;
}

/// The tree of domains of one host, from the outermost level to the host itself.
std::vector<std::string> path_of(const ListedHost& host) {
  std::vector<std::string> path;
  for (const std::string& domain : host.domains) {
    if (!domain.empty()) path.push_back(domain);
  }
  path.push_back(host.name);
  return path;
}

/// All paths of a tree as the expectations write it.
void add_paths(const Json& tree, std::vector<std::string> before,
               std::vector<std::vector<std::string>>& paths) {
  if (tree.is_array()) {
    for (const Json& host : tree) {
      paths.push_back(before);
      paths.back().push_back(host.get<std::string>());
    }
    return;
  }
  for (const auto& [name, below] : tree.items()) {
    std::vector<std::string> path = before;
    path.push_back(name);
    add_paths(below, path, paths);
  }
}

void check_numbers(const Json& expected, const HostFile& file, std::optional<int> ListedHost::*member) {
  REQUIRE(expected.size() == file.hosts.size());
  for (std::size_t i = 0; i < file.hosts.size(); ++i) {
    const std::optional<int> number = file.hosts[i].*member;
    CHECK(number == (expected[i].is_null() ? std::optional<int>() : expected[i].get<int>()));
  }
}

void check_hosts(const Json& entry, const HostFile& file) {
  const std::vector<std::string> names = names_of(file);
  if (entry.contains("hosts")) CHECK(names == entry["hosts"].get<std::vector<std::string>>());
  if (entry.contains("count")) {
    REQUIRE(names.size() == entry["count"].get<std::size_t>());
    CHECK(names.front() == entry["first"].get<std::string>());
    CHECK(names.back() == entry["last"].get<std::string>());
  }
  if (entry.contains("slots")) check_numbers(entry["slots"], file, &ListedHost::slots);
  if (entry.contains("max_slots")) check_numbers(entry["max_slots"], file, &ListedHost::max_slots);
  if (entry.contains("cpus")) check_numbers(entry["cpus"], file, &ListedHost::cpus);
  if (entry.contains("ranks")) CHECK(file.host_of_rank == entry["ranks"].get<std::vector<std::string>>());
}

void check_domains(const Json& entry, const HostFile& file) {
  if (entry.contains("block_sizes")) CHECK(file.block_sizes == entry["block_sizes"].get<std::vector<int>>());
  if (entry.contains("views")) CHECK(file.views == entry["views"].get<std::vector<std::string>>());
  if (entry.contains("domain_tree")) {
    std::vector<std::vector<std::string>> expected;
    add_paths(entry["domain_tree"], {}, expected);
    std::vector<std::vector<std::string>> found;
    for (const ListedHost& host : file.hosts) found.push_back(path_of(host));
    CHECK(found == expected);
  } else if (entry.contains("domains")) {
    for (const auto& [name, ends] : entry["domains"].items()) {
      std::vector<std::string> hosts;
      for (const ListedHost& host : file.hosts) {
        if (host.domains.back() == name) hosts.push_back(host.name);
      }
      REQUIRE(hosts.size() == ends[2].get<std::size_t>());
      CHECK(hosts.front() == ends[0].get<std::string>());
      CHECK(hosts.back() == ends[1].get<std::string>());
    }
  }
}

}  // namespace

TEST_CASE("files of SLURM and of launchers, as recorded", "[host_file]") {
  const Json expected = tests::read_vectors("slurm/expected.json");
  REQUIRE(expected.size() == 12);
  for (const Json& entry : expected) {
    const std::string path = std::string(RANKMESH_VECTORS) + "/slurm/" + entry["file"].get<std::string>();
    INFO(path);
    if (!entry["valid"].get<bool>()) {
      CHECK_THROWS_AS(load_host_file(path), FileError);
      continue;
    }
    const HostFile file = load_host_file(path);
    const std::string kind = entry["kind"];
    CHECK(std::string(name_of(file.kind)) == (kind == "slurm-arbitrary" ? "host-list" : kind));
    check_hosts(entry, file);
    check_domains(entry, file);
    CHECK(file.cluster().slots() >= file.cluster().hosts());
  }
}

TEST_CASE("hostfiles of Open MPI: slots of repeated hosts add up", "[host_file]") {
  const HostFile file = parse_host_file("a slots=2 max_slots=4\nb cpu=1 // c\nme@a count = 3\n");
  CHECK(file.kind == HostFileKind::openmpi_hostfile);
  CHECK(file.hosts ==
        std::vector<ListedHost>{{.name = "a", .slots = 5, .max_slots = 4}, {.name = "b", .slots = 1}});
  CHECK(file.host_of_rank == std::vector<std::string>{"a", "a", "a", "a", "a", "b"});
  CHECK(file.cluster() == Cluster({}, {{"a", 5, {}}, {"b", 1, {}}}));
  CHECK(
      refusal("a slots=2 slots=3\nb slot=1\n") ==
      "f:1:1: slots is given twice\nf:2:1: \"slot\" is no key of a hostfile: there are slots and max_slots");
  CHECK(refusal("a slots=0\n") == "f:1:1: slots = 0 is not a number from 1 to 65536");
  CHECK(refusal("a slots\nb slots=1\n") ==
        "f:1:1: \"slots\" is not of the form KEY=VALUE, for example slots=8; put each host on a line of its "
        "own");
  CHECK(refusal("a slots=2 /* never\nb\n") == "f:1:1: /* begins a comment that does not end");
}

TEST_CASE("hostfiles of MPICH: ranks follow the lines", "[host_file]") {
  const HostFile file = parse_host_file("a:2\nb:1 binding=rr  # x\na:1\nc\n");
  CHECK(file.kind == HostFileKind::hydra_hostfile);
  CHECK(names_of(file) == std::vector<std::string>{"a", "b", "c"});
  CHECK(file.host_of_rank == std::vector<std::string>{"a", "a", "b", "a", "c"});
  CHECK(file.cluster() == Cluster({}, {{"a", 3, {}}, {"b", 1, {}}, {"c", 1, {}}}));
  CHECK(refusal("a:0\n") == "f:1:1: the number behind the colon = 0 is not a number from 1 to 65536");
  CHECK(refusal("a:2 slots=3\n") ==
        "f:1:1: \"slots\" is no key of a hostfile of MPICH: there are user, binding, map and ifname");
}

TEST_CASE("a list with a host more than once is an order of ranks", "[host_file]") {
  const HostFile file = parse_host_file("A\nA\nB\nC\nC\n");
  CHECK(file.host_of_rank == std::vector<std::string>{"A", "A", "B", "C", "C"});
  CHECK(file.cluster() == Cluster({}, {{"A", 2, {}}, {"B", 1, {}}, {"C", 2, {}}}));
  const HostFile hosts = parse_host_file("A\nB\n");
  CHECK(!hosts.hosts[0].slots);
  CHECK(hosts.cluster(8) == Cluster({}, {{"A", 8, {}}, {"B", 8, {}}}));
}

TEST_CASE("rankfiles", "[host_file]") {
  const HostFile file = parse_host_file("rank 1=b slot=0\nrank 0=a slot=1:0-2\nrank 2=a slot=3\n");
  CHECK(file.kind == HostFileKind::openmpi_rankfile);
  CHECK(file.host_of_rank == std::vector<std::string>{"a", "b", "a"});
  CHECK(file.cluster().slots() == 3);
  CHECK(refusal("rank 0=a slot=0\nrank 0=b slot=0\nrank 2=a slot=0\nrank x=a slot=0\nb\n") ==
        "f:2:1: rank 0 is placed twice\nf:4:1: rank x is not a number from 0 to 2147483647\n"
        "f:5:1: \"b\" is not of the form rank N=HOST slot=N\nf: rank 1 has no line");
}

TEST_CASE("a name that is no host name is refused in every form", "[host_file]") {
  for (const char* text : {"a:4,b:4", "gpu[1-9:2]", "a b", "a\nb c", "-a", "a,,b", "n[1-", "n[3-1]", "a!\n",
                           "a:4\nb/c:4\n", "a slots=1\nb;c slots=1\n", "rank 0=a!b slot=1\n",
                           "SLURM_JOB_NODELIST=a b\n", "SwitchName=s Nodes=a;b\n", "a\xc3\xa4"}) {
    INFO(text);
    CHECK_FALSE(refusal(text).empty());
  }
  CHECK(refusal("") == "f: names no hosts");
  CHECK(refusal("# nothing\n") == "f: names no hosts");
}

TEST_CASE("files that would take too much memory are refused", "[host_file]") {
  CHECK(refusal("a slots=65537\n") == "f:1:1: slots = 65537 is not a number from 1 to 65536");
  CHECK(refusal("n[1-1000] slots=65536\n") == "f: has more than 16777216 slots, the most that are read");
  CHECK(refusal("n[1-1000]:65536\n") == "f: has more than 16777216 slots, the most that are read");
  CHECK(refusal("SLURM_JOB_NODELIST=n\nSLURM_TASKS_PER_NODE=1(x9999999)\n") ==
        "f:2:1: SLURM_TASKS_PER_NODE = 9999999 is not a number from 1 to 1048576");
  // A minute under sanitizers.
  if (tests::one_case_in() > 1) return;
  std::string many;
  for (const char* letter : {"a", "b", "c", "d", "e", "f"}) many += std::string(letter) + "[1-1000000]\n";
  CHECK(refusal(many) == "f:5:1: the file names more than 4194304 hosts, the most that are read");
}

TEST_CASE("variables of a SLURM job", "[host_file]") {
  const HostFile file = parse_host_file(
      "SLURM_JOB_ID=7\nSLURM_JOB_NODELIST=n[1-3]\nSLURM_TASKS_PER_NODE=3,1(x2)\n"
      "SLURM_JOB_CPUS_PER_NODE=64(x3)\nSLURM_DISTRIBUTION=cyclic:block,NoPack\n");
  CHECK(file.hosts[0] == ListedHost{.name = "n1", .slots = 3, .cpus = 64});
  CHECK(file.host_of_rank == std::vector<std::string>{"n1", "n2", "n3", "n1", "n1"});
  CHECK(parse_host_file("SLURM_JOB_NODELIST=n[1-2]\nSLURM_TASKS_PER_NODE=2(x2)\n").host_of_rank ==
        std::vector<std::string>{"n1", "n1", "n2", "n2"});
  CHECK(
      parse_host_file("SLURM_JOB_NODELIST=n[1-2]\nSLURM_TASKS_PER_NODE=2(x2)\nSLURM_DISTRIBUTION=arbitrary\n"
                      "SLURM_ARBITRARY_NODELIST=n2,n1,n1,n2\n")
          .host_of_rank == std::vector<std::string>{"n2", "n1", "n1", "n2"});
  CHECK(refusal("SLURM_JOB_NODELIST=n[1-3]\nSLURM_TASKS_PER_NODE=2(x2)\nSLURM_NNODES=4\nSLURM_NTASKS=9\n") ==
        "f:2:1: SLURM_TASKS_PER_NODE = \"2(x2)\" is for 2 hosts, and the job has 3\n"
        "f:3:1: SLURM_NNODES = 4 contradicts the 3 hosts of \"n[1-3]\"");
  CHECK(refusal("SLURM_JOB_NODELIST=n[1-2]\nSLURM_TASKS_PER_NODE=2(x2)\nSLURM_NTASKS=9\nSLURM_DISTRIBUTION="
                "odd\n") ==
        "f:3:1: SLURM_NTASKS = 9 contradicts the 4 tasks of SLURM_TASKS_PER_NODE\n"
        "f:4:1: SLURM_DISTRIBUTION = odd is not block, cyclic, plane or arbitrary");
  CHECK(refusal("SLURM_JOB_NODELIST=n[1-2]\nSLURM_TASKS_PER_NODE=2x2\nSLURM_DISTRIBUTION=plane\n") ==
        "f:2:1: SLURM_TASKS_PER_NODE = 2x2 is not a number from 1 to 65536");
  CHECK(refusal("SLURM_NNODES=2\n") == "f: SLURM_JOB_NODELIST is missing: it names the hosts of the job");
}

TEST_CASE("topology.conf: trees of different depths, keys in any case, quotes", "[host_file]") {
  const HostFile file = parse_host_file(
      "switchname=top switches=a,mid LinkSpeed=100\nSwitchName=mid Switches=b\nSWITCHNAME=a "
      "NODES=\"n[1-2]\"\n"
      "SwitchName=b Nodes=n3\nSwitchName=alone Nodes=n4\n");
  CHECK(file.levels == std::vector<std::string>{"switch3", "switch2", "switch1"});
  CHECK(file.hosts[0].domains == std::vector<std::string>{"top", "", "a"});
  CHECK(file.hosts[2].domains == std::vector<std::string>{"top", "mid", "b"});
  const Cluster cluster = file.cluster(8);
  CHECK(cluster.slots() == 32);
  CHECK(cluster.domain_count(0) == 2);
  CHECK(cluster.domain_count(1) == 3);
  CHECK(cluster.domain_name(1, 0) == "a");
  CHECK(cluster.domain_name(0, 1) == "alone");
}

TEST_CASE("topology.conf: mistakes", "[host_file]") {
  CHECK(
      refusal(
          "SwitchName=a Nodes=n1\nSwitchName=a Nodes=n2\nSwitchName=b\nSwitchName=c Nodes=n3 Switches=a\n") ==
      "f:2:1: switch a is defined twice\nf:3:1: switch b has neither hosts nor switches\n"
      "f:4:1: switch c has both hosts and switches");
  CHECK(refusal("SwitchName=a Switches=x\nSwitchName=b Nodes=n1\nSwitchName=c Switches=b\nSwitchName=d "
                "Switches=b\n") ==
        "f:1:1: switch x is not defined\nf:4:1: switch b is below two switches, c and d");
  CHECK(refusal("SwitchName=a Switches=b\nSwitchName=b Switches=a\n") ==
        "f:1:1: switch a is below itself, or below more than 64 switches");
  CHECK(refusal("SwitchName=a Nodes=n1\nSwitchName=b Nodes=n1\n") ==
        "f:2:1: host n1 is in two domains, a and b");
  CHECK(refusal("BlockName=a Nodes=n[1-4]\nBlockName=b Nodes=n[5-6]\nBlockSizes=3,9\n") ==
        "f:2:1: block b has 2 hosts, fewer than the block size 3\n"
        "f:3:1: the block size 9 is not 2, 4, 8, ... times the size before it, 3");
  CHECK(refusal("BlockName=a Nodes=n1\nSwitchName=b Nodes=n2\n") ==
        "f: has both switches and blocks: a topology has one of them");
  CHECK(refusal("SwitchName=a Nodes=n1 Speed=3\nName=b\nSwitchName\n") ==
        "f:1:1: \"speed\" is no key of a line that begins with switchname\n"
        "f:2:1: \"name\" is no key of topology.conf: SwitchName, BlockName, BlockSizes or RingName begin "
        "a line\n"
        "f:3:1: \"switchname\" is not of the form KEY=VALUE");
}

TEST_CASE("blocks of blocks are a level where there are several", "[host_file]") {
  const HostFile file = parse_host_file(
      "BlockName=a Nodes=n[1-2]\nBlockName=b Nodes=n[3-4]\nBlockName=c Nodes=n[5-6]\nBlockName=d "
      "Nodes=n[7-8]\n"
      "BlockSizes=2,4,8\n");
  CHECK(file.levels == std::vector<std::string>{"block_of_4", "block"});
  CHECK(file.cluster().to_string() == "2 block_of_4s, 4 blocks, 8 nodes, 8 gpus");
  CHECK(file.cluster().is_uniform());
}

TEST_CASE("topology.yaml: the default, and mistakes", "[host_file]") {
  const HostFile file = parse_host_file(
      "- topology: t1\n  flat: true\n- topology: t2\n  cluster_default: True\n  block:\n    block_sizes: [1, "
      "2]\n"
      "    blocks:\n    - block: b1\n      nodes: n1\n    - {block: b2, nodes: 'n2'}\n");
  CHECK(file.kind == HostFileKind::slurm_topology_yaml);
  CHECK(file.levels == std::vector<std::string>{"block"});
  CHECK(names_of(file) == std::vector<std::string>{"n1", "n2"});
  CHECK(refusal("- topology: t\n  tree:\n    switches:\n      - switch: s\n        nodes: n1\n        color: "
                "red\n") == "f:6:1: \"color\" is no key of a switch: there are switch, children, nodes");
  CHECK(refusal("- topology: t\n  flat: true\n  tree: 3\n- 7\n") ==
        "f:1:1: topology t has several of tree, block, ring and flat\n"
        "f:4:1: is not a topology, which begins with topology: NAME");
  CHECK(refusal("- topology: t\n  block:\n    blocks: 3\n") == "f:3:1: t:block has no list blocks");
  // What is no YAML is refused in the words of its reader.
  CHECK(refusal("- {block: b1, nodes: node[01-02]}\n").find("f:1:26: is not YAML: ") == 0);
  CHECK(refusal("- a: 1\n\tb: 2\n") == "f:2:1: is not YAML: illegal tab when looking for indentation");
  CHECK(refusal("- a: 1\n   b: 2\n").find("f:2:5: is not YAML: ") == 0);
  CHECK(refusal("---\n- [a\n").find("is not YAML: ") != std::string::npos);
  CHECK(refusal("- topology: t\n  flat: true\n  flat: true\n") == "f:3:1: \"flat\" is given again");
  CHECK(refusal("- topology: t\n  flat: true\n---\n- 1\n") ==
        "f:4:1: begins a second document; a topology has one");
  // Anchors and aliases are YAML too.
  CHECK(names_of(parse_host_file("- topology: t\n  block:\n    blocks:\n    - {block: b1, nodes: &n n1}\n"
                                 "- topology: u\n  cluster_default: true\n  block:\n    blocks:\n"
                                 "    - {block: b2, nodes: *n}\n")) == std::vector<std::string>{"n1"});
}

TEST_CASE("clusters in TOML", "[host_file]") {
  const HostFile uniform = parse_host_file(
      "cluster = \"rack:8 node:18 gpu:4\"\nbandwidth_gb_s = [\"rack=50\", \"node=450.5\"]\nlatency_us = "
      "[\"rack=8\"]\n"
      "gpu = \"gb200\"\ngpu_memory_gib = 141.5\n");
  CHECK(uniform.cluster() == parse_cluster("rack:8 node:18 gpu:4"));
  CHECK(uniform.links == std::vector<LevelLink>{{"rack", 50.0, 8.0}, {"node", 450.5, {}}});
  CHECK(uniform.gpu == "GB200");
  CHECK(uniform.gpu_memory_gib == 141.5);
  const HostFile hosts = parse_host_file(
      "levels = [\"rack\"]\nhosts = [\"a[1-2] slots=8 rack=r1\", \"b rack=r2\"]\ngpu_memory_gib = 80\n");
  CHECK(hosts.cluster(4) == Cluster({"rack"}, {{"a1", 8, {"r1"}}, {"a2", 8, {"r1"}}, {"b", 4, {"r2"}}}));
  CHECK(hosts.gpu_memory_gib == 80.0);
  CHECK(hosts.gpu.empty());
  CHECK(parse_host_file("gpu = \"H200\"\ncluster = \"node:1 gpu:2\"\n").gpu == "H200");
  CHECK(refusal("cluster = \"node:1 gpu:2\"\ngpu = \"H1000\"\n") ==
        "f:2:1: gpu = H1000 is no GPU that is known; did you mean H100?");
  CHECK(refusal("cluster = \"node:1 gpu:2\"\ngpu = 100\n") == "f:2:1: gpu is no text such as \"H100\"");
  CHECK(refusal("cluster = \"node:0 gpu:2\"\nmemory = 3\ngpu_memory_gib = -1\nlatency_us = [\"x=3\", "
                "\"node=a\"]\n") ==
        "f:1:1: cluster: node = 0 is below 1; nearest: 1\n"
        "f:2:1: memory is no key of a cluster; there are cluster, levels, hosts, bandwidth_gb_s, latency_us, "
        "gpu, gpu_memory_gib\nf:3:1: gpu_memory_gib = -1 is not a number above 0\n"
        "f:4:1: latency_us: \"x=3\" is not of the form LEVEL=NUMBER with a level of the cluster\n"
        "f:4:1: latency_us of node = a is not a number above 0");
  CHECK(refusal("levels = [\"rack\"]\nhosts = [\"a\", \"a rack=r\", \"b slots=x rack=r q\"]\n") ==
        "f:2:1: a has no rack=NAME\nf:2:1: a is named twice\n"
        "f:2:1: slots = x is not a number from 1 to 65536\n"
        "f:2:1: \"q\" is neither slots=N nor LEVEL=NAME with one of the levels rack");
}
