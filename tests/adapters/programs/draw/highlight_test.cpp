// The kinds that the page highlights at first.
#include "highlight.hpp"

#include <algorithm>
#include <set>

#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::cli;

namespace {

constexpr auto core = Convention::megatron_core;

std::string highlighted(const ParallelConfig& config, const DrawRequest& request = {}) {
  const Topology topology(config);
  const Picture picture(topology, request, 48);
  std::string names;
  for (const KindFamily* kind : highlighted_at_first(picture)) names += std::string(kind->kind.name()) + " ";
  return names;
}

}  // namespace

TEST_CASE("kinds along one axis are highlighted, also where another kind has the same groups") {
  // data_context has the groups of data, tensor those of expert_tensor.
  CHECK(highlighted({.world_size = 64, .tensor = 2, .pipeline = 2, .convention = core, .expert = 4}) ==
        "data tensor pipeline expert expert_data ");
  // expert has the groups of data.
  CHECK(highlighted({.world_size = 16, .tensor = 2, .pipeline = 2, .convention = core, .expert = 4}) ==
        "data model tensor pipeline tensor_data_context expert ");
  CHECK(highlighted({.world_size = 16, .tensor = 2, .pipeline = 4}) ==
        "data model tensor pipeline embedding ");
}

TEST_CASE("a kind whose only group is the whole world is not highlighted, unless there is nothing else") {
  CHECK(highlighted({.world_size = 8, .tensor = 2}) == "data tensor ");
  CHECK(highlighted({.world_size = 8}) == "data ");
  CHECK(highlighted({.world_size = 1}) != "");
}

TEST_CASE("kinds of the request are highlighted") {
  const DrawRequest request{.kinds = {GroupKind("model"), GroupKind("sequence_data")}};
  CHECK(highlighted({.world_size = 16, .tensor = 2, .pipeline = 4}, request) == "sequence_data model ");
  CHECK(highlighted({.world_size = 4, .tensor = 4}, {.kinds = {GroupKind("tensor")}}) == "tensor ");
}

TEST_CASE("every size above one is highlighted once or more, and the whole world never beside others") {
  for (const int tensor : {1, 2, 4}) {
    for (const int pipeline : {1, 2}) {
      for (const int context : {1, 2}) {
        for (const int expert : {1, 2, 8}) {
          const ParallelConfig config{.world_size = 64,
                                      .tensor = tensor,
                                      .pipeline = pipeline,
                                      .convention = core,
                                      .context = context,
                                      .expert = expert};
          const bool is_only_data = tensor * pipeline * context * expert == 1;
          const Topology topology(config);
          const Picture picture(topology, {}, 48);
          const auto chosen = highlighted_at_first(picture);
          INFO(tensor << " " << pipeline << " " << context << " " << expert);
          REQUIRE(!chosen.empty());
          CHECK(std::set(chosen.begin(), chosen.end()).size() == chosen.size());
          const auto is_chosen = [&](const char* name) {
            return std::any_of(chosen.begin(), chosen.end(),
                               [&](const KindFamily* kind) { return kind->kind == GroupKind(name); });
          };
          for (const char* name : {"tensor", "pipeline", "context", "expert", "data"}) {
            const int size = topology.family(GroupKind(name)).group_size();
            INFO(name);
            CHECK(is_chosen(name) == (size > 1 && (size < 64 || is_only_data)));
          }
          for (const KindFamily* kind : chosen) CHECK((kind->family.group_size() < 64 || is_only_data));
        }
      }
    }
  }
}
