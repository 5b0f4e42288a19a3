// Conventions that are tables: random sizes, against lists made the slow way, by loops over coordinates.

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rankmesh/topology/convention_table.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"
#include "support/generators.hpp"
#include "support/lists.hpp"

using namespace rankmesh;
using rankmesh::tests::Lists;
using rankmesh::tests::lists_of;

namespace {

using Sizes = std::map<std::string, int>;
using Coordinates = std::map<std::string, int>;
using Names = std::vector<std::string>;

int some_size() {
  return *rc::gen::inRange(1, 5);
}

/// A divisor of a number.
int some_divisor(int number) {
  int divisor = number;
  for (int candidate = 1; candidate <= number; ++candidate) {
    if (number % candidate == 0 && *rc::gen::inRange(0, 3) == 0) divisor = candidate;
  }
  return divisor;
}

/// Every combination of coordinates, the first axis the fastest.
void for_each_coordinates(const Names& axes, const Sizes& sizes,
                          const std::function<void(Coordinates&)>& visit) {
  Coordinates at;
  for (const std::string& axis : axes) at[axis] = 0;
  while (true) {
    visit(at);
    std::size_t i = 0;
    while (i < axes.size() && ++at[axes[i]] == sizes.at(axes[i])) at[axes[i++]] = 0;
    if (i == axes.size()) return;
  }
}

/// The groups in which some axes vary, the first of them the fastest, numbered by the others, the first of
/// them the fastest.
/// @param order the axes of the mesh, the first the fastest
Lists groups(const Names& order, const Sizes& sizes, const Names& varying, const Names& numbering) {
  Lists result;
  for_each_coordinates(numbering, sizes, [&](Coordinates& group) {
    std::vector<int>& ranks = result.emplace_back();
    for_each_coordinates(varying, sizes, [&](Coordinates& member) {
      int rank = 0;
      int stride = 1;
      for (const std::string& axis : order) {
        rank += stride * (group.count(axis) > 0 ? group.at(axis) : member.at(axis));
        stride *= sizes.at(axis);
      }
      ranks.push_back(rank);
    });
  });
  return result;
}

/// The same, numbered in the order of the mesh.
Lists groups(const Names& order, const Sizes& sizes, const Names& varying) {
  Names others;
  for (const std::string& axis : order) {
    if (std::find(varying.begin(), varying.end(), axis) == varying.end()) others.push_back(axis);
  }
  return groups(order, sizes, varying, others);
}

/// Blocks of consecutive ranks, or of the members of other groups.
Lists pieces(const Lists& whole, int size) {
  Lists result;
  for (const std::vector<int>& ranks : whole) {
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      if (i % static_cast<std::size_t>(size) == 0) result.emplace_back();
      result.back().push_back(ranks[i]);
    }
  }
  return result;
}

Lists world_of(int size) {
  return groups({"rank"}, {{"rank", size}}, {"rank"});
}

/// The lists of a layout of a table.
std::map<std::string, Lists> lists_of_table(const std::string& name, int world_size, const Sizes& sizes) {
  ConventionValues values{.world_size = world_size};
  for (const auto& [size, value] : sizes) values.sizes[size] = std::to_string(value);
  RC_LOG() << name << " " << world_size << std::endl;
  for (const auto& [size, value] : values.sizes) RC_LOG() << size << "=" << value << std::endl;
  const Topology topology(layout_of(*find_convention_table(name), values));
  std::map<std::string, Lists> result;
  for (const KindFamily& kind : topology.kinds())
    result[std::string(kind.kind.name())] = lists_of(kind.family);
  return result;
}

}  // namespace

TEST_CASE("vLLM: arrays of ranks with two axes exchanged", "[property]") {
  CHECK(rc::check("vllm", [] {
    const Names mesh{"tp", "pcp", "pp", "dp", "external_dp"};
    Sizes sizes;
    int world = 1;
    for (const std::string& axis : mesh) world *= sizes[axis] = some_size();
    const int dcp = some_divisor(sizes["tp"] * sizes["pcp"]);
    Sizes given = sizes;
    given["dcp"] = dcp;
    auto lists = lists_of_table("vllm", world, given);
    RC_ASSERT(lists["tp"] == groups(mesh, sizes, {"tp"}));
    RC_ASSERT(lists["pcp"] == groups(mesh, sizes, {"pcp"}));
    RC_ASSERT(lists["pp"] == groups(mesh, sizes, {"pp"}, {"pcp", "tp", "dp", "external_dp"}));
    RC_ASSERT(lists["dp"] == groups(mesh, sizes, {"dp"}, {"pcp", "pp", "tp", "external_dp"}));
    RC_ASSERT(lists["ep"] == groups(mesh, sizes, {"tp", "pcp", "dp"}));
    const Lists lanes = groups(mesh, sizes, {"pcp", "tp"}, {"pp", "dp", "external_dp"});
    RC_ASSERT(lists["dcp"] == (dcp == 1 ? pieces(world_of(world), 1) : pieces(lanes, dcp)));
  }));
}

TEST_CASE("SGLang: attention and experts in meshes of their own", "[property]") {
  CHECK(rc::check("sglang", [] {
    const int attn_dp = some_size();
    const int attn_cp = some_size();
    const int tp = attn_dp * attn_cp * some_size();
    const int moe_dp = some_divisor(tp);
    const int moe_ep = some_divisor(tp / moe_dp);
    const int dcp = some_divisor(tp);
    const int shared = some_divisor(tp);
    const int pp = some_size();
    auto lists = lists_of_table("sglang", tp * pp,
                                {{"tp", tp},
                                 {"pp", pp},
                                 {"attn_dp", attn_dp},
                                 {"attn_cp", attn_cp},
                                 {"moe_dp", moe_dp},
                                 {"moe_ep", moe_ep},
                                 {"dcp", dcp},
                                 {"shared", shared}});
    const Names attention{"attn_tp", "attn_cp", "attn_dp", "pp"};
    const Sizes of_attention{
        {"attn_tp", tp / attn_dp / attn_cp}, {"attn_cp", attn_cp}, {"attn_dp", attn_dp}, {"pp", pp}};
    const Names experts{"moe_tp", "moe_ep", "moe_dp", "pp"};
    const Sizes of_experts{
        {"moe_tp", tp / moe_dp / moe_ep}, {"moe_ep", moe_ep}, {"moe_dp", moe_dp}, {"pp", pp}};
    RC_ASSERT(lists["tp"] == pieces(world_of(tp * pp), tp));
    RC_ASSERT(lists["pp"] == groups(attention, of_attention, {"pp"}));
    RC_ASSERT(lists["attn_tp"] == groups(attention, of_attention, {"attn_tp"}));
    RC_ASSERT(lists["attn_cp"] == groups(attention, of_attention, {"attn_cp"}));
    RC_ASSERT(lists["moe_tp"] == groups(experts, of_experts, {"moe_tp"}));
    RC_ASSERT(lists["moe_ep"] == groups(experts, of_experts, {"moe_ep"}));
    RC_ASSERT(lists["moe_dp"] ==
              (attn_cp > moe_dp ? lists["attn_cp"] : groups(experts, of_experts, {"moe_dp"})));
    RC_ASSERT((lists.count("dcp") == 1) == (dcp > 1));
    if (dcp > 1) RC_ASSERT(lists["dcp"] == pieces(world_of(tp * pp), dcp));
    RC_ASSERT((lists.count("shared_experts_tp") == 1) == (shared > 1));
    if (shared > 1) RC_ASSERT(lists["shared_experts_tp"] == pieces(world_of(tp * pp), shared));
  }));
}

TEST_CASE("TensorRT-LLM: with ULYSSES the first ranks alone have groups of experts", "[property]") {
  CHECK(rc::check("tensorrt-llm", [] {
    const Names mesh{"cp", "tp", "pp"};
    Sizes sizes{{"cp", some_size()}, {"tp", some_size()}, {"pp", some_size()}};
    const bool is_helix = *rc::gen::arbitrary<bool>();
    const int stage = is_helix ? sizes["tp"] * sizes["cp"] : sizes["tp"];
    const int moe_ep = some_divisor(stage);
    const int moe_cluster = some_divisor(stage / moe_ep);
    const int world = sizes["cp"] * sizes["tp"] * sizes["pp"];
    ConventionValues values{.world_size = world,
                            .sizes = {{"tp_size", std::to_string(sizes["tp"])},
                                      {"cp_size", std::to_string(sizes["cp"])},
                                      {"pp_size", std::to_string(sizes["pp"])},
                                      {"cp_type", is_helix ? "HELIX" : "ULYSSES"},
                                      {"moe_ep_size", std::to_string(moe_ep)},
                                      {"moe_cluster_size", std::to_string(moe_cluster)}}};
    const Topology topology(layout_of(*find_convention_table("tensorrt-llm"), values));
    const auto of = [&](const char* kind) { return lists_of(topology.family(GroupKind(kind))); };
    RC_ASSERT(of("cp") == groups(mesh, sizes, {"cp"}));
    RC_ASSERT(of("tp") == groups(mesh, sizes, {"tp"}));
    RC_ASSERT(of("pp") == groups(mesh, sizes, {"pp"}));
    const Names experts{"ep", "cluster", "tp", "pp"};
    const Sizes of_experts{
        {"ep", moe_ep}, {"cluster", moe_cluster}, {"tp", stage / moe_ep / moe_cluster}, {"pp", sizes["pp"]}};
    RC_ASSERT(of("moe_ep") == groups(experts, of_experts, {"ep"}));
    RC_ASSERT(of("moe_cluster") == groups(experts, of_experts, {"ep", "cluster"}));
    RC_ASSERT(of("moe_tp") == groups(experts, of_experts, {"tp"}));
  }));
}

TEST_CASE("Megatron-Bridge: optimizer instances split the replicas of the experts alone", "[property]") {
  CHECK(rc::check("megatron-bridge", [] {
    Sizes experts{{"tp", some_size()},
                  {"ep", some_size()},
                  {"inner", some_size()},
                  {"outer", some_size()},
                  {"pp", some_size()}};
    const int stage = experts["tp"] * experts["ep"] * experts["inner"] * experts["outer"];
    const int tp = some_divisor(stage);
    const int cp = some_divisor(stage / tp);
    const Sizes dense{{"tp", tp}, {"cp", cp}, {"dp", stage / tp / cp}, {"pp", experts["pp"]}};
    auto lists = lists_of_table("megatron-bridge", stage * experts["pp"],
                                {{"tp", tp},
                                 {"cp", cp},
                                 {"pp", experts["pp"]},
                                 {"ep", experts["ep"]},
                                 {"etp", experts["tp"]},
                                 {"optimizer_instances", experts["outer"]}});
    const Names mesh{"tp", "cp", "dp", "pp"};
    const Names expert_mesh{"tp", "ep", "inner", "outer", "pp"};
    RC_ASSERT(lists["mp"] == groups(mesh, dense, {"tp", "pp"}));
    RC_ASSERT(lists["tp_dp_cp"] == groups(mesh, dense, {"tp", "cp", "dp"}));
    RC_ASSERT(lists["intra_dp_cp"] == groups(mesh, dense, {"cp", "dp"}));
    Lists ends;
    for (const std::vector<int>& ranks : groups(mesh, dense, {"pp"})) {
      ends.push_back({ranks.front()});
      if (ranks.size() > 1) ends.back().push_back(ranks.back());
    }
    RC_ASSERT(lists["embd"] == ends);
    RC_ASSERT(lists["expt_dp"] == groups(expert_mesh, experts, {"inner", "outer"}));
    RC_ASSERT(lists["intra_expt_dp"] == groups(expert_mesh, experts, {"inner"}));
    RC_ASSERT(lists["inter_dist_opt"] == groups(expert_mesh, experts, {"outer"}));
    RC_ASSERT(lists["intra_dist_opt"] == groups(expert_mesh, experts, {"tp", "ep", "inner", "pp"}));
  }));
}

TEST_CASE("DeepSpeed: the process topology, and blocks of consecutive ranks", "[property]") {
  CHECK(rc::check("deepspeed", [] {
    const Names mesh{"model", "data", "pipe"};
    Sizes sizes{{"model", some_size()}, {"data", some_size()}, {"pipe", some_size()}};
    const int world = sizes["model"] * sizes["data"] * sizes["pipe"];
    const int shard = some_divisor(world);
    const int devices = some_divisor(world);
    Sizes given = sizes;
    given["zero_hpz_partition_size"] = shard;
    given["devices_per_node"] = devices;
    auto lists = lists_of_table("deepspeed", world, given);
    RC_ASSERT(lists["ds_model"] == groups(mesh, sizes, {"model", "pipe"}));
    RC_ASSERT(lists["data"] == groups(mesh, sizes, {"data"}));
    RC_ASSERT(lists["pipe"] == groups(mesh, sizes, {"pipe"}));
    RC_ASSERT(lists["model"] == groups(mesh, sizes, {"model"}));
    RC_ASSERT(lists["zero_param_intra"] == pieces(world_of(world), shard));
    RC_ASSERT(lists["local_all_to_all"] == pieces(world_of(world), devices));
    const bool has_nodes = world > devices;
    RC_ASSERT((lists.count("local_all_to_all_across") == 1) == has_nodes);
    if (has_nodes) {
      RC_ASSERT(lists["local_all_to_all_across"] ==
                groups({"device", "node"}, {{"device", devices}, {"node", world / devices}}, {"node"}));
    }
  }));
}

TEST_CASE("xDiT: the ranks of a sequence, and rings that ignore tensor parallelism", "[property]") {
  CHECK(rc::check("xdit", [] {
    const Names mesh{"tp", "sp", "pp", "cfg", "dp"};
    const int ulysses = some_size();
    const int ring = some_size();
    Sizes sizes{{"tp", some_size()},
                {"sp", ulysses * ring},
                {"pp", some_size()},
                {"cfg", *rc::gen::inRange(1, 3)},
                {"dp", some_size()}};
    const int world = sizes["tp"] * sizes["sp"] * sizes["pp"] * sizes["cfg"] * sizes["dp"];
    const int shard = some_divisor(world);
    auto lists = lists_of_table("xdit", world,
                                {{"tensor", sizes["tp"]},
                                 {"ulysses", ulysses},
                                 {"ring", ring},
                                 {"pipefusion", sizes["pp"]},
                                 {"cfg", sizes["cfg"]},
                                 {"dp", sizes["dp"]},
                                 {"fully_shard", shard}});
    for (const std::string& axis : mesh) RC_ASSERT(lists[axis] == groups(mesh, sizes, {axis}));
    RC_ASSERT(lists["model_replica"] == groups(mesh, sizes, {"tp", "sp", "pp", "cfg"}));
    RC_ASSERT(lists["fs"] == pieces(world_of(world), shard));
    RC_ASSERT(lists["ulysses"] == pieces(world_of(world), ulysses));
    const Sizes rings{{"ulysses", ulysses}, {"ring", ring}, {"rest", world / ulysses / ring}};
    RC_ASSERT(lists["ring"] == groups({"ulysses", "ring", "rest"}, rings, {"ring"}));
  }));
}
