#include "rankmesh/planner/parameters.hpp"

#include "models.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

std::int64_t total_of(const ModelConfig& model) {
  return count_parameters(model).total;
}

}  // namespace

TEST_CASE("the parameters of a dense model are those counted by hand") {
  // A layer: two norms of 8; query 8 x 8, key and value 8 x 4 each, output 8 x 8; three matrices of 8 x 16.
  constexpr std::int64_t layer = 16 + 64 + 32 + 32 + 64 + 3 * 128;
  const ParameterCount count = count_parameters(small_dense());
  CHECK(count.total == 80 + 2 * layer + 8 + 80);
  CHECK(count.active == count.total);
  CHECK(count.embedding == 80);
  CHECK(count.mtp_unique == 0);
}

TEST_CASE("a token uses the experts that it is sent to, the shared ones and all else") {
  const ParameterCount dense = count_parameters(small_dense());
  const ParameterCount count = count_parameters(small_moe());
  constexpr std::int64_t mlp = 3 * 128;
  constexpr std::int64_t expert = 3 * 8 * 3;
  constexpr std::int64_t shared = 3 * 8 * 5;
  constexpr std::int64_t router = 8 * 4;
  CHECK(count.total == dense.total - mlp + router + 4 * expert + shared);
  CHECK(count.active == dense.total - mlp + router + 2 * expert + shared);
}

TEST_CASE("each flag of a model adds the values that it stands for") {
  const ModelConfig plain = small_moe();
  const auto added = [&](auto change) {
    ModelConfig model = plain;
    change(model);
    return total_of(model) - total_of(plain);
  };
  CHECK(added([](auto& m) { m.tied = true; }) == -80);
  CHECK(added([](auto& m) { m.gated = false; }) == -128 - 4 * 24 - 40);
  CHECK(added([](auto& m) { m.positions = 7; }) == 56);
  CHECK(added([](auto& m) { m.norm_values = 2; }) == 5 * 8);
  CHECK(added([](auto& m) { m.norms_per_layer = 4; }) == 2 * 2 * 8);
  CHECK(added([](auto& m) { m.embedding_norm = true; }) == 8);
  CHECK(added([](auto& m) { m.qk_norm = true; }) == 2 * 2 * 2);
  CHECK(added([](auto& m) { m.qk_norm_full = true; }) == 2 * (8 + 4));
  CHECK(added([](auto& m) { m.qkv_bias = true; }) == 2 * (8 + 4 + 4));
  CHECK(added([](auto& m) { m.output_bias = true; }) == 2 * 8);
  // The dense MLP: gate, up and down; each of four experts the same.
  CHECK(added([](auto& m) { m.mlp_bias = true; }) == (16 + 16 + 8) + 4 * (3 + 3 + 8));
  CHECK(added([](auto& m) { m.router_bias = true; }) == 4);
  CHECK(added([](auto& m) { m.shared_gate = true; }) == 8);
  CHECK(added([](auto& m) { m.head_bias = true; }) == 10);
  CHECK(added([](auto& m) { m.sinks = true; }) == 2 * 4);
}

TEST_CASE("latent attention has the matrices of its paper") {
  ModelConfig model = small_dense();
  const std::int64_t attention = 64 + 32 + 32 + 64;
  model.latent_rank = 6;
  model.nope_dim = 3;
  model.rope_dim = 1;
  model.value_dim = 2;
  // query 8 x 4 x 4, latent 8 x 7 and its norm, key and value 6 x 4 x 5, output 4 x 2 x 8
  const std::int64_t latent = 128 + 56 + 6 + 120 + 64;
  CHECK(total_of(model) - total_of(small_dense()) == 2 * (latent - attention));
  model.query_rank = 5;
  // down 8 x 5, norm, up 5 x 4 x 4 in the place of the query matrix
  CHECK(total_of(model) - total_of(small_dense()) == 2 * (latent - 128 + 40 + 5 + 80 - attention));
}

TEST_CASE("layers that predict further tokens are counted apart") {
  ModelConfig model = small_moe();
  model.mtp_layers = 1;
  const ParameterCount count = count_parameters(model);
  CHECK(count.total == total_of(small_moe()));
  std::int64_t layer = 0;
  for (const ParameterRow& row : layer_parameters(model, true)) layer += row.each * row.count;
  CHECK(count.mtp_unique == layer + 3 * 8 + 2 * 8 * 8);
  CHECK(count.mtp_stored == count.mtp_unique + 2 * 80);
}

TEST_CASE("the formula of each row gives its values") {
  for (const ModelConfig& model : {small_dense(), small_moe()}) {
    for (const ParameterRow& row : parameter_table(model)) {
      INFO(row.part << ": " << row.formula);
      std::int64_t product = 1;
      std::size_t begin = 0;
      while (begin != std::string::npos) {
        product *= std::stoll(row.formula.substr(begin));
        begin = row.formula.find(" x ", begin);
        if (begin != std::string::npos) begin += 3;
      }
      CHECK(product == row.each);
      CHECK(row.active <= row.count);
    }
  }
}
