#include "rankmesh/topology/invariants.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using rankmesh::BrokenInvariant;
using rankmesh::check_invariants;
using rankmesh::GroupKind;
using rankmesh::KindLists;
using rankmesh::Topology;

namespace {

using Ranks = std::vector<int>;
using Kinds = std::vector<GroupKind>;

const Topology& topology() {
  static const Topology t({.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true});
  return t;
}

/// The topology's lists, to be spoilt.
class Tampered {
 public:
  explicit Tampered(const Topology& of = topology()) : topology_(of), lists_(enumerate(of)) {}

  std::vector<KindLists>& lists() { return lists_; }
  std::vector<Ranks>& groups(GroupKind kind) {
    return std::find_if(lists_.begin(), lists_.end(), [&](const auto& l) { return l.kind == kind; })->groups;
  }
  [[nodiscard]] std::vector<BrokenInvariant> check() const { return check_invariants(topology_, lists_); }

 private:
  const Topology& topology_;
  std::vector<KindLists> lists_;
};

/// The report of an invariant on some kinds; fails the test if there is none.
BrokenInvariant report(const std::vector<BrokenInvariant>& broken, const std::string& invariant,
                       const Kinds& kinds) {
  const auto found = std::find_if(broken.begin(), broken.end(), [&](const BrokenInvariant& b) {
    return b.invariant == invariant && b.kinds == kinds;
  });
  std::string all;
  for (const BrokenInvariant& b : broken) all += b.invariant + ": " + b.message + "\n";
  INFO(all);
  REQUIRE(found != broken.end());
  return *found;
}

/// The distinct names of what is broken.
std::vector<std::string> names(const std::vector<BrokenInvariant>& broken) {
  std::vector<std::string> result;
  for (const BrokenInvariant& b : broken) result.push_back(b.invariant);
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace

TEST_CASE("enumerate makes every list of every kind in order", "[invariants]") {
  const auto lists = enumerate(Topology({.world_size = 4, .tensor = 2}));
  REQUIRE(lists.size() == 8);
  CHECK(lists[0] == KindLists{GroupKind::data, {{0, 2}, {1, 3}}});
  CHECK(lists[4] == KindLists{GroupKind::tensor, {{0, 1}, {2, 3}}});
  CHECK(lists[7] == KindLists{GroupKind::position_embedding, {{0}, {1}, {2}, {3}}});
}

TEST_CASE("a topology breaks no invariant", "[invariants]") {
  CHECK(check_invariants(topology()).empty());
  CHECK(Tampered().check().empty());
}

TEST_CASE("complete: a missing kind", "[invariants]") {
  Tampered t;
  t.lists().erase(t.lists().begin() + 4);
  const auto broken = t.check();
  CHECK(names(broken) == std::vector<std::string>{"complete"});
  CHECK(report(broken, "complete", {GroupKind::tensor}).message == "no lists of kind tensor");
}

TEST_CASE("complete: an unknown kind", "[invariants]") {
  Tampered t;
  t.lists().push_back({GroupKind("expert"), {{0}}});
  const auto broken = t.check();
  CHECK(names(broken) == std::vector<std::string>{"complete"});
  CHECK(report(broken, "complete", {GroupKind("expert")}).message == "the topology has no kind expert");
}

TEST_CASE("complete: a kind given twice", "[invariants]") {
  Tampered t;
  t.lists().push_back({GroupKind::tensor, {{0}}});
  const auto broken = t.check();
  CHECK(names(broken) == std::vector<std::string>{"complete"});
  CHECK(report(broken, "complete", {GroupKind::tensor}).message == "kind tensor is given more than once");
}

TEST_CASE("complete: groups that are merged", "[invariants]") {
  Tampered t;
  auto& groups = t.groups(GroupKind::tensor);
  groups[0].insert(groups[0].end(), groups[1].begin(), groups[1].end());
  groups.erase(groups.begin() + 1);
  const auto broken = t.check();
  CHECK(names(broken) == std::vector<std::string>{"complete"});
  CHECK(report(broken, "complete", {GroupKind::tensor}).message == "7 tensor groups, expected 8");
}

TEST_CASE("in_range: ranks outside the world", "[invariants]") {
  Tampered t;
  t.groups(GroupKind::data)[7][1] = 16;
  t.groups(GroupKind::data)[0][0] = -1;
  const auto broken = t.check();
  const auto found = report(broken, "in_range", {GroupKind::data});
  CHECK(found.ranks == Ranks{-1, 16});
  CHECK(found.message == "data groups hold ranks -1, 16, outside the world of 16");
  CHECK(broken.size() == 1);
}

TEST_CASE("partition: a rank held twice, another missing", "[invariants]") {
  Tampered t;
  t.groups(GroupKind::tensor)[0][1] = 2;
  const auto broken = t.check();
  const auto found = report(broken, "partition", {GroupKind::tensor});
  CHECK(found.ranks == Ranks{2, 1});
  CHECK(found.message == "tensor groups hold rank 2 more than once; no tensor group holds rank 1");
  // One mistake, one report.
  CHECK(broken.size() == 1);
}

TEST_CASE("partition: a kind that does not cover the world holds no rank twice", "[invariants]") {
  Tampered t;
  t.groups(GroupKind::embedding)[0] = {0, 0};
  CHECK(report(t.check(), "partition", {GroupKind::embedding}).ranks == Ranks{0});
}

TEST_CASE("at most eight ranks are reported", "[invariants]") {
  Tampered t;
  for (Ranks& group : t.groups(GroupKind::data)) group = {0, 2};
  const auto found = report(t.check(), "partition", {GroupKind::data});
  CHECK(found.ranks.size() == 8);
  CHECK(found.message ==
        "data groups hold ranks 0, 2, 0, 2, 0, 2, 0, 2, ... (14 ranks) more than once; no data group holds "
        "ranks 1, 3, 4, 5, 6, 7, 8, 9, ... (14 ranks)");
}

TEST_CASE("size: a dropped rank", "[invariants]") {
  Tampered t;
  t.groups(GroupKind::embedding)[1].pop_back();
  const auto broken = t.check();
  const auto found = report(broken, "size", {GroupKind::embedding});
  CHECK(found.ranks == Ranks{1});
  CHECK(found.message == "embedding group 1 [1] has 1 rank, expected 2");
  CHECK(broken.size() == 1);
}

TEST_CASE("size: groups of unequal size that still partition the world", "[invariants]") {
  Tampered t;
  auto& groups = t.groups(GroupKind::tensor);
  groups[0] = {0, 1, 2};
  groups[1] = {3};
  const auto broken = t.check();
  CHECK(report(broken, "size", {GroupKind::tensor}).ranks == Ranks{0, 1, 2});
}

TEST_CASE("size: an empty group", "[invariants]") {
  Tampered t;
  t.groups(GroupKind::embedding)[2].clear();
  CHECK(report(t.check(), "size", {GroupKind::embedding}).message ==
        "embedding group 2 [] has 0 ranks, expected 2");
}

TEST_CASE("coordinates: two ranks swapped between groups", "[invariants]") {
  Tampered t;
  auto& groups = t.groups(GroupKind::pipeline);
  std::swap(groups[0][1], groups[1][1]);
  const auto broken = t.check();
  const auto found = report(broken, "coordinates", {GroupKind::pipeline});
  CHECK(found.ranks == Ranks{0, 5});
  CHECK(found.message == "pipeline group 0 [0, 5, 8, 12] varies along tp: ranks 0, 5");
}

TEST_CASE("coordinates: members in the wrong order", "[invariants]") {
  Tampered t;
  auto& group = t.groups(GroupKind::data)[2];
  std::swap(group[0], group[1]);
  const auto broken = t.check();
  CHECK(names(broken) == std::vector<std::string>{"coordinates"});
  const auto found = report(broken, "coordinates", {GroupKind::data});
  CHECK(found.ranks == Ranks{6, 4});
  CHECK(found.message == "data group 2 [6, 4] is not in the order of the mesh");
}

TEST_CASE("closed_form: groups in the wrong order", "[invariants]") {
  Tampered t;
  auto& groups = t.groups(GroupKind::data);
  std::swap(groups[0], groups[1]);
  const auto broken = t.check();
  CHECK(names(broken) == std::vector<std::string>{"closed_form"});
  const auto found = report(broken, "closed_form", {GroupKind::data});
  CHECK(found.ranks == Ranks{1, 3});
  CHECK(found.message ==
        "the lists of kind data are not those of its formula: data group 0 is [1, 3], expected [0, 2]");
}

TEST_CASE("orthogonal: groups of two kinds that meet in more than one rank", "[invariants]") {
  Tampered t;
  // Tensor group 0 gets the two members of data group 0.
  t.groups(GroupKind::tensor)[0] = {0, 2};
  t.groups(GroupKind::tensor)[1] = {1, 3};
  const auto broken = t.check();
  const auto found = report(broken, "orthogonal", {GroupKind::data, GroupKind::tensor});
  CHECK(found.ranks == Ranks{0, 2});
  CHECK(found.message == "data group 0 and tensor group 0 share ranks 0, 2, and may share one at most");
}

TEST_CASE("nested: a group that straddles groups of the wider kind", "[invariants]") {
  Tampered t;
  t.groups(GroupKind::tensor)[0] = {0, 2};
  t.groups(GroupKind::tensor)[1] = {1, 3};
  const auto found = report(t.check(), "nested", {GroupKind::tensor, GroupKind::model});
  CHECK(found.ranks == Ranks{0, 2});
  CHECK(found.message == "tensor group 0 [0, 2] lies in more than one model group: ranks 0, 2");
}

TEST_CASE("derived: a member that is not of the group picked from", "[invariants]") {
  Tampered t;
  auto& groups = t.groups(GroupKind::embedding);
  std::swap(groups[0][1], groups[3][1]);
  const auto found = report(t.check(), "derived", {GroupKind::embedding, GroupKind::pipeline});
  CHECK(found.ranks == Ranks{15});
  CHECK(found.message == "embedding group 0 holds rank 15, which is not in pipeline group 0");
}

TEST_CASE("closed_form: another member picked from the right group", "[invariants]") {
  Tampered t;
  t.groups(GroupKind::embedding)[0] = {0, 8};
  CHECK(report(t.check(), "closed_form", {GroupKind::embedding}).ranks == Ranks{0, 8});
}

TEST_CASE("derived: parts of other groups, and groups joined in another order", "[invariants]") {
  static const Topology instances({.world_size = 16,
                                   .tensor = 2,
                                   .pipeline = 2,
                                   .convention = rankmesh::Convention::megatron_core,
                                   .optimizer_instances = 2});
  CHECK(check_invariants(instances).empty());
  const GroupKind part("intra_data_context");
  Tampered parts(instances);
  std::swap(parts.groups(part)[0], parts.groups(part)[2]);
  const auto in_other = report(parts.check(), "derived", {part, GroupKind("data_context")});
  CHECK(in_other.message == "intra_data_context group 0 holds rank 1, which is not in data_context group 0");

  const GroupKind joined("intra_optimizer_instance");
  Tampered sorted(instances);
  auto& groups = sorted.groups(joined);
  std::sort(groups[0].begin(), groups[0].end());
  const auto found = report(sorted.check(), "derived", {joined, GroupKind("tensor_expert_pipeline")});
  CHECK(
      found.message ==
      "intra_optimizer_instance group 0 [0, 1, 2, 3, 8, 9, 10, 11] is not the tensor_expert_pipeline groups "
      "joined, [0, 1, 8, 9, 2, 3, 10, 11]");

  Tampered small(instances);
  small.groups(joined)[0].pop_back();
  CHECK(report(small.check(), "partition", {joined}).message ==
        "no intra_optimizer_instance group holds rank 11");
}

TEST_CASE("the ranks of a placed layout are checked at their place in the job", "[invariants]") {
  static const Topology placed(
      {.world_size = 8, .tensor = 2, .convention = rankmesh::Convention::megatron_core, .rank_offset = 3});
  CHECK(check_invariants(placed).empty());
  Tampered t(placed);
  t.groups(GroupKind::tensor)[0] = {3, 5};
  t.groups(GroupKind::tensor)[1] = {4, 6};
  CHECK(report(t.check(), "coordinates", {GroupKind::tensor}).message ==
        "tensor group 0 [3, 5] varies along dp: ranks 3, 5");
}

TEST_CASE("lists of another topology break invariants", "[invariants]") {
  const auto others = enumerate(Topology({.world_size = 16, .tensor = 4, .pipeline = 2, .fp8 = true}));
  CHECK_FALSE(check_invariants(topology(), others).empty());
  CHECK(check_invariants(topology(), {}).size() == topology().kinds().size());
}
