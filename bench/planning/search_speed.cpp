#include "search_speed.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "rankmesh/planner/search.hpp"

namespace rankmesh::bench {
namespace {

struct Case {
  const char* name;
  planner::ModelConfig model;
  planner::Machine machine;
  planner::Training training;
};

Case llama() {
  return {.name = "Llama 3.1 405B on 16,384 H100",
          .model = {.layers = 126,
                    .hidden = 16384,
                    .vocabulary = 128256,
                    .heads = 128,
                    .kv_heads = 8,
                    .head_dim = 128,
                    .ffn = 53248},
          .machine = {.gpu = *planner::find_gpu("H100"), .gpus = 16384, .domain = 8},
          .training = {.sequence_length = 8192, .global_batch = 2048}};
}

Case deepseek() {
  return {.name = "DeepSeek V3 on 2,048 H800",
          .model = {.layers = 61,
                    .hidden = 7168,
                    .vocabulary = 129280,
                    .heads = 128,
                    .kv_heads = 128,
                    .head_dim = 128,
                    .latent_rank = 512,
                    .query_rank = 1536,
                    .nope_dim = 128,
                    .rope_dim = 64,
                    .value_dim = 128,
                    .ffn = 18432,
                    .experts = 256,
                    .experts_per_token = 8,
                    .expert_ffn = 2048,
                    .shared_ffn = 2048,
                    .dense_layers = {0, 1, 2},
                    .mtp_layers = 1},
          .machine = {.gpu = *planner::find_gpu("H800"), .gpus = 2048, .domain = 8},
          .training = {.sequence_length = 4096, .global_batch = 15360}};
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// Seconds of computation of one search, the median of nine, and what it found.
std::pair<double, planner::Plan> measure(const Case& job, const planner::SearchSpace& space) {
  const planner::Work work(job.model);
  std::vector<double> seconds;
  planner::Plan plan;
  for (int i = 0; i < 9; ++i) {
    const std::clock_t start = std::clock();
    plan = planner::search(work, job.machine, space, 10);
    seconds.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::sort(seconds.begin(), seconds.end());
  return {seconds[seconds.size() / 2], std::move(plan)};
}

}  // namespace

void print_search_speed() {
  for (const Case& job : {llama(), deepseek()}) {
    std::printf("%s\n", job.name);
    for (const bool is_usual : {true, false}) {
      planner::SearchSpace space{.training = job.training};
      if (is_usual) space.orders = {planner::Order{}};
      const long before = peak_kib();
      const auto [seconds, plan] = measure(job, space);
      std::printf("  %-15s %6lld layouts, %5lld fit  %8.4f s  %8.0f layouts/s  memory + %ld KiB\n",
                  is_usual ? "the usual order" : "all orders", static_cast<long long>(plan.considered),
                  static_cast<long long>(plan.valid), seconds, static_cast<double>(plan.considered) / seconds,
                  peak_kib() - before);
    }
  }
}

}  // namespace rankmesh::bench
