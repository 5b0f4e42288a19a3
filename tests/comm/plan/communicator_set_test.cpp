#include "rankmesh/comm/communicator_set.hpp"

#include <stdexcept>
#include <vector>

#include "rankmesh/comm/list_config.hpp"
#include "rankmesh/comm/unique_handle.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

std::vector<int> freed;

struct Traits {
  using Native = int;
  static int empty() noexcept { return -1; }
  static void destroy(int native, bool) noexcept { freed.push_back(native); }
};
using Handle = UniqueHandle<Traits>;
using Set = CommunicatorSet<Handle>;

/// Makes handle 100 * step + group, and none where the rank has no group.
Handle make(const RankStep& step) {
  if (!step.group) return {};
  return Handle::from_native_handle(static_cast<int>(100 * step.step) + *step.group);
}

CommunicatorPlan example() {
  return CommunicatorPlan(Topology({.world_size = 16, .tensor = 2, .pipeline = 4, .fp8 = true}));
}

}  // namespace

TEST_CASE("a set hands out the communicator of the step that makes a kind") {
  const Set set(example(), 5, make);
  // Steps: data and sequence_data, model, tensor, pipeline, embedding, amax.
  const auto data = set.at(GroupKind::data);
  CHECK(data.group == 3);
  CHECK(data.position == 0);
  CHECK(data.size == 2);
  CHECK(data.native() == 3);
  CHECK(set.at(GroupKind::sequence_data).native() == 3);
  CHECK(set.at(GroupKind::tensor).native() == 202);
  CHECK(set.at(GroupKind::pipeline).native() == 301);
  CHECK(set.communicator_count() == 5);
}

TEST_CASE("neighbours in a group end where the group ends") {
  std::vector<std::vector<std::optional<int>>> neighbours;
  for (const int rank : {1, 5, 9, 13}) {
    const Set set(example(), rank, make);
    const auto pipeline = set.at(GroupKind::pipeline);
    neighbours.push_back({pipeline.previous(), pipeline.next()});
  }
  CHECK(neighbours ==
        std::vector<std::vector<std::optional<int>>>{{std::nullopt, 1}, {0, 2}, {1, 3}, {2, std::nullopt}});
  // Groups of one rank, and a rank in no group.
  const Set set(example(), 5, make);
  for (const GroupKind kind : {GroupKind::sequence, GroupKind::embedding}) {
    const auto alone = set.at(kind);
    CHECK(alone.next() == std::nullopt);
    CHECK(alone.previous() == std::nullopt);
  }
}

TEST_CASE("a group of one has no communicator, a rank outside has no group, and both say so") {
  const Set set(example(), 5, make);
  const auto sequence = set.at(GroupKind::sequence);
  CHECK(sequence.is_member());
  CHECK_FALSE(sequence.has_communicator());
  CHECK_THROWS_WITH(sequence.native(),
                    "there is no sequence communicator on this rank: its group has one member; "
                    "ask has_communicator() first, or set groups_of_one");
  const auto embedding = set.at(GroupKind::embedding);
  CHECK_FALSE(embedding.is_member());
  CHECK_FALSE(embedding.has_communicator());
  CHECK_THROWS_WITH(embedding.native(),
                    "there is no embedding communicator on this rank: it is in no group of this "
                    "kind; ask is_member() first");
  CHECK_THROWS_AS(set.at(GroupKind("unheard_of")), RangeError);
}

TEST_CASE("communicators are freed in the reverse order of creation") {
  freed.clear();
  { const Set set(example(), 0, make); }
  CHECK(freed == std::vector<int>{500, 400, 300, 200, 100, 0});
}

TEST_CASE("clear frees everything once") {
  freed.clear();
  {
    Set set(example(), 0, make);
    set.clear();
    CHECK(freed.size() == 6);
    CHECK_THROWS_WITH(set.at(GroupKind::data), "the communicators are closed");
  }
  CHECK(freed.size() == 6);
}

TEST_CASE("a moved-from set frees nothing, an assigned one frees what it had first") {
  freed.clear();
  {
    Set first(example(), 0, make);
    Set second = std::move(first);
    CHECK(freed.empty());
    CHECK(first.is_cleared());
    CHECK(first.communicator_count() == 0);
    CHECK(first.natives().empty());
    CHECK_THROWS_WITH(first.at(GroupKind::tensor), "the communicators are closed");
    Set third(example(), 15, make);
    third = std::move(second);
    CHECK(freed == std::vector<int>{503, 403, 303, 207, 101, 7});
    freed.clear();
  }
  CHECK(freed == std::vector<int>{500, 400, 300, 200, 100, 0});
}

TEST_CASE("a maker that fails half-way leaves nothing behind") {
  freed.clear();
  const auto fail_at_third = [](const RankStep& step) {
    if (step.step == 2) throw std::runtime_error("no more");
    return make(step);
  };
  CHECK_THROWS_WITH(Set(example(), 0, fail_at_third), "no more");
  CHECK(freed == std::vector<int>{100, 0});
}

TEST_CASE("a released communicator is not freed, and is gone for all kinds that shared it") {
  freed.clear();
  {
    Set set(example(), 5, make);
    Handle own = set.release(GroupKind::sequence_data);
    CHECK(own.native() == 3);
    CHECK_THROWS_WITH(set.at(GroupKind::data), "the data communicator was released");
    CHECK_THROWS_AS(set.release(GroupKind::data), StateError);
    CHECK(set.natives() == std::vector<int>{100, 202, 301, 501});
    CHECK_THROWS_AS(set.release(GroupKind::sequence), StateError);   // a group of one
    CHECK_THROWS_AS(set.release(GroupKind::embedding), StateError);  // in no group
    set.clear();
    CHECK(set.natives().empty());
    CHECK(freed == std::vector<int>{501, 301, 202, 100});
    CHECK(own.release() == 3);
  }
  CHECK(freed.size() == 4);
}

TEST_CASE("communicators made elsewhere are taken over, by any of the kinds that share them") {
  freed.clear();
  const auto right = [](int native, const RankStep& step, const RankList& members) {
    CHECK(members.size() == step.size);
    return native == static_cast<int>(100 * step.step) + *step.group ? std::string()
                                                                     : std::string("is wrong");
  };
  {
    const Set set = adopt_communicators<Handle>(example(), 5,
                                                {{GroupKind::sequence_data, 3},
                                                 {GroupKind::model, 100},
                                                 {GroupKind::tensor, 202},
                                                 {GroupKind::pipeline, 301},
                                                 {GroupKind::amax, 501}},
                                                right);
    CHECK(set.at(GroupKind::data).native() == 3);
    CHECK(set.at(GroupKind::amax).native() == 501);
    CHECK_FALSE(set.at(GroupKind::embedding).has_communicator());
  }
  CHECK(freed == std::vector<int>{501, 301, 202, 100, 3});
}

TEST_CASE("communicators that do not fit are refused with everything that is wrong, and none is taken over") {
  freed.clear();
  const auto wrong = [](int, const RankStep& step, const RankList&) {
    return step.kind == GroupKind::tensor ? std::string("is wrong") : std::string();
  };
  const auto adopt = [&] {
    return adopt_communicators<Handle>(example(), 5,
                                       {{GroupKind::data, 3},
                                        {GroupKind::sequence_data, 3},
                                        {GroupKind::tensor, 7},
                                        {GroupKind::sequence, 8},
                                        {GroupKind::embedding, 9}},
                                       wrong);
  };
  CHECK_THROWS_WITH(adopt(),
                    "the communicators given do not fit the plan of rank 5:\n"
                    "  embedding: this rank needs no communicator\n"
                    "  sequence: this rank needs no communicator\n"
                    "  sequence_data: shares its communicator with data; give one\n"
                    "  model: no communicator is given\n"
                    "  tensor: is wrong\n"
                    "  pipeline: no communicator is given\n"
                    "  amax: no communicator is given");
  CHECK(freed.empty());
  CHECK_THROWS_AS(adopt_communicators<Handle>(example(), 5, {{GroupKind("unheard_of"), 1}}, wrong),
                  RangeError);
}

TEST_CASE("a view says why it has no communicator") {
  const CommunicatorPlan plan(
      Topology({.world_size = 8, .pipeline = 4}),
      {.only = {GroupKind::data, GroupKind::tensor, GroupKind::embedding}, .lazy = {GroupKind::embedding}});
  Set set(plan, 0, make);
  CHECK(set.at("data").absence == Absence::none);
  CHECK(set.at("dp").kind == GroupKind::data);
  CHECK_THROWS_WITH(set.at("tensor").native(), ContainsSubstring("its group has one member"));
  CHECK_THROWS_WITH(set.at("pp").native(),
                    "there is no pipeline communicator on this rank: the option only "
                    "leaves this kind out");
  CHECK_THROWS_WITH(set.at("embedding").native(),
                    "there is no embedding communicator on this rank: it is made later, when all members of "
                    "the group call make");
  const Set outside(plan, 2, make);
  CHECK(outside.at("embedding").absence == Absence::in_no_group);
  CHECK_THROWS_AS(set.add("data", Handle()), StateError);
  set.add("embedding", Handle::from_native_handle(77));
  CHECK(set.at("embedding").native() == 77);
  CHECK(set.natives() == std::vector<int>{0, 77});
  CHECK_THROWS_AS(set.add("embedding", Handle()), StateError);
  freed.clear();
  set.clear();
  CHECK(freed == std::vector<int>{77, 0});
}

TEST_CASE("a communicator is found by its members in their order") {
  Set set(example(), 4, make);
  const std::vector<int> pipeline{0, 4, 8, 12};
  CHECK(set.at_list(pipeline).kind == GroupKind::pipeline);
  CHECK(set.at_list(pipeline).position == 1);
  CHECK(set.at_list(pipeline).native() == set.at(GroupKind::pipeline).native());
  const std::vector<int> other_order{4, 0, 8, 12};
  const auto missing = set.at_list(other_order);
  CHECK(missing.absence == Absence::not_made);
  CHECK(missing.size == 4);
  CHECK(missing.position == 0);
  set.add_list(other_order, Handle::from_native_handle(88));
  CHECK(set.at_list(other_order).native() == 88);
  CHECK(set.at_list(other_order).kind == GroupKind("group"));
  static_cast<void>(set.release(GroupKind::pipeline).release());
  CHECK(set.at_list(pipeline).absence == Absence::not_made);
}

TEST_CASE("a list of ranks is checked before anyone communicates") {
  const auto check = [](const std::vector<int>& ranks) { check_members(ranks, 1, 4); };
  CHECK_NOTHROW(check({3, 1}));
  CHECK_THROWS_WITH(check({}), "the list of ranks is empty");
  CHECK_THROWS_WITH(check({1, 4}), "the list of ranks has rank 4, but the ranks are 0 .. 3");
  CHECK_THROWS_WITH(check({-1, 1}), "the list of ranks has rank -1, but the ranks are 0 .. 3");
  CHECK_THROWS_WITH(check({1, 2, 1}), "the list of ranks has rank 1 twice");
  CHECK_THROWS_WITH(check({0, 2}),
                    "the list of ranks lacks rank 1, which asks for the group: only its members "
                    "make it");
}
