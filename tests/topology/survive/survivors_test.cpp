#include "rankmesh/topology/survivors.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/error.hpp"
#include "rankmesh/topology/invariants.hpp"
#include "rankmesh/topology/rank_list.hpp"
#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"
#include "topology/survive/oracle.hpp"

using namespace rankmesh;
using namespace rankmesh::tests;

namespace {

/// Small worlds of both conventions and on meshes of one's own. In some, experts need several data
/// coordinates, or data is not the outermost axis, or a rule allows only some numbers of replicas.
const std::vector<std::string> small_layouts{
    "world=6",
    "world=8 tp=2",
    "world=8 tp=2 distributed-optimizer",
    "world=12 tp=2 pp=2",
    "world=8 tp=2 pp=4",
    "world=9 sp=3",
    "world=8 convention=extended tp=2 sp=2",
    "world=8 convention=megatron-core tp=2",
    "world=8 convention=megatron-core cp=2 ep=2",
    "world=12 convention=megatron-core tp=2 ep=2 etp=1",
    "world=12 convention=megatron-core tp=2 ep=3 etp=1",
    "world=16 convention=megatron-core tp=2 pp=2 ep=2",
    "world=12 convention=megatron-core tp=2 pp=2 order=tp-cp-ep-pp-dp",
    "world=12 convention=megatron-core tp=2 order=dp-tp-cp-ep-pp",
    "world=12 convention=megatron-core cp=2 ep=2 order=tp-dp-cp-ep-pp",
    "world=12 convention=megatron-core tp=2 ep=2 order=ep-dp-tp-cp-pp",
    "world=12 convention=megatron-core tp=2 optimizer-instances=2 order=tp-cp-ep-dp-pp ep=1",
    "world=8 convention=megatron-core optimizer-instances=2 ep=2 cp=2",
    "world=8 convention=megatron-core hybrid-cp cp=2",
    "world=8 convention=mesh axes=tp=2,dp=4 groups=tp,dp",
    "world=12 convention=mesh axes=tp=2,dp=3,pp=2/etp=1,ep=2,edp=3,pp=2 groups=tp,dp,ep",
    "world=12 convention=mesh axes=dp=3,tp=4 groups=tp,dp",
    "world=8 convention=mesh axes=tp=2,dp_shard=2,dp_replicate=2 groups=tp",
};

/// A layout with what the tests ask the slow oracle about each rank.
struct Known {
  explicit Known(const ParallelConfig& given) : config(given) {
    for (int rank = 0; rank < config.world_size; ++rank) {
      whole.push_back(whole_key(config, rank));
      for (const bool is_expert : {false, true}) {
        if (is_expert && !oracle_has_experts(config)) continue;
        weights[is_expert].push_back(weights_key(config, is_expert, rank));
      }
    }
    for (const bool is_expert : {false, true})
      optimizer[is_expert] = optimizer_keys(config, weights[is_expert]);
  }
  ParallelConfig config;
  std::vector<std::string> whole{};
  std::vector<std::string> weights[2]{};
  std::vector<std::string> optimizer[2]{};
};

std::size_t index_of(int rank) {
  return static_cast<std::size_t>(rank);
}

/// The layout with another number of replicas; nothing if it is not valid.
std::optional<ParallelConfig> with_replicas(ParallelConfig config, int before, int after) {
  config.world_size = config.world_size / before * after;
  for (std::vector<Axis>& mesh : config.meshes) {
    const auto is_data = [](const Axis& axis) {
      return axis.name == "edp" || axis.name == "dp" || axis.name == "dp_replicate";
    };
    const auto axis = std::find_if(mesh.begin(), mesh.end(), is_data);
    axis->size = axis->size / before * after;
  }
  return check(config).empty() ? std::optional(config) : std::nullopt;
}

/// Everything that is true of a layout, against the survivors of one loss after another.
class Checker {
 public:
  explicit Checker(const std::string& text)
      : topology_(parse_config(text)),
        old_(topology_.config()),
        replicas_(oracle_replicas(old_.config)),
        world_(static_cast<int>(old_.config.world_size)),
        replica_size_(static_cast<int>(replicas_.front().size())) {
    for (int left = 1; left <= static_cast<int>(replicas_.size()); ++left) {
      const auto config = with_replicas(old_.config, static_cast<int>(replicas_.size()), left);
      if (config) smaller_.emplace(left, Known(*config));
    }
  }

  [[nodiscard]] int world() const { return world_; }
  [[nodiscard]] int replica_size() const { return replica_size_; }

  void check_loss(const std::vector<int>& lost, int spares, bool distributed) {
    const SurvivorOptions options{.spares = spares, .state = {.distributed_optimizer = distributed}};
    int left = 0;
    for (const auto& [count, known] : smaller_) {
      if (count * replica_size_ <= world_ - static_cast<int>(lost.size()) + spares) left = count;
    }
    if (left == 0) {
      CHECK_THROWS_AS(survivors(topology_, lost, options), ConfigError);
      ++refused;
      return;
    }
    const Survival result = survivors(topology_, lost, options);
    std::vector<int> other_order(lost.rbegin(), lost.rend());
    other_order.push_back(lost.front());
    CHECK(survivors(topology_, other_order, options) == result);
    CHECK(result.lost == lost);
    new_ = &smaller_.at(left);
    CHECK(result.config == new_->config);
    check_replicas(result, left);
    check_processes(result, spares);
    check_places(result);
    const bool divided_anew = distributed && left < static_cast<int>(replicas_.size());
    CHECK(result.optimizer_is_redivided == divided_anew);
    check_sources(result, distributed && !divided_anew, distributed);
    check_gone(result, distributed);
  }

  int refused = 0;
  int repaired = 0;

 private:
  bool is_lost(const Survival& result, int rank) const {
    return std::binary_search(result.lost.begin(), result.lost.end(), rank);
  }

  void check_replicas(const Survival& result, int left) const {
    CHECK(result.replicas == static_cast<int>(replicas_.size()));
    CHECK(result.replica_size == replica_size_);
    std::vector<int> incomplete;
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      if (std::any_of(replicas_[i].begin(), replicas_[i].end(), [&](int r) { return is_lost(result, r); }))
        incomplete.push_back(static_cast<int>(i));
    }
    CHECK(result.lost_replicas == incomplete);
    CHECK(static_cast<int>(result.dropped_replicas.size()) == result.replicas - left);
    // Whole replicas are dropped only where all others are.
    int whole = 0;
    for (const int replica : result.dropped_replicas)
      whole += std::count(incomplete.begin(), incomplete.end(), replica) == 0 ? 1 : 0;
    if (whole > 0) CHECK(whole == static_cast<int>(result.dropped_replicas.size() - incomplete.size()));
  }

  void check_processes(const Survival& result, int spares) const {
    REQUIRE(static_cast<std::int64_t>(result.old_rank_of_rank.size()) == result.config.world_size);
    std::vector<int> used = result.old_rank_of_rank;
    std::sort(used.begin(), used.end());
    CHECK(std::adjacent_find(used.begin(), used.end()) == used.end());
    std::vector<int> spare_numbers;
    std::vector<int> accounted = result.lost;
    accounted.insert(accounted.end(), result.idle.begin(), result.idle.end());
    for (const int process : used) {
      if (process >= world_) {
        spare_numbers.push_back(process - world_);
      } else {
        accounted.push_back(process);
      }
    }
    CHECK(result.spares_used == spare_numbers);
    if (!spare_numbers.empty()) CHECK(spare_numbers.back() < spares);
    // A spare is taken only if no survivor is left.
    if (!spare_numbers.empty()) CHECK(result.idle.empty());
    std::sort(accounted.begin(), accounted.end());
    std::vector<int> all(index_of(world_));
    std::iota(all.begin(), all.end(), 0);
    CHECK(accounted == all);
  }

  /// Kept replicas keep their order, and the places in them stay what they are.
  void check_places(const Survival& result) {
    place_.clear();
    std::vector<int> kept;
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      const auto& dropped = result.dropped_replicas;
      if (!std::binary_search(dropped.begin(), dropped.end(), static_cast<int>(i)))
        kept.insert(kept.end(), replicas_[i].begin(), replicas_[i].end());
    }
    std::sort(kept.begin(), kept.end());
    REQUIRE(kept.size() == result.old_rank_of_rank.size());
    place_ = kept;
    for (std::size_t rank = 0; rank < kept.size(); ++rank) {
      if (!is_lost(result, kept[rank])) CHECK(result.old_rank_of_rank[rank] == kept[rank]);
      CHECK(new_->whole[rank] == old_.whole[index_of(kept[rank])]);
    }
    // The groups along other axes than data are those of the old layout.
    const Topology topology(result.config);
    for (const KindFamily& kind : topology.kinds()) {
      const std::string name(kind.kind.name());
      if (name != "tensor" && name != "pipeline" && name != "expert" && name != "context" && name != "tp" &&
          name != "ep") {
        continue;
      }
      for (int group = 0; group < kind.family.group_count(); ++group) {
        std::vector<int> before;
        for (const int rank : kind.family.group(group)) before.push_back(kept[index_of(rank)]);
        CHECK(topology_.group_of(kind.kind, before.front()).to_vector() == before);
      }
    }
  }

  void check_sources(const Survival& result, bool with_optimizer, bool distributed) {
    std::vector<std::string> survivors;
    for (int rank = 0; rank < world_; ++rank) {
      if (!is_lost(result, rank)) survivors.push_back(old_.whole[index_of(rank)]);
    }
    auto source = result.sources.begin();
    int in_need = 0;
    for (std::size_t rank = 0; rank < place_.size(); ++rank) {
      const int process = result.old_rank_of_rank[rank];
      const bool holds_weights = process < world_ && old_.whole[index_of(process)] == new_->whole[rank];
      in_need += holds_weights ? 0 : 1;
      if (holds_weights && (process == place_[rank] || !with_optimizer)) continue;
      REQUIRE(source != result.sources.end());
      CHECK(source->rank == static_cast<int>(rank));
      CHECK(source->old_rank == place_[rank]);
      CHECK(source->process == process);
      CHECK(source->dense == holders(result, old_.weights[0], place_[rank]));
      if (!source->expert.empty() || !oracle_has_experts(old_.config)) {
        if (oracle_has_experts(old_.config))
          CHECK(source->expert == holders(result, old_.weights[1], place_[rank]));
      } else {
        const auto expert = holders(result, old_.weights[1], place_[rank]);
        CHECK((expert.empty() || expert == source->dense));
      }
      if (with_optimizer) {
        CHECK(source->dense_optimizer == holders(result, old_.optimizer[0], place_[rank]));
      } else {
        CHECK(source->dense_optimizer == (distributed ? std::vector<int>() : source->dense));
      }
      ++source;
    }
    CHECK(source == result.sources.end());
    repaired += in_need;
    // No choice of replicas and no order of processes leaves fewer in need.
    CHECK(in_need == static_cast<int>(place_.size()) - oracle_matching(new_->whole, survivors));
  }

  [[nodiscard]] std::vector<int> holders(const Survival& result, const std::vector<std::string>& keys,
                                         int rank) const {
    std::vector<int> found;
    for (int other = 0; other < world_; ++other) {
      if (!is_lost(result, other) && keys[index_of(other)] == keys[index_of(rank)]) found.push_back(other);
    }
    return found;
  }

  /// Keys that no survivor has.
  [[nodiscard]] std::size_t gone(const Survival& result, const std::vector<std::string>& keys) const {
    std::set<std::string> found;
    for (const int rank : result.lost) {
      if (holders(result, keys, rank).empty()) found.insert(keys[index_of(rank)]);
    }
    return found.size();
  }

  void check_gone(const Survival& result, bool distributed) const {
    CHECK(result.gone_dense.size() == gone(result, old_.weights[0]));
    for (const GoneState& state : result.gone_dense) {
      for (const int rank : state.ranks) CHECK(holders(result, old_.weights[0], rank).empty());
    }
    CHECK(result.gone_dense_optimizer.size() ==
          gone(result, distributed ? old_.optimizer[0] : old_.weights[0]));
    if (!state_holders(topology_).expert) return;
    CHECK(result.gone_expert.size() == gone(result, old_.weights[1]));
    CHECK(result.gone_expert_optimizer.size() ==
          gone(result, distributed ? old_.optimizer[1] : old_.weights[1]));
  }

  Topology topology_;
  Known old_;
  std::vector<std::set<int>> replicas_;
  int world_;
  int replica_size_;
  std::map<int, Known> smaller_{};
  const Known* new_ = nullptr;
  /// The old ranks whose places the new ranks have.
  std::vector<int> place_{};
};

/// Calls `visit` for every set of one to three ranks.
template <typename Visit>
void for_each_loss(int world, Visit visit) {
  for (int a = 0; a < world; ++a) {
    visit(std::vector{a});
    for (int b = a + 1; b < world; ++b) {
      visit(std::vector{a, b});
      for (int c = b + 1; c < world; ++c) visit(std::vector{a, b, c});
    }
  }
}

}  // namespace

TEST_CASE("every loss of up to three ranks of small layouts") {
  Sample sample;
  int refused = 0;
  int repaired = 0;
  int number = 0;
  for (const std::string& text : small_layouts) {
    Checker checker(text);
    for_each_loss(checker.world(), [&](const std::vector<int>& lost) {
      if (!sample.takes()) return;
      for (int spares = 0; spares <= 3; ++spares) {
        // Each loss with both, for alternate numbers of spares.
        const bool distributed = number++ % 2 == 0;
        CAPTURE(text, lost, spares, distributed);
        checker.check_loss(lost, spares, distributed);
      }
      ++number;
    });
    refused += checker.refused;
    repaired += checker.repaired;
  }
  CHECK(refused > share_of(100));
  CHECK(repaired > share_of(10000));
}

TEST_CASE("losses in every order of the axes") {
  const std::vector<std::string> sizes{"world=12 tp=2 ep=3 etp=1", "world=24 tp=2 cp=2 ep=2 pp=2",
                                       "world=24 tp=2 pp=2 ep=3 etp=2", "world=16 cp=2 ep=4"};
  std::string order[] = {"cp", "dp", "ep", "pp", "tp"};
  Random random(24);
  int layouts = 0;
  int joined_coordinates = 0;
  std::size_t number = 0;
  do {
    const std::string& some = sizes[number++ % sizes.size()];
    const ParallelConfig config =
        parse_config(some + " convention=megatron-core order=" + joined(order, "-"));
    if (!check(config).empty()) continue;
    ++layouts;
    Checker checker(to_string(config));
    joined_coordinates += checker.replica_size() > config.tensor * config.context * config.pipeline ? 1 : 0;
    for (int i = 0; i < 12; ++i) {
      std::set<int> ranks;
      const int count = random.below(6) + 1;
      while (static_cast<int>(ranks.size()) < count) ranks.insert(random.below(checker.world()));
      const std::vector<int> lost(ranks.begin(), ranks.end());
      CAPTURE(to_string(config), lost);
      checker.check_loss(lost, random.below(4), random.below(2) == 0);
    }
  } while (std::next_permutation(std::begin(order), std::end(order)));
  CHECK(layouts > 30);
  CHECK(joined_coordinates > 10);
}

TEST_CASE("large losses of a small layout") {
  Sample sample;
  for (const char* text : {"world=16 tp=2 pp=2", "world=16 convention=megatron-core tp=2 ep=4 etp=1"}) {
    Checker checker(text);
    for (int mask = 1; mask < (1 << 16); mask += 97) {
      if (!sample.takes()) continue;
      std::vector<int> lost;
      for (int rank = 0; rank < 16; ++rank) {
        if ((mask >> rank & 1) != 0) lost.push_back(rank);
      }
      CAPTURE(text, lost);
      checker.check_loss(lost, mask % 5, mask % 2 == 0);
    }
  }
}

TEST_CASE("one node of 2,048 lost leaves 127 of 128 replicas and 15 nodes idle") {
  const Topology topology({.world_size = 16384, .tensor = 8, .pipeline = 16});
  std::vector<int> lost(8);
  std::iota(lost.begin(), lost.end(), 8 * 100);
  const Survival without = survivors(topology, lost);
  CHECK(without.replicas == 128);
  CHECK(without.replica_size == 128);
  CHECK(without.lost_replicas == std::vector{100});
  CHECK(without.config == ParallelConfig{.world_size = 127 * 128, .tensor = 8, .pipeline = 16});
  CHECK(without.idle.size() == 15 * 8);
  CHECK(without.sources.empty());
  const Survival with = survivors(topology, lost, {.spares = 8});
  CHECK(with.config == topology.config());
  CHECK(with.spares_used == std::vector{0, 1, 2, 3, 4, 5, 6, 7});
  REQUIRE(with.sources.size() == 8);
  CHECK(with.sources.front().dense.size() == 127);
  const auto layouts = fitting_layouts(topology, 16384 - 8, {.tensor = true, .pipeline = true});
  REQUIRE(layouts.size() > 2);
  CHECK(layouts.front().idle == 0);
  for (const FittingLayout& layout : layouts) {
    CHECK(check(layout.config).empty());
    CHECK(layout.config.world_size + layout.idle == 16384 - 8);
  }
  const auto unchanged = fitting_layouts(topology, 16384 - 8, {});
  REQUIRE(unchanged.size() == 1);
  CHECK(unchanged.front() == FittingLayout{without.config, 15 * 8});
}

TEST_CASE("one dropped replica repairs several others") {
  // Four replicas of four ranks; each lost another part of the tensors and stages.
  const Topology topology({.world_size = 16, .tensor = 2, .pipeline = 2});
  const Survival result = survivors(topology, std::vector{0, 3, 12});
  CHECK(result.lost_replicas == std::vector{0, 1, 2});
  CHECK(result.dropped_replicas == std::vector{2});
  CHECK(result.sources.empty());
  CHECK(result.old_rank_of_rank == std::vector{4, 1, 2, 5, 6, 7, 8, 9, 10, 11, 14, 15});
  CHECK(result.idle == std::vector{13});
}
