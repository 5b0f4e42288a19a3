#include <algorithm>

#include "jobs.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

/// The training of arXiv 2205.05198: scores in memory, dropout.
Training of_paper(std::int64_t batch) {
  return {.sequence_length = 2048,
          .global_batch = batch,
          .attention = Attention::scores,
          .sequence_parallel = false,
          .dropout = true};
}

double activations(const Training& training, const Layout& layout, std::size_t stage = 0) {
  return stage_memory(Work(gpt3()), training, layout)[stage].activations;
}

constexpr double s = 2048;
constexpr double h = 12288;
constexpr double a = 96;
constexpr double layers = 96;

}  // namespace

TEST_CASE("activations are those of the equations of arXiv 2205.05198") {
  Training training = of_paper(1);
  // Equation 1, without parallelism.
  CHECK(activations(training, {}) == Approx(layers * s * h * (34 + 5 * a * s / h)));
  // Equation 2: tensor parallelism alone.
  CHECK(activations(training, {.tp = 8, .etp = 8}) ==
        Approx(layers * s * h * (10 + 24.0 / 8 + 5 * a * s / (h * 8))));
  // Equation 4: with sequence parallelism.
  training.sequence_parallel = true;
  CHECK(activations(training, {.tp = 8, .etp = 8}) == Approx(layers * s * h / 8 * (34 + 5 * a * s / h)));
  // Equation 6: selective recomputation.
  training.recompute = Recompute::selective;
  CHECK(activations(training, {.tp = 8, .etp = 8}) == Approx(layers * s * h / 8 * 34));
}

TEST_CASE("full recomputation keeps the inputs of the layers, and one layer") {
  Training training = of_paper(1);
  training.recompute = Recompute::full;
  CHECK(activations(training, {}) == Approx(layers * 2 * s * h + s * h * (34 + 5 * a * s / h)));
}

TEST_CASE("the first stage holds a microbatch for each stage behind it") {
  const double copy = layers / 8 * s * h * (34 + 5 * a * s / h);
  const Training training = of_paper(64);
  for (std::size_t stage = 0; stage < 8; ++stage)
    CHECK(activations(training, {.pp = 8}, stage) == Approx(copy * static_cast<double>(8 - stage)));
  // With fewer microbatches than stages, no more than there are.
  CHECK(activations(of_paper(3), {.pp = 8}) == Approx(3 * copy));
  // Interleaved, section 4.2.3: L (1 + (p - 1) / (p m)) layers.
  CHECK(activations(training, {.pp = 8, .vpp = 3}) == Approx(8 * copy * (1 + 7.0 / (8 * 3))));
}

TEST_CASE("a parameter takes 18 bytes, or 6 and a share of 12") {
  ModelConfig model = gpt3();
  model.tied = false;
  const Work work(model);
  const double parameters = work.dense_parameters(false) * 96 + 2.0 * 51200 * 12288;
  Training training = of_paper(8);
  const auto bytes = [&](const Layout& layout) {
    const StageMemory m = stage_memory(work, training, layout).front();
    return m.weights + m.gradients + m.optimizer;
  };
  training.zero = 0;
  CHECK(bytes({.dp = 8}) == Approx(18 * parameters));
  training.zero = 1;
  CHECK(bytes({.dp = 8}) == Approx((6 + 12.0 / 8) * parameters));
  CHECK(bytes({.cp = 2, .dp = 4}) == Approx((6 + 12.0 / 8) * parameters));
  training.gradient_bytes = 2;
  CHECK(bytes({.dp = 8}) == Approx((4 + 12.0 / 8) * parameters));
  training.gradient_bytes = 4;
  training.zero = 2;
  CHECK(bytes({.dp = 8}) == Approx((2 + 16.0 / 8) * parameters));
  training.zero = 3;
  // The gathered weights of two layers beside the shards.
  CHECK(bytes({.dp = 8}) == Approx(18.0 / 8 * parameters + 4 * work.dense_parameters(false)));
}

TEST_CASE("experts are divided over their groups, and their optimizer over what is left") {
  const Work work(mixtral());
  const Training training{.sequence_length = 4096, .global_batch = 64};
  const StageMemory one = stage_memory(work, training, {.dp = 8}).front();
  const StageMemory eight = stage_memory(work, training, {.ep = 8, .dp = 8}).front();
  const double experts = 32 * 3.0 * 8 * 4096 * 14336;
  CHECK(one.weights - eight.weights == Approx(2 * experts * 7 / 8));
  CHECK(one.gradients - eight.gradients == Approx(4 * experts * 7 / 8));
  // 12 bytes over 8 ranks each, with and without expert parallelism.
  CHECK(one.optimizer == Approx(eight.optimizer));
}

TEST_CASE("logits and the embedding are on the ends of the pipeline") {
  const Work work(gpt3());
  const auto stages = stage_memory(work, {.sequence_length = 2048, .global_batch = 8}, {.pp = 4});
  const double embedding = 2.0 * 51200 * 12288;
  CHECK(stages[0].weights - stages[1].weights == Approx(embedding));
  // The output matrix is a copy of the embedding, which lies on another stage.
  CHECK(stages[3].weights == Approx(stages[0].weights));
  CHECK(stages[3].temporary > stages[2].temporary + 6.0 * 2048 * 51200 / 2);
}

TEST_CASE("memory falls with tensor parallelism and rises with the micro batch") {
  const Work work(gpt3());
  for (const Recompute recompute : {Recompute::none, Recompute::selective, Recompute::full}) {
    Training training{.sequence_length = 2048, .global_batch = 64, .recompute = recompute};
    double before = 1e30;
    for (const std::int64_t tp : {1, 2, 4, 8}) {
      const double total = stage_memory(work, training, {.tp = tp, .etp = tp, .pp = 4})[0].total();
      CHECK(total < before);
      before = total;
    }
    const double one = stage_memory(work, training, {.tp = 8, .etp = 8, .pp = 4})[0].total();
    training.micro_batch = 2;
    CHECK(stage_memory(work, training, {.tp = 8, .etp = 8, .pp = 4})[0].total() > one);
  }
}
