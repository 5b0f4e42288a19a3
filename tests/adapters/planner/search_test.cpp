#include "rankmesh/planner/search.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "jobs.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

/// The least step time of all layouts, found without pruning.
double least_step(const ModelConfig& model, const Machine& machine, Training training) {
  const Work work(model);
  double least = 1e30;
  const std::int64_t n = machine.gpus;
  const std::int64_t most_ep = std::max<std::int64_t>(1, model.experts);
  for (std::int64_t tp = 1; tp <= machine.domain; ++tp)
    for (std::int64_t cp = 1; cp <= n; cp *= 2)
      for (std::int64_t pp = 1; pp <= std::min(n, model.layers); ++pp)
        for (std::int64_t ep = 1; ep <= most_ep; ++ep)
          for (const std::int64_t etp : {std::int64_t{1}, tp})
            for (std::int64_t vpp = 1; vpp <= model.layers; ++vpp)
              for (std::int64_t micro = 1; micro <= 16; ++micro)
                for (const Recompute recompute : {Recompute::none, Recompute::full}) {
                  if (model.experts == 0 && etp != tp) continue;
                  if (n % (tp * cp * pp) != 0) continue;
                  Layout layout{.tp = tp,
                                .cp = cp,
                                .ep = ep,
                                .etp = etp,
                                .pp = pp,
                                .vpp = vpp,
                                .dp = n / (tp * cp * pp)};
                  training.micro_batch = micro;
                  training.recompute = recompute;
                  if (!check(model, machine, training, layout).empty()) continue;
                  const std::int64_t batches = training.global_batch / (micro * layout.dp);
                  if (vpp > 1 && (model.layers % (pp * vpp) != 0 || batches % pp != 0)) continue;
                  if (estimate(work, machine, training, layout).fits == Fit::no) continue;
                  for (const Order& order : all_orders()) {
                    layout.order = order;
                    if (!check(model, machine, training, layout).empty()) continue;
                    least = std::min(least, step_time(work, machine, training, layout).total());
                  }
                }
  return least;
}

}  // namespace

TEST_CASE("the search finds the fastest of all layouts") {
  ModelConfig small = gpt3();
  small.layers = 12;
  ModelConfig experts = mixtral();
  experts.layers = 8;
  for (const ModelConfig& model : {small, experts}) {
    for (const std::int64_t gpus : {4, 16, 24}) {
      for (const double memory : {30.0, 79.1}) {
        Machine machine = nodes_of_h100(gpus);
        machine.gpu.memory_gib = memory;
        machine.domain = std::min<std::int64_t>(machine.domain, gpus);
        const Training training{.sequence_length = 2048, .global_batch = 48};
        const Plan plan = search(Work(model), machine, {.training = training}, 5);
        const double least = least_step(model, machine, training);
        INFO(model.layers << " layers, " << gpus << " GPUs, " << memory << " GiB");
        CHECK(plan.layouts.empty() == (least == 1e30));
        if (plan.layouts.empty()) continue;
        CHECK(plan.layouts.front().estimate.step_s == Approx(least).epsilon(1e-12));
        CHECK(std::is_sorted(plan.layouts.begin(), plan.layouts.end(),
                             [](const PlannedLayout& a, const PlannedLayout& b) {
                               return a.estimate.step_s < b.estimate.step_s;
                             }));
        CHECK(plan.valid >= static_cast<std::int64_t>(plan.layouts.size()));
        CHECK(plan.considered >= plan.valid);
      }
    }
  }
}

TEST_CASE("every layout of a search is possible and fits") {
  const Machine machine = nodes_of_h100(64);
  const SearchSpace space{.training = {.sequence_length = 4096, .global_batch = 128}};
  int layouts = 0;
  for_each_layout(Work(mixtral()), machine, space, {}, [&](const PlannedLayout& planned) {
    Training training = space.training;
    training.micro_batch = planned.micro_batch;
    training.recompute = planned.recompute;
    CHECK(check(mixtral(), machine, training, planned.layout).empty());
    CHECK(planned.estimate.fits != Fit::no);
    ++layouts;
  });
  CHECK(layouts > 100);
}

TEST_CASE("sizes that are given are kept") {
  const Machine machine = nodes_of_h100(64);
  const SearchSpace space{.training = {.sequence_length = 4096, .global_batch = 128},
                          .tp = 4,
                          .cp = 1,
                          .ep = 8,
                          .etp = 1,
                          .pp = 2,
                          .vpp = 2,
                          .micro_batch = 1,
                          .recompute = Recompute::full,
                          .orders = {*parse_order("tp-cp-ep-dp-pp")}};
  const Plan plan = search(Work(mixtral()), machine, space, 10);
  REQUIRE(plan.layouts.size() == 1);
  CHECK(plan.layouts[0].layout == Layout{.tp = 4, .cp = 1, .ep = 8, .etp = 1, .pp = 2, .vpp = 2, .dp = 8});
  CHECK(plan.layouts[0].recompute == Recompute::full);
  SearchSpace impossible = space;
  impossible.tp = 3;
  CHECK(search(Work(mixtral()), machine, impossible, 10).considered == 0);
}

TEST_CASE("the order that a search takes is the fastest one, and the usual one among equals") {
  ModelConfig experts = mixtral();
  experts.layers = 8;
  ModelConfig dense = gpt3();
  dense.layers = 12;
  const Training common{.sequence_length = 2048, .global_batch = 48};
  Machine usual = nodes_of_h100(16);
  // Fast links that are slower than the network, for messages and for bytes.
  Machine odd = usual;
  odd.gpu.link_gb_s = 20;
  odd.link_latency_s = 1e-4;
  // Domains of 2 in fast domains of 4, and of 8 on the network: with slower links farther out, and with one
  // level that is slower for messages than that outside of it.
  Machine nested = usual;
  nested.domain = 4;
  nested.levels = {{.domain = 2, .gb_s = 200}, {.domain = 8, .gb_s = 10, .latency_s = 1e-4}};
  Machine uneven = nested;
  uneven.levels[0] = {.domain = 2, .gb_s = 30, .latency_s = 2e-4};
  for (const Machine& machine : {usual, odd, nested, uneven}) {
    for (const ModelConfig& model : {dense, experts}) {
      const Work work(model);
      std::set<std::string> taken;
      for_each_layout(work, machine, {.training = common}, {}, [&](const PlannedLayout& planned) {
        Training training = common;
        training.micro_batch = planned.micro_batch;
        training.recompute = planned.recompute;
        const auto step = [&](const Order& order) {
          Layout layout = planned.layout;
          layout.order = order;
          return check(model, machine, training, layout).empty()
                     ? step_time(work, machine, training, layout).total()
                     : 1e30;
        };
        double least = 1e30;
        for (const Order& order : all_orders()) least = std::min(least, step(order));
        CHECK(planned.estimate.step_s == Approx(least).epsilon(1e-8));
        CHECK(planned.estimate.step_s == step(planned.layout.order));
        if (!(planned.layout.order == Order{})) CHECK(planned.estimate.step_s < step(Order{}));
        taken.insert(to_string(planned.layout.order));
      });
      INFO(model.experts << " experts, links of " << machine.gpu.link_gb_s << " GB/s, "
                         << machine.levels.size() << " levels");
      CHECK(taken.size() > 1);
    }
  }
}

TEST_CASE("a search with bounds finds the layouts of all searches that they bound") {
  const Machine machine = nodes_of_h100(64);
  const Training training{.sequence_length = 4096, .global_batch = 128};
  const auto layouts = [&](const SearchSpace& space) {
    std::vector<Layout> found;
    for_each_layout(Work(mixtral()), machine, space, {},
                    [&](const PlannedLayout& planned) { found.push_back(planned.layout); });
    return found;
  };
  const auto bound = [&](SizeBounds SearchSpace::*size, const SizeBounds& bounds) {
    SearchSpace space{.training = training};
    space.*size = bounds;
    return layouts(space);
  };
  const auto check_size = [&](SizeBounds SearchSpace::*size, std::int64_t Layout::*value) {
    const auto between = bound(size, {2, 4});
    std::size_t sum = 0;
    for (const std::int64_t one : {2, 3, 4}) sum += bound(size, one).size();
    CHECK(between.size() == sum);
    CHECK(!between.empty());
    for (const Layout& layout : between) CHECK((layout.*value >= 2 && layout.*value <= 4));
    CHECK(bound(size, {3, 3}).size() + bound(size, {5, 4}).size() == 0);
  };
  check_size(&SearchSpace::tp, &Layout::tp);
  check_size(&SearchSpace::cp, &Layout::cp);
  check_size(&SearchSpace::ep, &Layout::ep);
  check_size(&SearchSpace::etp, &Layout::etp);
  check_size(&SearchSpace::pp, &Layout::pp);
  check_size(&SearchSpace::vpp, &Layout::vpp);
  // Without bounds, tp has at most the GPUs of a domain, and the micro batch 16 sequences.
  const auto all = layouts({.training = training});
  CHECK(bound(&SearchSpace::tp, {1, 8}) == all);
  CHECK(bound(&SearchSpace::tp, {1, 64}).size() > all.size());
  CHECK(bound(&SearchSpace::micro_batch, {1, 16}) == all);
  CHECK(bound(&SearchSpace::micro_batch, {1, 8}).size() + bound(&SearchSpace::micro_batch, {9, 16}).size() ==
        all.size());
}

TEST_CASE("a search takes none but the orders given") {
  const Machine machine = nodes_of_h100(64);
  SearchSpace space{.training = {.sequence_length = 4096, .global_batch = 128},
                    .orders = {*parse_order("tp-cp-ep-pp-dp"), Order{}}};
  std::set<std::string> taken;
  const auto visit = [&](const PlannedLayout& planned) { taken.insert(to_string(planned.layout.order)); };
  const std::int64_t both = for_each_layout(Work(mixtral()), machine, space, {}, visit);
  CHECK(taken == std::set<std::string>{"tp-cp-ep-pp-dp", "tp-cp-ep-dp-pp"});
  taken.clear();
  // Megatron-Core takes it for few sizes.
  space.orders.pop_back();
  CHECK(for_each_layout(Work(mixtral()), machine, space, {}, visit) < both);
  CHECK(taken == std::set<std::string>{"tp-cp-ep-pp-dp"});
}

TEST_CASE("a faster network makes no plan slower") {
  const SearchSpace space{.training = {.sequence_length = 4096, .global_batch = 128}};
  Machine machine = nodes_of_h100(64);
  double before = 1e30;
  for (const double rate : {12.5, 25.0, 50.0, 100.0}) {
    machine.gpu.network_gb_s = rate;
    const double step = search(Work(mixtral()), machine, space, 1).layouts.at(0).estimate.step_s;
    CHECK(step <= before);
    before = step;
  }
}
