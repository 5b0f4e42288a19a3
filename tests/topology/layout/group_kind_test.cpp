#include "rankmesh/topology/group_kind.hpp"

#include <string>

#include "support/catch.hpp"

using rankmesh::GroupKind;

static_assert(GroupKind::data.name() == "data");
static_assert(GroupKind("data") == GroupKind::data);
static_assert(GroupKind::data < GroupKind::tensor);
static_assert(std::is_trivially_copyable_v<GroupKind>);

TEST_CASE("the kinds of the reference have their names", "[group_kind]") {
  CHECK(GroupKind::data.name() == "data");
  CHECK(GroupKind::sequence.name() == "sequence");
  CHECK(GroupKind::sequence_data.name() == "sequence_data");
  CHECK(GroupKind::model.name() == "model");
  CHECK(GroupKind::tensor.name() == "tensor");
  CHECK(GroupKind::pipeline.name() == "pipeline");
  CHECK(GroupKind::embedding.name() == "embedding");
  CHECK(GroupKind::position_embedding.name() == "position_embedding");
  CHECK(GroupKind::amax.name() == "amax");
}

TEST_CASE("kinds are values, equal by name and ordered alphabetically", "[group_kind]") {
  CHECK(GroupKind("expert_2") == GroupKind("expert_2"));
  CHECK(GroupKind("expert") != GroupKind("expert_2"));
  CHECK(GroupKind("expert") < GroupKind("expert_2"));
  CHECK(GroupKind("sequence") < GroupKind("sequence_data"));
  CHECK(GroupKind("tensor") > GroupKind("sequence_data"));
}

TEST_CASE("a name has 1 to 31 lower-case letters, digits and underscores, the first a letter",
          "[group_kind]") {
  const std::string longest(GroupKind::max_length, 'a');
  for (const std::string& name : {longest, std::string("a"), std::string("z9_")}) {
    const GroupKind kind(name);
    CHECK(kind.name() == name);
  }

  for (const std::string& bad : {std::string(), longest + "a", std::string("Data"), std::string("dAta"),
                                 std::string("9a"), std::string("_a"), std::string("a b"), std::string("a-b"),
                                 std::string("a\0b", 3), std::string("\xc3")}) {
    INFO(bad);
    CHECK_FALSE(GroupKind::is_valid(bad));
    CHECK_THROWS_AS(GroupKind(bad), rankmesh::RangeError);
  }
  CHECK_THROWS_WITH(
      GroupKind("Data"),
      "\"Data\" cannot name a kind of group: 1 to 31 lower-case letters, digits and underscores "
      "are allowed, the first a letter");
}
