#include "rankmesh/planner/model.hpp"

#include <algorithm>

#include "models.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

bool names(const std::vector<Diagnostic>& found, std::string_view field) {
  return std::any_of(found.begin(), found.end(), [&](const Diagnostic& d) { return d.field == field; });
}

}  // namespace

TEST_CASE("the models of the tests are valid") {
  CHECK(check(small_dense()).empty());
  CHECK(check(small_moe()).empty());
}

TEST_CASE("a size out of its bounds is refused by its name") {
  for (const ModelField& field : model_fields()) {
    if (field.size == nullptr) continue;
    INFO(field.name);
    for (const std::int64_t wrong : {field.least - 1, field.most + 1, INT64_MAX, INT64_MIN}) {
      ModelConfig model = small_moe();
      model.*field.size = wrong;
      CHECK(names(check(model), field.name));
    }
  }
}

TEST_CASE("all mistakes are found at once") {
  const std::vector<Diagnostic> found = check({.kv_heads = 2, .query_rank = 1, .experts_per_token = 2});
  for (const char* field :
       {"layers", "hidden", "vocabulary", "heads", "head_dim", "query_rank", "ffn", "experts_per_token"})
    CHECK(names(found, field));
}

TEST_CASE("sizes that do not fit each other are refused") {
  const auto refused = [](auto change, std::string_view field) {
    ModelConfig model = small_moe();
    change(model);
    return names(check(model), field);
  };
  CHECK(refused([](auto& m) { m.kv_heads = 3; }, "kv_heads"));
  CHECK(refused([](auto& m) { m.experts_per_token = 5; }, "experts_per_token"));
  CHECK(refused([](auto& m) { m.experts_per_token = 0; }, "experts_per_token"));
  CHECK(refused([](auto& m) { m.expert_ffn = 0; }, "expert_ffn"));
  CHECK(refused([](auto& m) { m.dense_layers = {2}; }, "dense_layers"));
  CHECK(refused([](auto& m) { m.dense_layers = {1, 0}; }, "dense_layers"));
  CHECK(refused([](auto& m) { m.ffn = 0; }, "ffn"));
  CHECK(refused([](auto& m) { m.latent_rank = 4; }, "nope_dim"));
  CHECK(refused([](auto& m) { m.rope_dim = 4; }, "rope_dim"));
  CHECK(refused(
      [](auto& m) {
        m.experts = 0;
        m.experts_per_token = 0;
        m.expert_ffn = 0;
      },
      "shared_ffn"));
}

TEST_CASE("a model whose parameters no 64-bit number counts is refused") {
  ModelConfig model = small_moe();
  model.dense_layers.clear();
  model.layers = 1 << 14;
  model.hidden = 1 << 22;
  model.expert_ffn = 1 << 22;
  model.experts = 1 << 14;
  CHECK(names(check(model), "layers"));
}

TEST_CASE("layers have experts unless they are listed as dense") {
  const ModelConfig model = small_moe();
  CHECK_FALSE(model.has_experts(0));
  CHECK(model.has_experts(1));
  CHECK(model.expert_layers() == 1);
  CHECK_FALSE(small_dense().has_experts(1));
  CHECK(small_dense().expert_layers() == 0);
}
