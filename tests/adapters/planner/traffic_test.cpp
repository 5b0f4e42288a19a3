#include <array>
#include <functional>
#include <map>

#include "jobs.hpp"
#include "rankmesh/planner/parameters.hpp"
#include "rankmesh/topology/cluster.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/topology.hpp"
#include "support/catch.hpp"

using namespace rankmesh;
using namespace rankmesh::planner;
using namespace rankmesh::tests;

namespace {

/// Latent attention, a layer without experts, shared experts, and a layer that predicts a further token.
ModelConfig deepseek() {
  return {.layers = 7,
          .hidden = 48,
          .vocabulary = 120,
          .heads = 12,
          .kv_heads = 12,
          .head_dim = 4,
          .latent_rank = 6,
          .query_rank = 5,
          .nope_dim = 3,
          .rope_dim = 2,
          .value_dim = 4,
          .ffn = 96,
          .experts = 8,
          .experts_per_token = 3,
          .expert_ffn = 12,
          .shared_ffn = 24,
          .dense_layers = {0},
          .mtp_layers = 1};
}

/// Tied tables, a table of positions, fewer key and value heads than query heads.
ModelConfig dense(bool tied) {
  return {.layers = 8,
          .hidden = 24,
          .vocabulary = 96,
          .positions = 16,
          .heads = 12,
          .kv_heads = 6,
          .head_dim = 2,
          .ffn = 48,
          .tied = tied};
}

struct Bytes {
  double domain = 0;
  double network = 0;
};

/// Bytes by kind, counted by walking layers, groups and members.
class Walk {
 public:
  Walk(const ModelConfig& model, const Machine& machine, const Training& training, const Layout& layout)
      : Walk(model, machine, training, layout,
             [&machine](int rank) { return rank / static_cast<int>(machine.domain); }) {}
  /// @param domain_of the domain of a rank
  Walk(const ModelConfig& model, const Machine& machine, const Training& training, const Layout& layout,
       const std::function<int(int)>& domain_of)
      : m_(model),
        domain_of_(domain_of),
        t_(training),
        l_(layout),
        topology_({.world_size = static_cast<int>(machine.gpus),
                   .tensor = static_cast<int>(layout.tp),
                   .pipeline = static_cast<int>(layout.pp),
                   .convention = Convention::megatron_core,
                   .context = static_cast<int>(layout.cp),
                   .expert = static_cast<int>(layout.ep),
                   .expert_tensor = static_cast<int>(layout.etp),
                   .order = to_string(layout.order)}) {
    const GroupFamily& pipelines = *topology_.find(GroupKind("pipeline"));
    for (int number = 0; number < pipelines.group_count(); ++number) {
      for (int stage = 0; stage < pipelines.group_size(); ++stage)
        stage_of_rank_[pipelines.rank_at({number, stage})] = stage;
    }
    for (std::int64_t micro = 0; micro < t_.global_batch / (t_.micro_batch * l_.dp); ++micro) {
      for (std::int64_t layer = 0; layer < m_.layers + m_.mtp_layers; ++layer) add_layer(layer);
      // Embedding and output matrix: forward and backward.
      for (int pass = 0; pass < 2; ++pass) {
        gather("tensor", 0, hidden());
        gather("tensor", l_.pp - 1, hidden());
        for (std::int64_t i = 0; i < 2 * m_.mtp_layers; ++i) gather("tensor", l_.pp - 1, hidden());
      }
      for (std::int64_t part = 0; part + 1 < l_.pp * l_.vpp; ++part) {
        neighbours(part % l_.pp, (part + 1) % l_.pp);
        neighbours((part + 1) % l_.pp, part % l_.pp);
      }
    }
    for (std::int64_t stage = 0; stage < l_.pp; ++stage) add_parameters(stage);
  }

  std::map<std::string, Bytes> sums;

 private:
  [[nodiscard]] double hidden() const {
    return 2.0 * static_cast<double>(t_.micro_batch * t_.sequence_length / l_.cp * m_.hidden);
  }

  [[nodiscard]] std::int64_t stage_of(std::int64_t layer) const {
    std::int64_t first = 0;
    for (std::int64_t stage = 0; stage < l_.pp; ++stage) {
      first += m_.layers / l_.pp + (stage < m_.layers % l_.pp ? 1 : 0);
      if (layer < first) return stage;
    }
    return l_.pp - 1;
  }

  void add_layer(std::int64_t layer) {
    const std::int64_t stage = stage_of(layer);
    const bool has_experts = layer >= m_.layers ? m_.experts > 0 : m_.has_experts(layer);
    const int passes = t_.recompute == Recompute::full ? 3 : 2;
    for (int pass = 0; pass < passes; ++pass) {
      // Attention, MLP, shared experts.
      for (const bool is_there : {true, !has_experts, has_experts && m_.shared_ffn > 0}) {
        for (int i = 0; i < 2 && is_there; ++i) gather("tensor", stage, hidden());
      }
      if (!has_experts) continue;
      const double sent = hidden() * static_cast<double>(m_.experts_per_token) / static_cast<double>(l_.tp);
      for (int i = 0; i < 2; ++i) {
        gather("expert_tensor", stage, sent * static_cast<double>(l_.etp));
        all_to_all(stage, sent);
      }
    }
    const double kv = m_.latent_rank > 0
                          ? static_cast<double>(m_.heads * (m_.nope_dim + m_.rope_dim + m_.value_dim)) /
                                static_cast<double>(l_.tp)
                          : 2 * static_cast<double>(m_.kv_heads * m_.head_dim) / static_cast<double>(l_.tp);
    // Keys and values, the same backward with their gradients.
    for (int pass = 0; pass < passes + 1; ++pass) {
      for (std::int64_t step = 1; step < l_.cp; ++step)
        ring("context", stage, kv / static_cast<double>(m_.hidden) * hidden());
    }
  }

  void add_parameters(std::int64_t stage) {
    double dense = 0;
    double experts = 0;
    const auto add = [&](const ParameterRow& row) {
      const auto values = static_cast<double>(row.each * row.count);
      if (row.part.starts_with("experts")) {
        experts += values / static_cast<double>(l_.ep * l_.etp);
      } else {
        dense += row.is_divided ? values / static_cast<double>(l_.tp) : values;
      }
    };
    for (std::int64_t layer = 0; layer < m_.layers; ++layer) {
      if (stage_of(layer) != stage) continue;
      for (const ParameterRow& row : layer_parameters(m_, m_.has_experts(layer))) add(row);
    }
    const auto width = static_cast<double>(m_.hidden);
    const double table = static_cast<double>(m_.vocabulary) * width / static_cast<double>(l_.tp);
    const bool is_first = stage == 0;
    const bool is_last = stage == l_.pp - 1;
    bool has_embedding = is_first;
    if (is_first) dense += static_cast<double>(m_.positions) * width;
    if (is_last) {
      dense += width;
      if (!m_.tied) dense += table;
      has_embedding = is_first || m_.tied || m_.mtp_layers > 0;
      for (std::int64_t i = 0; i < m_.mtp_layers; ++i) {
        for (const ParameterRow& row : layer_parameters(m_, m_.experts > 0)) add(row);
        dense += 3 * width + 2 * width * width / static_cast<double>(l_.tp);
      }
    }
    if (has_embedding) dense += table;
    if ((m_.tied || m_.mtp_layers > 0) && l_.pp > 1 && (is_first || is_last)) {
      for_each_member("pipeline", stage, [&](const std::vector<int>& group, std::size_t) {
        const std::size_t other = is_first ? group.size() - 1 : 0;
        send("embedding", group[static_cast<std::size_t>(stage)], group[other], t_.gradient_bytes * table);
      });
    }
    // Gradients reduced, parameters gathered; or an all-reduce of gradients; or parameters gathered twice and
    // gradients reduced for each microbatch.
    const auto gradient = static_cast<double>(t_.gradient_bytes);
    std::vector<double> collectives{gradient, t_.zero == 0 ? gradient : 2.0};
    if (t_.zero == 3) collectives.push_back(2.0);
    const std::int64_t times = t_.zero == 3 ? t_.global_batch / (t_.micro_batch * l_.dp) : 1;
    for (std::int64_t i = 0; i < times; ++i) {
      for (const double bytes : collectives) {
        gather("data_context", stage, bytes * dense);
        gather("expert_data", stage, bytes * experts);
      }
    }
  }

  /// The members of a kind's groups that are ranks of a stage.
  template <typename Use>
  void for_each_member(const char* kind, std::int64_t stage, Use use) {
    const GroupFamily* family = topology_.find(GroupKind(kind));
    if (family == nullptr) return;
    for (int number = 0; number < family->group_count(); ++number) {
      std::vector<int> group;
      for (int member = 0; member < family->group_size(); ++member)
        group.push_back(family->rank_at({number, member}));
      for (std::size_t member = 0; member < group.size(); ++member) {
        if (stage_of_rank_.at(group[member]) == stage) use(group, member);
      }
    }
  }

  void send(const std::string& kind, int from, int to, double bytes) {
    const bool is_near = domain_of_(from) == domain_of_(to);
    (is_near ? sums[kind].domain : sums[kind].network) += bytes;
  }

  void ring(const char* kind, std::int64_t stage, double bytes) {
    for_each_member(kind, stage, [&](const std::vector<int>& group, std::size_t member) {
      if (group.size() > 1) send(kind, group[member], group[(member + 1) % group.size()], bytes);
    });
  }

  void gather(const char* kind, std::int64_t stage, double bytes) {
    for_each_member(kind, stage, [&](const std::vector<int>& group, std::size_t member) {
      const auto size = static_cast<double>(group.size());
      if (group.size() > 1)
        send(kind, group[member], group[(member + 1) % group.size()], bytes * (size - 1) / size);
    });
  }

  void all_to_all(std::int64_t stage, double bytes) {
    for_each_member("expert", stage, [&](const std::vector<int>& group, std::size_t member) {
      for (const int other : group) {
        if (other != group[member])
          send("expert", group[member], other, bytes / static_cast<double>(group.size()));
      }
    });
  }

  void neighbours(std::int64_t from, std::int64_t to) {
    for_each_member("pipeline", from, [&](const std::vector<int>& group, std::size_t member) {
      send("pipeline", group[member], group[static_cast<std::size_t>(to)],
           hidden() / static_cast<double>(l_.tp));
    });
  }

  const ModelConfig& m_;
  std::function<int(int)> domain_of_;
  const Training& t_;
  const Layout& l_;
  Topology topology_;
  std::map<int, std::int64_t> stage_of_rank_;
};

void compare(const ModelConfig& model, const Machine& machine, const Training& training,
             const Layout& layout) {
  INFO("tp " << layout.tp << " cp " << layout.cp << " ep " << layout.ep << " etp " << layout.etp << " pp "
             << layout.pp << " vpp " << layout.vpp << " dp " << layout.dp << ", domains of " << machine.domain
             << ", " << to_string(layout.order) << ", experts " << model.experts << ", tied " << model.tied);
  REQUIRE(check(model, machine, training, layout).empty());
  Walk walk(model, machine, training, layout);
  const Work work(model);
  const std::map<std::string_view, const char*> names{{"data", "data_context"}};
  std::map<std::string, Bytes> sums;
  for (std::int64_t stage = 0; stage < layout.pp; ++stage) {
    for (const Traffic& line : traffic(work, machine, training, layout, stage)) {
      CHECK(line.calls > 0);
      const auto name = names.find(line.kind);
      Bytes& sum = sums[name == names.end() ? std::string(line.kind) : name->second];
      const auto ranks = static_cast<double>(machine.gpus / layout.pp);
      sum.domain += ranks * line.domain_bytes;
      sum.network += ranks * line.network_bytes;
    }
  }
  for (auto& [kind, bytes] : walk.sums) {
    INFO(kind);
    CHECK(sums[kind].domain == Approx(bytes.domain).margin(1e-6));
    CHECK(sums[kind].network == Approx(bytes.network).margin(1e-6));
  }
  CHECK(sums.size() == walk.sums.size());
}

}  // namespace

TEST_CASE("the traffic of each level is what walking the groups counts") {
  for (const std::int64_t domain : {1, 4, 8, 24}) {
    const Machine machine{.gpu = *find_gpu("H100"), .gpus = 24, .domain = domain};
    const Training training{.sequence_length = 12, .global_batch = 48};
    for (const bool tied : {false, true}) {
      for (const Layout& layout : {Layout{.dp = 24},
                                   {.tp = 2, .etp = 2, .pp = 4, .vpp = 2, .dp = 3},
                                   {.tp = 3, .etp = 3, .pp = 2, .dp = 4},
                                   {.tp = 2, .cp = 2, .etp = 2, .pp = 3, .dp = 2},
                                   {.tp = 6, .cp = 4, .etp = 6},
                                   {.cp = 3, .pp = 8}})
        compare(dense(tied), machine, training, layout);
    }
    for (const Layout& layout : {Layout{.ep = 8, .dp = 24},
                                 {.tp = 2, .ep = 4, .pp = 3, .dp = 4},
                                 {.tp = 2, .ep = 2, .etp = 2, .pp = 2, .dp = 6},
                                 {.tp = 3, .cp = 2, .ep = 2, .etp = 3, .pp = 2, .dp = 2},
                                 {.tp = 4, .ep = 8, .dp = 6}})
      compare(deepseek(), machine, training, layout);
  }
}

TEST_CASE("the traffic of each level follows the order of the axes") {
  int number = 0;
  int orders = 0;
  for (const std::int64_t domain : {4, 6, 8}) {
    const Machine machine{.gpu = *find_gpu("H100"), .gpus = 24, .domain = domain};
    const Training training{.sequence_length = 12, .global_batch = 12};
    const auto compare_orders = [&](const ModelConfig& model, Layout layout) {
      for (const Order& order : all_orders()) {
        // All of them would take many seconds.
        if (++number % 4 != 0) continue;
        layout.order = order;
        if (!check(model, machine, training, layout).empty()) continue;
        compare(model, machine, training, layout);
        ++orders;
      }
    };
    compare_orders(dense(true), {.tp = 2, .cp = 2, .etp = 2, .pp = 2, .dp = 3});
    compare_orders(dense(true), {.tp = 2, .etp = 2, .pp = 4, .vpp = 2, .dp = 3});
    compare_orders(deepseek(), {.tp = 2, .cp = 2, .ep = 4, .pp = 2, .dp = 3});
    compare_orders(deepseek(), {.tp = 2, .cp = 3, .ep = 2, .etp = 2, .dp = 4});
  }
  CHECK(orders > 100);
}

TEST_CASE("the traffic of three levels adds up to that of two") {
  const Machine machine{.gpu = *find_gpu("H100"), .gpus = 48, .domain = 4};
  const Training training{.sequence_length = 12, .global_batch = 48};
  const Layout layout{.tp = 2, .cp = 2, .ep = 4, .pp = 3, .dp = 4, .order = *parse_order("tp-dp-cp-ep-pp")};
  const Work work(deepseek());
  REQUIRE(check(deepseek(), machine, training, layout).empty());
  const Cluster cluster = parse_cluster("rack:3 node:4 gpu:4");
  const std::array<std::size_t, 2> nodes_and_racks{1, 0};
  for (std::int64_t stage = 0; stage < layout.pp; ++stage) {
    const auto levels = traffic_by_level(work, cluster, training, layout, nodes_and_racks, stage);
    const auto nodes = traffic(work, machine, training, layout, stage);
    Machine of_racks = machine;
    of_racks.domain = 16;
    const auto racks = traffic(work, of_racks, training, layout, stage);
    REQUIRE(levels.size() == nodes.size());
    bool has_middle = false;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      CHECK(levels[i].kind == nodes[i].kind);
      CHECK(levels[i].calls == nodes[i].calls);
      REQUIRE(levels[i].bytes.size() == 3);
      CHECK(levels[i].bytes[0] == Approx(nodes[i].domain_bytes));
      CHECK(levels[i].bytes[0] + levels[i].bytes[1] == Approx(racks[i].domain_bytes));
      CHECK(levels[i].bytes[2] == Approx(racks[i].network_bytes));
      has_middle |= levels[i].bytes[1] > 0;
    }
    CHECK(has_middle);
  }
}

TEST_CASE("the traffic of domains of several sizes is what walking the groups counts") {
  // Hosts of several sizes, and racks whose hosts do not follow each other.
  std::vector<ClusterHost> hosts;
  const std::array<int, 6> slots{4, 2, 6, 4, 3, 5};
  for (std::size_t i = 0; i < slots.size(); ++i)
    hosts.push_back({"h" + std::to_string(i), slots[i], {i % 2 == 0 ? "a" : "b"}});
  const Cluster cluster({"rack"}, hosts);
  const auto nodes = [&](int rank) { return cluster.host_of(rank); };
  const auto racks = [&](int rank) { return cluster.domain_of(rank, 0); };
  const Training training{.sequence_length = 12, .global_batch = 24};
  const auto compare_levels = [&](const ModelConfig& model, const Layout& layout) {
    INFO("tp " << layout.tp << " ep " << layout.ep << " pp " << layout.pp << ", " << to_string(layout.order));
    const Machine machine{.gpu = *find_gpu("H100"), .gpus = 24, .domain = 24};
    REQUIRE(check(model, machine, training, layout).empty());
    Walk of_nodes(model, machine, training, layout, nodes);
    Walk of_racks(model, machine, training, layout, racks);
    std::map<std::string, std::array<double, 3>> sums;
    for (std::int64_t stage = 0; stage < layout.pp; ++stage) {
      for (const LevelTraffic& line : traffic_by_level(Work(model), cluster, training, layout,
                                                       std::array<std::size_t, 2>{1, 0}, stage)) {
        REQUIRE(line.bytes.size() == 3);
        auto& sum = sums[line.kind == "data" ? "data_context" : std::string(line.kind)];
        for (std::size_t i = 0; i < 3; ++i)
          sum[i] += line.bytes[i] * static_cast<double>(machine.gpus / layout.pp);
      }
    }
    CHECK(sums.size() > 2);
    for (const auto& [kind, bytes] : of_nodes.sums) {
      INFO(kind);
      const std::array<double, 3> sum = sums[kind];
      // Hosts lie in racks, so that bytes inside a host are inside its rack too.
      CHECK(sum[0] == Approx(bytes.domain).margin(1e-6));
      CHECK(sum[0] + sum[1] == Approx(of_racks.sums[kind].domain).margin(1e-6));
      CHECK(sum[2] == Approx(of_racks.sums[kind].network).margin(1e-6));
    }
  };
  compare_levels(dense(true), {.tp = 2, .cp = 2, .etp = 2, .pp = 2, .dp = 3});
  compare_levels(dense(true), {.tp = 3, .etp = 3, .pp = 2, .dp = 4});
  compare_levels(deepseek(), {.ep = 8, .dp = 24});
  compare_levels(deepseek(), {.tp = 2, .ep = 4, .pp = 3, .dp = 4});
  compare_levels(deepseek(),
                 {.tp = 2, .cp = 3, .ep = 2, .etp = 2, .dp = 4, .order = *parse_order("cp-tp-ep-dp-pp")});
}

TEST_CASE("each stage of ZeRO has its messages") {
  const Machine machine{.gpu = *find_gpu("H100"), .gpus = 24, .domain = 8};
  for (const int zero : {0, 1, 2, 3}) {
    const Training training{
        .sequence_length = 12, .global_batch = 48, .zero = zero, .gradient_bytes = zero % 2 == 0 ? 2 : 4};
    compare(dense(false), machine, training, {.tp = 2, .etp = 2, .dp = 12});
    compare(deepseek(), machine, training, {.ep = 4, .pp = 2, .dp = 12});
  }
}

TEST_CASE("what is computed again sends its messages again") {
  const Machine machine{.gpu = *find_gpu("H100"), .gpus = 24, .domain = 8};
  const Training training{.sequence_length = 12, .global_batch = 24, .recompute = Recompute::full};
  compare(dense(true), machine, training, {.tp = 2, .cp = 2, .etp = 2, .pp = 3, .dp = 2});
  compare(deepseek(), machine, training, {.tp = 2, .ep = 2, .etp = 2, .pp = 2, .dp = 6});
}

TEST_CASE("the bytes of gradients and of tokens are counted by hand") {
  const Work work(mixtral());
  const auto messages =
      traffic(work, nodes_of_h100(64), {.sequence_length = 4096, .global_batch = 64}, {.ep = 8, .dp = 64});
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
