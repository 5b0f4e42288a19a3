#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rankmesh/planner/export.hpp"

namespace RANKMESH_PLANNER_API rankmesh {
namespace planner {

/// A GPU as its vendor describes it, and the part of its peak that training reaches.
struct Gpu {
  /// `H100`; a GPU with several memories has its size in the name, `A100-40`.
  std::string_view name{};
  /// Dense peak with 16-bit numbers, in TFLOP/s.
  double bf16_tflops = 0;
  /// Dense peak with 8-bit numbers; that of 16 bits where there is no other.
  double fp8_tflops = 0;
  /// Dense peak with 4-bit numbers; that of 8 bits where there is no other.
  double fp4_tflops = 0;
  /// Bandwidth of the memory, in TB/s.
  double memory_tb_s = 0;
  /// Memory that programs can use, in GiB.
  double memory_gib = 0;
  /// Bandwidth between GPUs of a fast domain in one direction, in GB/s for a GPU.
  double link_gb_s = 0;
  /// Bandwidth of the network in one direction, in GB/s for a GPU.
  double network_gb_s = 0;
  /// GPUs of a fast domain in the usual machine.
  std::int64_t domain = 8;
  /// The part of the peak that large matrices reach: fitted, see docs/planner.md.
  double efficiency = 0;
  /// The part of the 16-bit peak that fused attention reaches: fitted.
  double attention = 0;
  /// The same for the kernels of FlashAttention 2, which do not use all of newer GPUs.
  double flash2 = 0;
  /// Where the vendor's numbers stand.
  std::string_view source{};

  bool operator==(const Gpu&) const = default;
};

/// All GPUs that are known.
[[nodiscard]] std::span<const Gpu> known_gpus() noexcept;
/// A GPU by its name, in upper or lower case; null if it is unknown.
[[nodiscard]] const Gpu* find_gpu(std::string_view name) noexcept;

/// The links out of the domains of a level: of a rack, for example.
struct LevelLinks {
  /// The GPUs of a domain.
  std::int64_t domain = 1;
  /// Bandwidth in one direction, in GB/s for a GPU of the domain.
  double gb_s = 0;
  /// Seconds that a message out of a domain takes beside its bytes; nothing if they are those of the fast
  /// links, or of the network.
  std::optional<double> latency_s{};

  bool operator==(const LevelLinks&) const = default;
};

/// What a job runs on: equal GPUs in equal fast domains, numbered domain by domain.
struct Machine {
  /// Every GPU.
  Gpu gpu{};
  /// GPUs of the job.
  std::int64_t gpus = 1;
  /// GPUs that the fast links connect: those of a node, or of a rack with NVLink switches.
  std::int64_t domain = 8;
  /// Seconds that a message takes beside its bytes, inside a fast domain; nothing if it is not known.
  std::optional<double> link_latency_s{};
  /// The same between fast domains.
  std::optional<double> network_latency_s{};
  /// Other links than those out of GPUs (`gpu.link_gb_s`) and out of fast domains (`gpu.network_gb_s`), in
  /// ascending order of the domains: levels inside fast domains, then levels of the network.
  std::vector<LevelLinks> levels{};

  bool operator==(const Machine&) const = default;
};

}  // namespace planner
}  // namespace rankmesh
