#include <type_traits>

#include "rankmesh/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;

namespace {

/// Whether a call is allowed on an object with a name and refused, when compiled, on a temporary. The first
/// half fails for a misspelt call, which no object allows.
template <typename T, typename Call>
constexpr bool needs_a_name(Call) {
  return std::is_invocable_v<Call, const T&> && !std::is_invocable_v<Call, T>;
}

}  // namespace

// A function cannot take the name of a member, and only an expression in a return type can be invalid without
// an error.
#define CALL(call) [](auto&& object) -> decltype(static_cast<decltype(object)>(object).call) { throw 0; }

TEST_CASE("a view into a temporary does not compile", "[topology]") {
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(config())));
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(mesh())));
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(meshes())));
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(kinds())));
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(find(GroupKind::data))));
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(find_kind(GroupKind::data))));
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(family(GroupKind::data))));
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(group_of(GroupKind::data, 0))));
  STATIC_REQUIRE(needs_a_name<Topology>(CALL(pipeline())));
  STATIC_REQUIRE(needs_a_name<Pipeline>(CALL(groups())));
  STATIC_REQUIRE(needs_a_name<GroupFamily>(CALL(group(0))));
  STATIC_REQUIRE(needs_a_name<Grouping>(CALL(inside())));
  STATIC_REQUIRE(needs_a_name<Grouping>(CALL(outside())));
  STATIC_REQUIRE(needs_a_name<Mesh>(CALL(axes())));
  STATIC_REQUIRE(needs_a_name<GroupKind>(CALL(name())));
  STATIC_REQUIRE(needs_a_name<ConfigError>(CALL(diagnostics())));
}

TEST_CASE("a copy taken from a temporary compiles", "[topology]") {
  CHECK(Topology({.world_size = 8, .tensor = 2}).world_size() == 8);
  CHECK(Mesh({{"tp", 2}, {"dp", 4}}).to_string() == "tp=2 dp=4");
}
