#include <optional>
#include <set>
#include <vector>

#include "jobs.hpp"
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

TEST_CASE("a step is no longer with shorter latencies") {
  std::vector<Layout> with_experts = layouts;
  with_experts.push_back({.ep = 8, .dp = 64});
  with_experts.push_back({.tp = 2, .ep = 4, .etp = 2, .pp = 2, .dp = 16});
  Constants constants;
  constants.pipeline_hidden = 0.5;
  for (const ModelConfig& model : {gpt3(), mixtral()}) {
    for (const Layout& layout : with_experts) {
      if (model.experts == 0 && layout.ep > 1) continue;
      for (std::optional<double> Machine::*latency :
           {&Machine::link_latency_s, &Machine::network_latency_s}) {
        Machine machine = nodes_of_h100(64);
        double before = 0;
        for (const double seconds : {0.0, 1e-6, 4e-6, 14e-6, 1e-4, 1e-2}) {
          machine.*latency = seconds;
          const double now = step_time(Work(model), machine, training_of(), layout, constants).total();
          CHECK(now >= before);
          before = now;
        }
        const bool is_used = latency == &Machine::network_latency_s || layout.tp > 1 || layout.ep > 1;
        // Far above all else, every message counts.
        if (is_used) CHECK(before > step(model, nodes_of_h100(64), layout, training_of()) + 1e-2);
      }
    }
  }
}

TEST_CASE("latencies of a machine replace those that were fitted") {
  // Tensor groups of 16 on nodes of 8: three doublings inside a node, one between nodes. 4 messages of a
  // layer forward and 4 backward, and 2 of each end in both directions, in 96 layers of which none is hidden.
  Constants constants;
  constants.tensor_hidden = 0;
  const Work work(gpt3());
  const Training training = training_of(4);
  const Layout layout{.tp = 16, .etp = 16, .dp = 4};
  const auto tensor = [&](const Machine& machine) {
    return step_time(work, machine, training, layout, constants).tensor;
  };
  Machine machine = nodes_of_h100(64);
  const double usual = tensor(machine);
  const double messages = 96 * 8 + 4;
  machine.link_latency_s = 4e-6 + 1e-5;
  CHECK(tensor(machine) - usual == Approx(messages * 3 * 1e-5));
  machine.network_latency_s = 14e-6 + 1e-4;
  CHECK(tensor(machine) - usual == Approx(messages * (3 * 1e-5 + 1e-4)));
  machine.link_latency_s = 4e-6;
  machine.network_latency_s = 14e-6;
  CHECK(tensor(machine) == usual);

  // An all-to-all of 64 ranks: each message takes the latency once. 2 forward and 2 backward in each layer.
  constants.expert_hidden = 0;
  const Work experts(mixtral());
  const auto sent = [&](const Machine& m) {
    return step_time(experts, m, training_of(64), {.ep = 8, .dp = 64}, constants).expert;
  };
  Machine slow = nodes_of_h100(64);
  slow.link_latency_s = 4e-6 + 1e-5;
  CHECK(sent(slow) - sent(nodes_of_h100(64)) == Approx(32 * 4 * 1e-5));
  slow.domain = 4;
  Machine far = nodes_of_h100(64);
  far.domain = 4;
  slow.network_latency_s = 14e-6 + 1e-4;
  CHECK(sent(slow) - sent(far) == Approx(32 * 4 * 1e-4));
}

TEST_CASE("the time of a collective is counted by hand") {
  // 96 layers of 4 + 4 messages and 4 of the ends, of 4096 tokens of 12288 channels in 16 bits.
  const double bytes = 2.0 * 4096 * 12288;
  Constants constants;
  constants.tensor_hidden = 0;
  Machine machine = nodes_of_h100(64);
  machine.link_latency_s = 1e-6;
  machine.network_latency_s = 5e-6;
  const double start = 3 * (8.65e-5 / 2 - 4e-6 + 1e-6) + (8.65e-5 / 2 - 14e-6 + 5e-6);
  // Eight network adapters of 50 GB/s, 63 % of which is reached, are slower than the links.
  const double moved = bytes * 15 / 16 / (8 * 50e9 * 0.63);
  const Layout layout{.tp = 16, .etp = 16, .dp = 4};
  CHECK(step_time(Work(gpt3()), machine, training_of(4), layout, constants).tensor ==
        Approx((96 * 8 + 4) * (start + moved)));
}

TEST_CASE("the time of a collective over four levels is counted by hand") {
  // Tensor groups of 32: 2 in a domain of 2, 8 in a fast domain, 16 in one of 16 on the network.
  Constants constants;
  constants.tensor_hidden = 0;
  Machine machine = nodes_of_h100(64);
  machine.levels = {{.domain = 2, .gb_s = 100, .latency_s = 6e-6},
                    {.domain = 16, .gb_s = 5, .latency_s = 30e-6}};
  const Work work(gpt3());
  const Layout layout{.tp = 32, .etp = 32, .dp = 2};
  const auto tensor = [&] { return step_time(work, machine, training_of(2), layout, constants).tensor; };
  const double bytes = 2.0 * 4096 * 12288;
  const double half = 8.65e-5 / 2;
  // One doubling inside the pairs, two between them, one between fast domains, and one farther out. Links:
  // 1 x 450 GB/s, 2 x 100, 8 x 50 and 16 x 5, of which 98 or 63 % is reached: the last ones are the slowest.
  const double start = half + 2 * (half + 2e-6) + half + (half + 16e-6);
  const auto all = [&](double rate) { return (96 * 8 + 4) * (start + bytes * 31 / 32 / rate); };
  CHECK(tensor() == Approx(all(16 * 5e9 * 0.63)));
  machine.levels[1].gb_s = 40;
  CHECK(tensor() == Approx(all(2 * 100e9 * 0.98)));
  machine.levels[0].gb_s = 200;
  CHECK(tensor() == Approx(all(8 * 50e9 * 0.63)));
  machine.gpu.network_gb_s = 100;
  CHECK(tensor() == Approx(all(2 * 200e9 * 0.98)));

  // An all-to-all of 8 in domains of 2, fast domains of 4, and 8 outside: 2 of 8 parts go to the other pair,
  // 4 of 8 out of the fast domain. The latency is that of the outermost links.
  constants.expert_hidden = 0;
  Machine small = nodes_of_h100(64);
  small.domain = 4;
  small.levels = {{.domain = 2, .gb_s = 20, .latency_s = 6e-6}};
  const auto expert = [&] {
    return step_time(Work(mixtral()), small, training_of(64), {.ep = 8, .dp = 64}, constants).expert;
  };
  const double sent = 2.0 * 4096 * 4096 * 2;
  CHECK(expert() == Approx(32 * 4 * (sent * 4 / 8 / (50e9 * 0.63) + 8.65e-5)));
  small.levels[0].gb_s = 10;
  CHECK(expert() == Approx(32 * 4 * (sent * 2 / 8 / (10e9 * 0.98) + 8.65e-5)));
  // Out of domains of 4 on the network, the same 4 of 8 parts.
  small.domain = 2;
  small.levels = {{.domain = 4, .gb_s = 12.5, .latency_s = 30e-6}};
  CHECK(expert() == Approx(32 * 4 * (sent * 4 / 8 / (12.5e9 * 0.63) + 8.65e-5 + 16e-6)));
}

TEST_CASE("levels of links that are as those around them change no time") {
  std::vector<Layout> all = layouts;
  all.push_back({.tp = 2, .cp = 2, .etp = 2, .pp = 4, .dp = 4, .order = *parse_order("cp-tp-ep-dp-pp")});
  all.push_back({.ep = 8, .dp = 64});
  all.push_back({.tp = 2, .ep = 4, .etp = 2, .pp = 2, .dp = 16});
  Constants constants;
  constants.pipeline_hidden = 0.5;
  for (const ModelConfig& model : {gpt3(), mixtral()}) {
    for (const Layout& layout : all) {
      if (model.experts == 0 && layout.ep > 1) continue;
      for (const std::int64_t domain : {1, 4, 8, 64}) {
        Machine machine = nodes_of_h100(64);
        machine.domain = domain;
        const StepTime before = step_time(Work(model), machine, training_of(), layout, constants);
        // Out of the whole machine, and out of what no message leaves, nothing is slower.
        machine.levels = {{.domain = 64, .gb_s = 1e-3, .latency_s = 1}};
        CHECK(step_time(Work(model), machine, training_of(), layout, constants).total() == before.total());
        // Fast links carry as much out of a pair as out of a GPU, and network links out of twice a domain as
        // out of a domain: a level that is no bottleneck.
        machine.levels.clear();
        if (domain > 2) machine.levels.push_back({.domain = 2, .gb_s = machine.gpu.link_gb_s});
        if (domain < 64) machine.levels.push_back({.domain = 2 * domain, .gb_s = machine.gpu.network_gb_s});
        const StepTime after = step_time(Work(model), machine, training_of(), layout, constants);
        INFO("domain " << domain << " tp " << layout.tp << " ep " << layout.ep << " pp " << layout.pp);
        CHECK(after.total() == Approx(before.total()).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("a step takes longer with slower links at any level") {
  const Layout layout{.tp = 4, .cp = 4, .etp = 4, .pp = 2, .dp = 2};
  for (const ModelConfig& model : {gpt3(), mixtral()}) {
    Machine machine = nodes_of_h100(64);
    machine.levels = {{.domain = 2, .gb_s = 400}, {.domain = 16, .gb_s = 40}, {.domain = 32, .gb_s = 30}};
    for (LevelLinks& level : machine.levels) {
      double before = step(model, machine, layout, training_of());
      for (const double factor : {0.5, 0.1, 0.01}) {
        level.gb_s *= factor;
        const double now = step(model, machine, layout, training_of());
        CHECK(now >= before);
        before = now;
      }
      CHECK(before > step(model, nodes_of_h100(64), layout, training_of()));
    }
  }
}

TEST_CASE("the order of the axes decides which groups are near") {
  const Work work(gpt3());
  const Training training = training_of(64);
  Layout layout{.tp = 4, .cp = 4, .etp = 4, .dp = 4};
  const StepTime usual = step_time(work, nodes_of_h100(64), training, layout);
  layout.order = *parse_order("cp-tp-ep-dp-pp");
  const StepTime context_first = step_time(work, nodes_of_h100(64), training, layout);
  CHECK(context_first.tensor > usual.tensor);
  CHECK(context_first.context <= usual.context);
  CHECK(context_first.compute == usual.compute);
  // Stages inside replicas: replicas are farther from each other, and both ends of the pipeline near.
  Layout stages{.pp = 8, .dp = 8};
  const StepTime outside = step_time(work, nodes_of_h100(64), training, stages);
  stages.order = *parse_order("tp-cp-ep-pp-dp");
  const StepTime inside = step_time(work, nodes_of_h100(64), training, stages);
  CHECK(inside.data != outside.data);
  CHECK(inside.compute == outside.compute);
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

TEST_CASE("with zero bubble, stages wait as arXiv 2401.10241 says") {
  ModelConfig model = gpt3();
  model.vocabulary = 1;
  const Work work(model);
  const Layout layout{.pp = 8, .dp = 8};
  Training training = training_of(64);
  const StepTime usual = step_time(work, nodes_of_h100(64), training, layout);
  training.zero_bubble = true;
  const StepTime zero = step_time(work, nodes_of_h100(64), training, layout);
  // (p - 1) (F + B - W) in the place of (p - 1) (F + B + W), where F, B and W are equal but for attention and
  // norms.
  CHECK(zero.bubble > usual.bubble / 3);
  CHECK(zero.bubble < usual.bubble * 0.45);
  CHECK(zero.total() - zero.bubble == Approx(usual.total() - usual.bubble));
  CHECK(stage_memory(work, training, layout)[0].total() ==
        stage_memory(work, training_of(64), layout)[0].total());
}

TEST_CASE("kernels of CUDA graphs start without the host") {
  // Forward and backward pass, which takes twice as long: 11 kernels of a layer, and 10 for experts.
  Constants constants;
  constants.launch_s = 1e-3;
  const auto saved = [&](const ModelConfig& model) {
    Training training = training_of(64);
    const double usual = step_time(Work(model), nodes_of_h100(64), training, {.dp = 64}, constants).compute;
    training.graphs = true;
    return usual - step_time(Work(model), nodes_of_h100(64), training, {.dp = 64}, constants).compute;
  };
  CHECK(saved(gpt3()) == Approx(3 * 96 * 11e-3));
  CHECK(saved(mixtral()) == Approx(3 * 32 * 21e-3));
}

TEST_CASE("a fused kernel for experts reads and writes each token once") {
  Constants constants;
  constants.routing_bytes = 24;
  const Work work(mixtral());
  Training training = training_of(64);
  const double usual = step_time(work, nodes_of_h100(64), training, {.dp = 64}, constants).compute;
  training.fused_experts = true;
  const double fused = step_time(work, nodes_of_h100(64), training, {.dp = 64}, constants).compute;
  // 24 - 4 bytes of 4096 channels for 2 experts of each of 4096 tokens, in 32 layers, forward and twice
  // backward.
  const double bytes = 20.0 * 4096 * 2 * 4096 * 32 * 3;
  CHECK(usual - fused == Approx(bytes / (3.35e12 * constants.memory_bandwidth)));
  const Work dense(gpt3());
  CHECK(step_time(dense, nodes_of_h100(64), training, {.dp = 64}, constants).compute ==
        step_time(dense, nodes_of_h100(64), training_of(64), {.dp = 64}, constants).compute);
}

TEST_CASE("fused attention is slower with narrow heads") {
  // 64 channels' worth of softmax: (64 + 64) / 64 of the time of the operations alone, and (128 + 64) / 128.
  ModelConfig wide = gpt3();
  wide.layers = 1;
  ModelConfig narrow = wide;
  narrow.heads = narrow.kv_heads = 192;
  narrow.head_dim = 64;
  Training training = training_of(64);
  training.sequence_length = 65536;
  // Nothing else depends on how many tokens a sequence has.
  Constants constants;
  constants.launch_s = 0;
  constants.half_rows = 0;
  const auto attention = [&](const ModelConfig& model) {
    Training longer = training;
    longer.sequence_length *= 2;
    longer.global_batch /= 2;
    const Machine machine{.gpu = *find_gpu("H100"), .gpus = 1};
    return step_time(Work(model), machine, longer, {}, constants).compute -
           step_time(Work(model), machine, training, {}, constants).compute;
  };
  CHECK(attention(narrow) / attention(wide) == Approx(2 / 1.5).epsilon(1e-4));
}

TEST_CASE("what is computed again is the forward pass") {
  const Work work(gpt3());
  Training training = training_of();
  training.recompute = Recompute::full;
  const StepTime time = step_time(work, nodes_of_h100(64), training, {.dp = 64});
  CHECK(time.recompute / time.compute > 0.22);
  CHECK(time.recompute / time.compute < 0.27);
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
  // Parts of stages have as many layers each, stages alone may differ by one.
  CHECK(fields(gpt3(), 8, training_of(), {.tp = 1, .pp = 8, .vpp = 5}) == Names{"vpp"});
  ModelConfig uneven = gpt3();
  uneven.layers = 94;
  CHECK(fields(uneven, 8, training_of(), {.pp = 8}) == Names{});
  CHECK(fields(uneven, 8, training_of(), {.pp = 8, .vpp = 2}) == Names{"vpp"});
  // Rounds of a microbatch for each stage.
  CHECK(fields(gpt3(), 16, training_of(24), {.pp = 8, .vpp = 2, .dp = 2}) == Names{"global_batch"});
  CHECK(fields(gpt3(), 16, training_of(32), {.pp = 8, .vpp = 2, .dp = 2}) == Names{});
  Training zero_bubble = training_of();
  zero_bubble.zero_bubble = true;
  CHECK(fields(gpt3(), 8, zero_bubble, {.pp = 8, .vpp = 2}) == Names{"vpp"});
  // Products that no number holds.
  constexpr std::int64_t large = std::int64_t{1} << 30;
  CHECK(fields(gpt3(), 8, training_of(),
               {.tp = large, .cp = large, .ep = large, .etp = large, .pp = large, .dp = large})
            .count("gpus") == 1);
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
