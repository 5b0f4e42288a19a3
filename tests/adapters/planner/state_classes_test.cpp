#include "rankmesh/planner/state_classes.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "models.hpp"
#include "rankmesh/planner/parameters.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

/// The elements of the weights: those of the MTP layers, and all others.
std::pair<std::int64_t, std::int64_t> elements_of(const ModelConfig& model) {
  std::int64_t mtp = 0;
  std::int64_t others = 0;
  for (const StateClass& row : state_classes(model)) {
    if (row.is_sharded) continue;
    std::int64_t layers = 1;
    if (row.place == StatePlace::layers) layers = model.layers;
    if (row.place == StatePlace::mtp) layers = model.mtp_layers;
    if (!row.layers.empty()) {
      layers = 0;
      for (const IndexRange& range : row.layers) layers += range.count;
    }
    (row.place == StatePlace::mtp ? mtp : others) +=
        layers * std::max<std::int64_t>(row.experts, 1) * row.units * row.unit_elements;
  }
  return {mtp, others};
}

}  // namespace

TEST_CASE("the classes of a model have all its parameters") {
  using Change = void (*)(ModelConfig&);
  const Change changes[] = {
      [](ModelConfig&) {},
      [](ModelConfig& m) { m.tied = true; },
      [](ModelConfig& m) { m.tied = m.head_bias = true; },
      [](ModelConfig& m) { m.gated = false; },
      [](ModelConfig& m) { m.positions = 7; },
      [](ModelConfig& m) { m.norm_values = 2; },
      [](ModelConfig& m) { m.norms_per_layer = 4; },
      [](ModelConfig& m) { m.embedding_norm = true; },
      [](ModelConfig& m) { m.qk_norm = true; },
      [](ModelConfig& m) { m.qk_norm_full = true; },
      [](ModelConfig& m) { m.qkv_bias = m.output_bias = true; },
      [](ModelConfig& m) { m.mlp_bias = true; },
      [](ModelConfig& m) { m.router_bias = m.shared_gate = true; },
      [](ModelConfig& m) { m.sinks = m.head_bias = true; },
      [](ModelConfig& m) { m.kv_heads = m.heads; },
      [](ModelConfig& m) { m.mtp_layers = 2; },
      [](ModelConfig& m) {
        m.latent_rank = 5;
        m.nope_dim = 3;
        m.rope_dim = 2;
        m.value_dim = 4;
        m.mtp_layers = 1;
      },
      [](ModelConfig& m) {
        m.latent_rank = 5;
        m.query_rank = 6;
        m.nope_dim = 3;
        m.rope_dim = 2;
        m.value_dim = 4;
        m.qkv_bias = true;
      },
  };
  for (ModelConfig model : {small_dense(), small_moe()}) {
    for (const Change change : changes) {
      ModelConfig changed = model;
      change(changed);
      const ParameterCount count = count_parameters(changed);
      CHECK(elements_of(changed).first == count.mtp_unique);
      CHECK(elements_of(changed).second == count.total);
    }
  }
}

TEST_CASE("each weight has its states in the optimizer") {
  const std::vector<StateClass> with = state_classes(small_moe());
  const std::vector<StateClass> without =
      state_classes(small_moe(), {.weight_bytes = 4, .optimizer_bytes = 0});
  REQUIRE(with.size() == 2 * without.size());
  std::set<std::string> names;
  for (std::size_t i = 0; i < with.size(); ++i) {
    StateClass expected = without[i % without.size()];
    expected.is_sharded = i >= without.size();
    expected.element_bytes = expected.is_sharded ? 12 : 2;
    if (expected.is_sharded) expected.name += " optimizer";
    CHECK(with[i] == expected);
    names.insert(with[i].name);
  }
  CHECK(names.size() == with.size());
}

TEST_CASE("what is divided by what") {
  ModelConfig model = small_moe();
  model.tied = true;
  const std::vector<StateClass> classes = state_classes(model);
  const auto named = [&](const std::string& name) {
    const auto found =
        std::find_if(classes.begin(), classes.end(), [&](const StateClass& row) { return row.name == name; });
    REQUIRE(found != classes.end());
    return *found;
  };
  CHECK(named("embedding").place == StatePlace::tied_embedding);
  CHECK(named("embedding").padded_to == 128);
  CHECK(named("query and output").units == 4);
  CHECK(named("key and value").units == 2);
  CHECK(named("mlp").layers == std::vector<IndexRange>{{0, 1}});
  CHECK(named("experts").layers == std::vector<IndexRange>{{1, 1}});
  CHECK(named("experts").experts == 4);
  CHECK(named("experts").units == 3);
  CHECK_FALSE(named("router").is_split);
  CHECK(std::none_of(classes.begin(), classes.end(),
                     [](const StateClass& row) { return row.name == "output"; }));
}
