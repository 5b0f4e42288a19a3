// The cost of a topology: queries about one rank, making a topology, and writing all lists of all kinds.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <span>
#include <vector>

#include "rankmesh/topology.hpp"

namespace {

using rankmesh::KindFamily;
using rankmesh::ParallelConfig;
using rankmesh::RankList;
using rankmesh::Topology;

/// The kinds of a benchmark: its second argument.
enum Kinds : std::int64_t { of_reference, of_megatron_core, with_remat };

ParallelConfig config_of(std::int64_t world_size, std::int64_t kinds) {
  if (kinds == of_reference) {
    return {.world_size = world_size, .tensor = 8, .pipeline = 16, .split_rank = 5, .fp8 = true};
  }
  ParallelConfig config{.world_size = world_size,
                        .tensor = 4,
                        .pipeline = 8,
                        .convention = rankmesh::Convention::megatron_core,
                        .context = 2,
                        .expert = 8,
                        .expert_tensor = 2};
  if (kinds == with_remat) {
    config.weight_remat = 2;
    config.expert_weight_remat = 2;
  } else {
    config.optimizer_instances = 2;
    config.hierarchical_context = {2};
    config.hybrid_context = true;
  }
  return config;
}

/// Runs a benchmark with each world size and each set of kinds.
void in_worlds(benchmark::internal::Benchmark* each, std::initializer_list<std::int64_t> sizes) {
  for (const std::int64_t kinds : {of_reference, of_megatron_core, with_remat}) {
    for (const std::int64_t size : sizes) each->Args({size, kinds});
  }
  each->ArgNames({"ranks", "kinds"});
}

/// Queries group, position, size and one other member of all kinds, for ranks spread over the world.
void everything_about_one_rank(benchmark::State& state) {
  const Topology topology(config_of(state.range(0), state.range(1)));
  const int world_size = topology.world_size();
  std::uint32_t random = 1;
  for (auto _ : state) {
    random = random * 1664525U + 1013904223U;
    const int rank = static_cast<int>(random % static_cast<std::uint32_t>(world_size));
    int answers = 0;
    for (const KindFamily& kind : topology.kinds()) {
      const auto place = kind.family.locate(rank);
      if (!place) continue;
      const RankList ranks = kind.family.group(place->group);
      const int size = ranks.size();
      answers += place->group + place->position + size +
                 ranks[place->position + 1 == size ? 0 : place->position + 1];
    }
    benchmark::DoNotOptimize(answers);
  }
  state.counters["kinds"] = static_cast<double>(topology.kinds().size());
}
BENCHMARK(everything_about_one_rank)->Apply([](auto* each) {
  in_worlds(each, {1 << 10, 1 << 15, 1 << 20, 1 << 30});
});

void make_topology(benchmark::State& state) {
  const ParallelConfig config = config_of(state.range(0), state.range(1));
  for (auto _ : state) {
    const Topology topology(config);
    benchmark::DoNotOptimize(&topology);
  }
}
BENCHMARK(make_topology)->Apply([](auto* each) { in_worlds(each, {1 << 10, 1 << 20, 1 << 30}); });

/// Writes the lists of all kinds, one after another.
void enumerate_all(const Topology& topology, std::span<int> buffer) {
  std::size_t written = 0;
  for (const KindFamily& kind : topology.kinds()) {
    const auto members = static_cast<std::size_t>(kind.family.member_count());
    kind.family.enumerate(buffer.subspan(written, members));
    written += members;
  }
}

std::vector<int> buffer_for(const Topology& topology) {
  std::int64_t members = 0;
  for (const KindFamily& kind : topology.kinds()) members += kind.family.member_count();
  return std::vector<int>(static_cast<std::size_t>(members));
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Writes the lists of all kinds, in turns with std::iota over as many numbers in the same buffer. The
/// benchmark's time is that of the lists; `ratio` is their median time divided by the median time of iota.
void enumerate_beside_iota(benchmark::State& state) {
  const Topology topology(config_of(state.range(0), state.range(1)));
  std::vector<int> buffer = buffer_for(topology);
  std::vector<double> lists;
  std::vector<double> iota;
  for (auto _ : state) {
    auto start = std::chrono::steady_clock::now();
    std::iota(buffer.begin(), buffer.end(), 0);
    benchmark::ClobberMemory();
    iota.push_back(seconds_since(start));

    start = std::chrono::steady_clock::now();
    enumerate_all(topology, buffer);
    benchmark::ClobberMemory();
    lists.push_back(seconds_since(start));
    state.SetIterationTime(lists.back());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(buffer.size()));
  const double lists_median = median(lists);
  const double iota_median = median(iota);
  state.counters["lists_ms"] = 1e3 * lists_median;
  state.counters["iota_ms"] = 1e3 * iota_median;
  state.counters["ratio"] = lists_median / iota_median;
}
BENCHMARK(enumerate_beside_iota)->Apply([](auto* each) {
                                  in_worlds(each, {1 << 15, 1 << 16, 1 << 20});
                                }) -> UseManualTime() -> Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
