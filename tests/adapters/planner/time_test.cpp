#include <algorithm>
#include <set>

#include "jobs.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

const std::vector<Layout> layouts{{.dp = 64},
                                  {.tp = 8, .etp = 8, .dp = 8},
                                  {.tp = 4, .etp = 4, .pp = 4, .dp = 4},
                                  {.tp = 2, .etp = 2, .pp = 8, .vpp = 3, .dp = 4},
                                  {.tp = 2, .cp = 4, .etp = 2, .dp = 8},
                                  {.tp = 8, .cp = 2, .etp = 8, .pp = 2, .dp = 2}};

Training training_of(std::int64_t batch = 256) {
  return {.sequence_length = 4096, .global_batch = batch};
}

double step(const ModelConfig& model, const Machine& machine, const Layout& layout,
            const Training& training) {
  return estimate(Work(model), machine, training, layout).step_s;
}

}  // namespace

TEST_CASE("no step is shorter than its operations at the GPU's peak") {
  for (const ModelConfig& model : {gpt3(), mixtral()}) {
    for (const Layout& layout : layouts) {
      const Machine machine = nodes_of_h100(64);
      const Estimate e = estimate(Work(model), machine, training_of(), layout);
      CHECK(e.tflops_per_gpu(machine) < machine.gpu.bf16_tflops);
      CHECK(e.tflops_per_gpu(machine) > 0);
      CHECK(e.time.recompute <= e.time.compute);
    }
  }
}

TEST_CASE("a step is no longer with faster links, a faster network or faster memory") {
  for (const ModelConfig& model : {gpt3(), mixtral()}) {
    for (const Layout& layout : layouts) {
      const double before = step(model, nodes_of_h100(64), layout, training_of());
      for (double Gpu::*rate : {&Gpu::link_gb_s, &Gpu::network_gb_s, &Gpu::memory_tb_s, &Gpu::efficiency}) {
        Machine machine = nodes_of_h100(64);
        machine.gpu.*rate *= 1.2;
        CHECK(step(model, machine, layout, training_of()) <= before);
        machine.gpu.*rate /= 1.44;
        CHECK(step(model, machine, layout, training_of()) >= before);
      }
    }
  }
}

TEST_CASE("twice the batch takes twice the time, but for bubble, gradients and optimizer") {
  const Work work(gpt3());
  for (const Layout& layout : layouts) {
    const StepTime one = step_time(work, nodes_of_h100(64), training_of(256), layout);
    const StepTime two = step_time(work, nodes_of_h100(64), training_of(512), layout);
    CHECK(two.compute == Approx(2 * one.compute));
    CHECK(two.tensor == Approx(2 * one.tensor));
    CHECK(two.context == Approx(2 * one.context));
    CHECK(two.bubble == Approx(one.bubble));
    CHECK(two.optimizer == Approx(one.optimizer));
  }
}

TEST_CASE("half the replicas have twice the microbatches") {
  const Work work(gpt3());
  const StepTime eight = step_time(work, nodes_of_h100(64), training_of(), {.tp = 8, .etp = 8, .dp = 8});
  const StepTime four = step_time(work, nodes_of_h100(32), training_of(), {.tp = 8, .etp = 8, .dp = 4});
  CHECK(four.compute == Approx(2 * eight.compute));
}

TEST_CASE("the bubble is that of arXiv 2104.04473") {
  // Stages without embedding and output are equal, so make those small.
  ModelConfig model = gpt3();
  model.vocabulary = 1;
  const Work work(model);
  Constants constants;
  constants.pipeline_hidden = 1;
  for (const std::int64_t vpp : {1, 3}) {
    const StepTime time = step_time(work, nodes_of_h100(64), training_of(32),
                                    {.tp = 8, .etp = 8, .pp = 8, .vpp = vpp}, constants);
    // (p - 1) / (m v) of the ideal time.
    CHECK(time.bubble / (time.compute + time.tensor) ==
          Approx(7.0 / (32 * static_cast<double>(vpp))).epsilon(0.01));
  }
}

TEST_CASE("what is computed again is the forward pass") {
  const Work work(gpt3());
  Training training = training_of();
  training.recompute = Recompute::full;
  const StepTime time = step_time(work, nodes_of_h100(64), training, {.dp = 64});
  CHECK(time.recompute / time.compute > 0.22);
  CHECK(time.recompute / time.compute < 0.27);
}

TEST_CASE("the traffic of each level is that of the groups") {
  const Machine machine = nodes_of_h100(64);
  for (const Layout& layout : layouts) {
    const Topology topology({.world_size = 64,
                             .tensor = layout.tp,
                             .pipeline = layout.pp,
                             .convention = Convention::megatron_core,
                             .context = layout.cp});
    for (const auto& [kind, name] :
         {std::pair{"tensor", "tensor"}, {"context", "context"}, {"data_context", "data"}}) {
      const GroupFamily* family = topology.find(GroupKind(kind));
      if (family == nullptr || family->group_size() < 2) continue;
      const auto messages = traffic(Work(gpt3()), machine, training_of(), layout);
      const auto line = std::find_if(messages.begin(), messages.end(),
                                     [name = name](const Traffic& t) { return t.kind == name; });
      INFO(to_string(topology.config()) << " " << name);
      REQUIRE(line != messages.end());
      // Every member sends to the next one of its ring.
      int crossing = 0;
      int all = 0;
      for (int group = 0; group < family->group_count(); ++group) {
        for (int member = 0; member < family->group_size(); ++member) {
          const int from = family->rank_at({group, member});
          const int to = family->rank_at({group, (member + 1) % family->group_size()});
          crossing += from / 8 != to / 8 ? 1 : 0;
          ++all;
        }
      }
      CHECK(line->network_bytes / (line->network_bytes + line->domain_bytes) ==
            Approx(static_cast<double>(crossing) / all));
    }
  }
}

TEST_CASE("the bytes of gradients and of tokens are counted by hand") {
  const Work work(mixtral());
  const auto messages = traffic(work, nodes_of_h100(64), training_of(64), {.ep = 8, .dp = 64});
  const auto total = [&](std::string_view kind) {
    for (const Traffic& t : messages) {
      if (t.kind == kind) return t.domain_bytes + t.network_bytes;
    }
    return 0.0;
  };
  // One microbatch: 4096 tokens to two experts and back, forward and backward, 2 bytes, 32 layers, 7/8 to
  // others.
  CHECK(total("expert") == Approx(4096.0 * 2 * 2 * 2 * 2 * 4096 * 32 * 7 / 8));
  // Gradients of 4 bytes reduced, parameters of 2 bytes gathered, over 8 replicas of the experts.
  CHECK(total("expert_data") == Approx(6.0 * 32 * 3 * 4096 * 14336 * 7 / 8));
}

TEST_CASE("a layout that cannot be is refused with every reason") {
  const auto fields = [](const ModelConfig& model, std::int64_t gpus, const Training& training,
                         const Layout& layout) {
    std::set<std::string> names;
    for (const Diagnostic& d : check(model, nodes_of_h100(gpus), training, layout)) names.insert(d.field);
    return names;
  };
  using Names = std::set<std::string>;
  CHECK(fields(gpt3(), 64, training_of(), layouts[2]) == Names{});
  CHECK(fields(gpt3(), 64, training_of(), {.tp = 5, .ep = 2, .pp = 97}) == Names{"tp", "ep", "pp", "gpus"});
  CHECK(fields(mixtral(), 64, training_of(), {.ep = 3, .dp = 64}) == Names{"ep"});
  CHECK(fields(gpt3(), 64, training_of(100), {.dp = 64}) == Names{"global_batch"});
  CHECK(fields(gpt3(), 64, {.sequence_length = 4097, .global_batch = 64}, {.cp = 2, .dp = 32}) ==
        Names{"cp"});
  CHECK(fields(gpt3(), 64, training_of(), {.tp = 0, .cp = -1, .dp = INT64_MAX}) == Names{"tp", "cp", "dp"});
  CHECK(fields(gpt3(), 8, training_of(), {.vpp = 2, .dp = 8}) == Names{"vpp"});
}

TEST_CASE("GPUs have a source, and are found by their names") {
  for (const Gpu& gpu : known_gpus()) {
    CHECK_FALSE(gpu.source.empty());
    CHECK(find_gpu(gpu.name) == &gpu);
    CHECK(gpu.fp8_tflops >= gpu.bf16_tflops);
  }
  CHECK(find_gpu("h100")->name == "H100");
  CHECK(find_gpu("H10") == nullptr);
}
