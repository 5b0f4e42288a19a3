#include "rankmesh/planner/what_if.hpp"

#include <algorithm>
#include <set>

#include "jobs.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

const WhatIf* find(const std::vector<WhatIf>& changes, const std::string& name) {
  const auto found = std::find_if(changes.begin(), changes.end(),
                                  [&](const WhatIf& change) { return change.change == name; });
  return found == changes.end() ? nullptr : &*found;
}

PlannedLayout best_of(const ModelConfig& model, const Machine& machine, const SearchSpace& space) {
  return search(Work(model), machine, space, 1).layouts.at(0);
}

}  // namespace

TEST_CASE("each change is what an estimate of it says, or says why there is none") {
  const Machine machine = nodes_of_h100(64);
  for (const ModelConfig& model : {gpt3(), mixtral()}) {
    for (const std::vector<Order>& orders : {std::vector<Order>{}, {Order{}}}) {
      const SearchSpace space{.training = {.sequence_length = 4096, .global_batch = 128}, .orders = orders};
      const Work work(model);
      const PlannedLayout best = best_of(model, machine, space);
      const auto changes = what_ifs(work, machine, space, best);
      std::set<std::string> names;
      for (const WhatIf& change : changes) {
        INFO(change.change);
        CHECK(names.insert(change.change).second);
        CHECK(change.planned.has_value() == change.reasons.empty());
        if (!change.planned) continue;
        const PlannedLayout& planned = *change.planned;
        Training training = space.training;
        training.micro_batch = planned.micro_batch;
        training.recompute = planned.recompute;
        CHECK(check(model, machine, training, planned.layout).empty());
        if (change.change == "network x 0.5") continue;
        CHECK(planned.estimate.step_s == estimate(work, machine, training, planned.layout).step_s);
        // No size that is in the space, with an order that is, is faster than the best, if it fits.
        const bool is_in_space = planned.estimate.fits != Fit::no && planned.layout.tp <= machine.domain &&
                                 (planned.layout.etp == 1 || planned.layout.etp == planned.layout.tp) &&
                                 planned.micro_batch <= 16 && !change.change.starts_with("order ");
        if (is_in_space) CHECK(planned.estimate.step_s >= best.estimate.step_s * (1 - 1e-9));
      }
      CHECK(names.count("micro batch x 2") == 1);
      CHECK(names.count("ep x 2") == (model.experts > 0 ? 1 : 0));
      CHECK(names.count("micro batch / 2") == (best.micro_batch % 2 == 0 ? 1 : 0));
    }
  }
}

TEST_CASE("half the network is half of each of its levels") {
  Machine machine = nodes_of_h100(64);
  machine.levels = {{.domain = 2, .gb_s = 400}, {.domain = 16, .gb_s = 10}};
  const SearchSpace space{.training = {.sequence_length = 4096, .global_batch = 128}, .orders = {Order{}}};
  const Work work(gpt3());
  const PlannedLayout best = best_of(gpt3(), machine, space);
  const auto changes = what_ifs(work, machine, space, best);
  Machine slower = machine;
  slower.gpu.network_gb_s /= 2;
  slower.levels[1].gb_s /= 2;
  Training training = space.training;
  training.micro_batch = best.micro_batch;
  training.recompute = best.recompute;
  const WhatIf* half = find(changes, "network x 0.5");
  REQUIRE(half != nullptr);
  REQUIRE(half->planned);
  CHECK(half->planned->estimate.step_s == estimate(work, slower, training, best.layout).step_s);
  CHECK(half->planned->estimate.step_s > best.estimate.step_s);
}

TEST_CASE("reasons of an impossible change name what does not divide") {
  // 32 x 2 GPUs: a replica has all of them.
  const Machine machine = nodes_of_h100(64);
  const SearchSpace space{.training = {.sequence_length = 4096, .global_batch = 128}, .tp = 32, .pp = 2};
  const PlannedLayout best = best_of(gpt3(), machine, space);
  const auto changes = what_ifs(Work(gpt3()), machine, space, best);
  const WhatIf* deeper = find(changes, "pp x 2, dp / 2");
  // dp is 1, which has no half.
  CHECK(deeper == nullptr);
  const WhatIf* wider = find(changes, "tp / 2, dp x 2");
  REQUIRE(wider != nullptr);
  CHECK(wider->planned);
  SearchSpace odd = space;
  odd.tp = 8;
  odd.pp = 8;
  odd.vpp = 3;
  odd.training.global_batch = 8;
  const auto more = what_ifs(Work(gpt3()), machine, odd, best_of(gpt3(), machine, odd));
  const WhatIf* parts = find(more, "vpp x 2");
  REQUIRE(parts != nullptr);
  CHECK(parts->planned);
  const WhatIf* batch = find(more, "tp / 2, dp x 2");
  REQUIRE(batch != nullptr);
  // Two replicas of four sequences: no multiple of 8 stages, which interleaving needs.
  CHECK_FALSE(batch->planned);
  REQUIRE(batch->reasons.size() == 1);
  CHECK(batch->reasons[0].message().find("pp") != std::string::npos);
}

TEST_CASE("without a limit of memory, no layout is faster") {
  SearchSpace space{.training = {.sequence_length = 4096, .global_batch = 128}};
  Machine machine = nodes_of_h100(64);
  const Work work(gpt3());
  const WhatIf unlimited = without_memory_limit(work, machine, space);
  REQUIRE(unlimited.planned);
  // All of the memory that the layout takes is enough for it.
  machine.gpu.memory_gib = unlimited.planned->estimate.memory.total() / (1024.0 * 1024 * 1024) + 1e-6;
  CHECK(best_of(gpt3(), machine, space).layout == unlimited.planned->layout);
  CHECK(without_memory_limit(work, machine, space).planned->estimate.fits == Fit::tight);
  machine.gpu.memory_gib *= 0.99;
  CHECK(without_memory_limit(work, machine, space).planned->estimate.fits == Fit::no);
  CHECK(best_of(gpt3(), machine, space).estimate.step_s >= unlimited.planned->estimate.step_s);
  machine.gpu.memory_gib *= 2;
  CHECK(without_memory_limit(work, machine, space).planned->estimate.fits == Fit::yes);
}
