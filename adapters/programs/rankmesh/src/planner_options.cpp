#include "planner_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "cluster_argument.hpp"
#include "common_options.hpp"
#include "measured_runs.hpp"
#include "rankmesh/files/file_text.hpp"
#include "rankmesh/files/model.hpp"

namespace rankmesh::cli {
namespace {

constexpr std::int64_t most = INT32_MAX;

std::vector<Choice> gpu_choices() {
  std::vector<Choice> choices;
  for (const planner::Gpu& gpu : planner::known_gpus()) choices.emplace_back(gpu.name);
  return choices;
}

/// The slots of the smallest domain of a level.
std::int64_t least_slots(const Cluster& cluster, std::size_t level) {
  if (const auto size = cluster.domain_size(level)) return *size;
  std::int64_t least = cluster.slots();
  for (int domain = 0; domain < cluster.domain_count(level); ++domain) {
    std::int64_t slots = 0;
    for (const SlotRange& range : cluster.slots_of(level, domain)) slots += range.count;
    least = std::min(least, slots);
  }
  return least;
}

std::vector<std::size_t> levels_of(const Cluster& cluster) {
  std::vector<std::size_t> levels;
  for (std::size_t level = cluster.level_count() - 1; level-- > 0;) {
    const int domains = cluster.domain_count(level);
    if (domains > 1 && domains < cluster.slots()) levels.push_back(level);
  }
  return levels;
}

/// A number of slots, the greatest one, so that blocks of so many do not leave the domains of a level. Blocks
/// are counted from slot 0.
std::int64_t block_size(const Cluster& cluster, std::size_t level) {
  if (const auto size = cluster.domain_size(level)) return *size;
  std::int64_t size = 0;
  for (int slot = 1; slot < cluster.slots(); ++slot) {
    if (cluster.domain_of(slot, level) != cluster.domain_of(slot - 1, level))
      size = std::gcd(size, std::int64_t{slot});
  }
  return size == 0 ? cluster.slots() : size;
}

/// The links that a file describes, by the GPUs of the domains that they lead out of: those out of GPUs, of
/// fast domains, and of other levels. Of several out of domains of one size, the slowest one counts.
std::map<std::int64_t, files::LevelLink> links_by_domain(const std::vector<files::LevelLink>& links,
                                                         const Cluster& cluster, std::int64_t fast_domain) {
  // There is no link out of a single GPU where each has a fast domain of its own.
  std::map<std::int64_t, files::LevelLink> stated{{1, {}}, {fast_domain, {}}};
  bool is_nearest = true;
  for (std::size_t level = cluster.level_count(); level-- > 0;) {
    const std::int64_t least = least_slots(cluster, level);
    std::int64_t domain = std::min(least, block_size(cluster, level));
    if (least >= fast_domain) {
      domain = is_nearest ? fast_domain : std::max(domain, fast_domain);
      is_nearest = false;
    }
    for (const files::LevelLink& link : links) {
      if (link.level != cluster.level_name(level)) continue;
      files::LevelLink& slowest = stated[domain];
      if (link.bandwidth_gb_s)
        slowest.bandwidth_gb_s =
            std::min(slowest.bandwidth_gb_s.value_or(*link.bandwidth_gb_s), *link.bandwidth_gb_s);
      if (link.latency_us) slowest.latency_us = std::max(slowest.latency_us.value_or(0), *link.latency_us);
    }
  }
  return stated;
}

/// What a file does not say of a level outside a described one is as there.
void apply_links(const std::vector<files::LevelLink>& links, const Cluster& cluster,
                 planner::Machine& machine) {
  double rate = machine.gpu.link_gb_s;
  std::optional<double> latency;
  for (const auto& [domain, link] : links_by_domain(links, cluster, machine.domain)) {
    const bool is_network = domain == machine.domain;
    if (is_network) {
      rate = machine.gpu.network_gb_s;
      latency.reset();
    }
    rate = link.bandwidth_gb_s.value_or(rate);
    if (link.latency_us) latency = *link.latency_us * 1e-6;
    if (is_network) {
      machine.gpu.network_gb_s = rate;
      machine.network_latency_s = latency;
    } else if (domain == 1) {
      machine.gpu.link_gb_s = rate;
      machine.link_latency_s = latency;
    } else if (link.bandwidth_gb_s || link.latency_us) {
      machine.levels.push_back({.domain = domain, .gb_s = rate, .latency_s = latency});
    }
  }
}

}  // namespace

PlannerOptions::PlannerOptions(Command& command)
    : model_(command.add({.name = "--model",
                          .value_name = "FILE",
                          .description = "config.json of the model, or TOML (docs/planner.md)",
                          .heading = "Job",
                          .takes_file = true,
                          .is_required = true})),
      cluster_(command.add(
          {.name = "--cluster",
           .value_name = "CLUSTER",
           .description = "a text such as 'node:16 gpu:8', a hostlist, or a file (docs/clusters.md)",
           .heading = "Job",
           .takes_file = true,
           .is_required = true})),
      gpus_per_node_(command.add({.name = "--gpus-per-node",
                                  .value_name = "N",
                                  .description = "GPUs of a host for which the cluster says nothing",
                                  .heading = "Job",
                                  .default_value = "8"})),
      gpu_(command.add({.name = "--gpu",
                        .description = "the GPU; the cluster's file may name it too",
                        .heading = "Job",
                        .choices = gpu_choices(),
                        .default_value = "H100"})),
      fast_domain_(command.add({.name = "--fast-domain",
                                .value_name = "N",
                                .description = "GPUs that fast links connect",
                                .heading = "Job",
                                .default_value = "those of a host, or of an NVL72 rack"})),
      sequence_length_(command.add({.name = "--seq-length",
                                    .value_name = "N",
                                    .description = "tokens of a sequence",
                                    .heading = "Job",
                                    .is_required = true})),
      global_batch_(command.add({.name = "--global-batch",
                                 .value_name = "N",
                                 .description = "sequences of a step",
                                 .heading = "Job",
                                 .is_required = true})),
      micro_batch_(command.add({.name = "--micro-batch",
                                .value_name = "N",
                                .description = "sequences that a replica processes at a time",
                                .heading = "Job"})),
      recompute_(command.add({.name = "--recompute",
                              .description = "what the backward pass computes again",
                              .heading = "Job",
                              .choices = {"none", "selective", "full"}})),
      precision_(command.add({.name = "--precision",
                              .description = "numbers of the matrix multiplications",
                              .heading = "Job",
                              .choices = {"bf16", "fp8", "mxfp8", "nvfp4"},
                              .default_value = "bf16"})),
      attention_(command.add({.name = "--attention",
                              .description = "how attention is computed",
                              .heading = "Job",
                              .choices = {{"fused", "the vendor's kernel"},
                                          {"flash2", "FlashAttention 2"},
                                          {"flash1", "FlashAttention 1"},
                                          {"scores", "scores in memory, a fused softmax"},
                                          {"plain", "scores in memory, PyTorch's operations"}},
                              .default_value = "fused"})),
      loss_(command.add({.name = "--loss",
                         .description = "how the loss is computed",
                         .heading = "Job",
                         .choices = {{"parallel", "each tensor parallel rank has a part of the logits"},
                                     {"fused", "the same in one kernel"},
                                     {"gathered", "PyTorch's, of all logits on each rank"}},
                         .default_value = "parallel"})),
      norms_(command.add({.name = "--norms",
                          .description = "how norms are computed",
                          .heading = "Job",
                          .choices = {{"fused", "in one kernel"}, {"plain", "by PyTorch's operations"}},
                          .default_value = "fused"})),
      mlp_(command.add({.name = "--mlp",
                        .description = "how the MLP's activation is computed",
                        .heading = "Job",
                        .choices = {{"fused", "in one kernel"}, {"plain", "by PyTorch's operations"}},
                        .default_value = "fused"})),
      experts_(
          command.add({.name = "--experts",
                       .description = "how tokens are put in the order of their experts",
                       .heading = "Job",
                       .choices = {{"plain", "by kernels of their own"}, {"fused", "while they are sent"}},
                       .default_value = "plain"})),
      graphs_(command.add({.name = "--cuda-graphs",
                           .description = "kernels start from CUDA graphs, without waiting for the host",
                           .heading = "Job"})),
      zero_(command.add({.name = "--zero",
                         .description = "what is sharded over data parallel ranks",
                         .heading = "Job",
                         .choices = {{"0", "nothing"},
                                     {"1", "the optimizer's state"},
                                     {"2", "gradients too"},
                                     {"3", "weights too"}},
                         .default_value = "1"})),
      gradient_bytes_(command.add({.name = "--gradient-bytes",
                                   .description = "bytes of a gradient",
                                   .heading = "Job",
                                   .choices = {"4", "2"},
                                   .default_value = "4"})),
      no_sequence_parallel_(
          command.add({.name = "--no-sequence-parallel",
                       .description = "every tensor parallel rank computes norms and residuals",
                       .heading = "Job"})),
      zero_bubble_(command.add({.name = "--zero-bubble",
                                .description = "stages delay gradients of weights to where they would wait",
                                .heading = "Job"})),
      calibrate_(command.add({.name = "--calibrate",
                              .value_name = "FILE",
                              .description = "measured runs to fit the machine to (docs/planner.md)",
                              .heading = "Job",
                              .takes_file = true})) {}

std::optional<std::int64_t> PlannerOptions::micro_batch(Problems& problems) const {
  return number_of(micro_batch_, {.min = 1, .max = most}, problems);
}

planner::SizeBounds PlannerOptions::micro_batch_bounds(Problems& problems) const {
  return bounds_of(micro_batch_, problems);
}

std::optional<planner::Recompute> PlannerOptions::recompute(Problems& problems) const {
  const auto choice = choice_of(recompute_, problems);
  return choice ? std::optional(static_cast<planner::Recompute>(*choice)) : std::nullopt;
}

void PlannerOptions::read_training(planner::Training& training, Problems& problems) const {
  training.sequence_length = number_of(sequence_length_, {.min = 1, .max = most}, problems).value_or(1);
  training.global_batch = number_of(global_batch_, {.min = 1, .max = most}, problems).value_or(1);
  training.precision = static_cast<planner::Precision>(choice_of(precision_, problems).value_or(0));
  training.attention = static_cast<planner::Attention>(choice_of(attention_, problems).value_or(0));
  training.loss = static_cast<planner::Loss>(choice_of(loss_, problems).value_or(0));
  training.fused_norms = choice_of(norms_, problems).value_or(0) == 0;
  training.fused_mlp = choice_of(mlp_, problems).value_or(0) == 0;
  training.fused_experts = choice_of(experts_, problems).value_or(0) == 1;
  training.graphs = is_given(graphs_, problems);
  training.zero = static_cast<int>(choice_of(zero_, problems).value_or(1));
  training.gradient_bytes = choice_of(gradient_bytes_, problems).value_or(0) == 0 ? 4 : 2;
  training.zero_bubble = is_given(zero_bubble_, problems);
  training.sequence_parallel = !is_given(no_sequence_parallel_, problems);
}

void PlannerOptions::read_gpu(const std::string& of_file, PlannedJob& job, Problems& problems) const {
  const auto choice = choice_of(gpu_, problems);
  const planner::Gpu* gpu = of_file.empty() ? nullptr : planner::find_gpu(of_file);
  if (gpu_.count() > 0 || gpu == nullptr)
    gpu = choice ? &planner::known_gpus()[*choice] : planner::find_gpu("H100");
  job.machine.gpu = *gpu;
  if (gpu_.count() == 0 && of_file.empty())
    job.warnings.emplace_back("the GPU is taken to be an H100; --gpu names another");
}

void PlannerOptions::read_machine(PlannedJob& job, Problems& problems) const {
  planner::Machine& machine = job.machine;
  // Unknown until the cluster was read.
  machine.gpus = 0;
  const auto per_node = gpus_per_node_of(gpus_per_node_, problems);
  const auto fast_domain = number_of(fast_domain_, {.min = 1, .max = most}, problems);
  const auto text = value_of(cluster_, problems);
  const auto given = text ? read_cluster("--cluster", *text, per_node.value_or(8), problems) : std::nullopt;
  const files::HostFile file = given && given->file ? *given->file : files::HostFile{};
  read_gpu(file.gpu, job, problems);
  if (!given) return;
  const Cluster& cluster = given->cluster;
  if (file.gpu_memory_gib) machine.gpu.memory_gib = *file.gpu_memory_gib;
  machine.gpus = cluster.slots();
  job.cluster = std::make_shared<const Cluster>(cluster);
  job.levels = levels_of(cluster);
  std::int64_t of_host = cluster.slots();
  for (int host = 0; host < cluster.hosts(); ++host)
    of_host = std::min<std::int64_t>(of_host, cluster.slots_of_host(host));
  machine.domain = of_host;
  // A rack whose GPUs are all linked is a level above the hosts.
  for (std::size_t level = 0; level < cluster.host_level(); ++level) {
    if (cluster.domain_size(level) == machine.gpu.domain) machine.domain = machine.gpu.domain;
  }
  machine.domain = std::min(fast_domain.value_or(machine.domain), machine.gpus);
  apply_links(file.links, cluster, machine);
}

PlannedJob PlannerOptions::read(Problems& problems) const {
  PlannedJob job;
  if (const auto path = value_of(model_, problems)) {
    files::ModelReading reading = files::parse_model_file(*path);
    for (const Diagnostic& diagnostic : reading.diagnostics) problems.push_back(diagnostic.message());
    job.model = std::move(reading.model);
    job.warnings = std::move(reading.notes);
  }
  read_machine(job, problems);
  read_training(job.training, problems);
  return job;
}

void PlannerOptions::calibrate(PlannedJob& job, Problems& problems) const {
  if (calibrate_.count() == 0) return;
  const auto path = value_of(calibrate_, problems);
  if (!path) return;
  std::vector<planner::MeasuredRun> runs;
  try {
    runs = read_runs(files::file_text(*path), files::source_name(*path), job, problems);
  } catch (const files::FileError& error) {
    problems.push_back(std::string("--calibrate: ") + error.what());
  }
  if (!problems.empty()) return;
  const planner::Calibration found =
      planner::calibrate(planner::Work(job.model), job.machine, runs, job.constants);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const double error = 100 * (found.after[i] - 1);
    if (std::abs(error) > 10)
      job.warnings.push_back(
          fmt::format("--calibrate: run {} differs by {:+.0f} % even so; is its layout what was measured?",
                      i + 1, error));
  }
  found.apply(job.machine, job.constants);
  job.calibration = found;
}

planner::SizeBounds bounds_of(const Option& option, Problems& problems) {
  const auto given = range_of(option, {.min = 1, .max = most}, problems);
  return given ? planner::SizeBounds(given->min.value_or(1), given->max.value_or(most))
               : planner::SizeBounds{};
}

std::string_view name_of(planner::Recompute recompute) {
  constexpr std::array<std::string_view, 3> names{"none", "selective", "full"};
  return names[static_cast<std::size_t>(recompute)];
}

std::string_view name_of(planner::Fit fit) {
  constexpr std::array<std::string_view, 3> names{"yes", "tight", "no"};
  return names[static_cast<std::size_t>(fit)];
}

}  // namespace rankmesh::cli
