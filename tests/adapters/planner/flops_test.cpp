#include "rankmesh/planner/flops.hpp"

#include "models.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

TEST_CASE("the FLOPs of a model are those counted by hand") {
  const Flops flops = forward_flops(small_dense(), 100);
  CHECK(flops.layers == 2.0 * 2 * (64 + 32 + 32 + 64 + 3 * 128));
  // Scores and values: 2 x 2 FLOPs for each of 8 channels and of 50 tokens, in 2 layers.
  CHECK(flops.attention == 2.0 * 2 * 2 * 8 * 50);
  CHECK(flops.head == 2.0 * 80);
}

TEST_CASE("the FLOPs of GPT-3 are those of arXiv 2104.04473, but for causal attention") {
  const ModelConfig gpt3{.layers = 96,
                         .hidden = 12288,
                         .vocabulary = 51200,
                         .heads = 96,
                         .kv_heads = 96,
                         .head_dim = 128,
                         .ffn = 4 * 12288,
                         .gated = false};
  const Flops flops = forward_flops(gpt3, 2048);
  // Its equation 3 without recomputation, for one token: 72 l h^2 (1 + s/(6h) + V/(12 l h)).
  const double l = 96;
  const double h = 12288;
  const double s = 2048;
  const double v = 51200;
  const double paper = 72 * l * h * h * (1 + s / (6 * h) + v / (12 * l * h));
  CHECK(3 * (flops.total() + flops.attention) == Approx(paper));
}

TEST_CASE("the FLOPs of experts are those of the experts of a token") {
  ModelConfig model = small_moe();
  const double two = forward_flops(model, 100).layers;
  model.experts = 400;
  const double router = 2.0 * 8 * 396;
  CHECK(forward_flops(model, 100).layers == two + router);
}
