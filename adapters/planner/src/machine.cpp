#include "rankmesh/planner/machine.hpp"

#include <algorithm>
#include <array>

namespace rankmesh::planner {
namespace {

constexpr std::string_view a100 = "NVIDIA A100 Tensor Core GPU data sheet; DGX A100: 8 x 200 Gb/s";
constexpr std::string_view h100 = "NVIDIA H100 Tensor Core GPU data sheet (SXM); DGX H100: 8 x 400 Gb/s";
constexpr std::string_view b200 = "NVIDIA DGX B200 data sheet, a GPU's share; 8 x 400 Gb/s";
constexpr std::string_view b300 = "NVIDIA DGX B300 data sheet, a GPU's share; 8 x 800 Gb/s";
constexpr std::string_view gb200 = "NVIDIA GB200 NVL72 data sheet, a GPU's share; 400 Gb/s a GPU";
constexpr std::string_view gb300 = "NVIDIA GB300 NVL72 data sheet, a GPU's share; 800 Gb/s a GPU";

// In this order: name, TFLOP/s with 16, 8 and 4 bits, TB/s, GiB, GB/s of links and network, domain, fitted
// parts of the peak (large matrices, fused attention, FlashAttention 2), source.
constexpr std::array gpus{
    Gpu{"A100-40", 312, 312, 312, 1.555, 39.4, 300, 25, 8, 0.924, 0.356, 0.338, a100},
    Gpu{"A100-80", 312, 312, 312, 2.039, 79.15, 300, 25, 8, 0.924, 0.356, 0.338, a100},
    Gpu{"H100", 989, 1979, 1979, 3.35, 79.1, 450, 50, 8, 0.799, 0.581, 0.212, h100},
    Gpu{"H800", 989, 1979, 1979, 3.35, 79.1, 200, 50, 8, 0.799, 0.581, 0.212,
        "as H100, with links of 400 GB/s in both directions (arXiv 2412.19437)"},
    Gpu{"H200", 989, 1979, 1979, 4.8, 139.8, 450, 50, 8, 0.799, 0.581, 0.212,
        "NVIDIA H200 Tensor Core GPU data sheet (SXM); 8 x 400 Gb/s"},
    Gpu{"B200", 2250, 4500, 9000, 8.0, 178.4, 900, 50, 8, 0.522, 0.352, 0.2, b200},
    Gpu{"B300", 2250, 4500, 13500, 8.0, 267.6, 900, 100, 8, 0.522, 0.352, 0.2, b300},
    Gpu{"GB200", 2500, 5000, 10000, 8.0, 184.3, 900, 50, 72, 0.649, 0.306, 0.2, gb200},
    Gpu{"GB300", 2500, 5000, 15000, 8.0, 276.6, 900, 100, 72, 0.649, 0.306, 0.2, gb300},
    Gpu{"MI300X", 1307, 2615, 2615, 5.3, 191.5, 448, 50, 8, 0.6, 0.4, 0.3,
        "AMD Instinct MI300X data sheet; 8 x 400 Gb/s; no measurement was fitted"},
};

}  // namespace

std::span<const Gpu> known_gpus() noexcept {
  return gpus;
}

const Gpu* find_gpu(std::string_view name) noexcept {
  const auto* gpu = std::find_if(gpus.begin(), gpus.end(), [&](const Gpu& g) {
    return std::equal(g.name.begin(), g.name.end(), name.begin(), name.end(),
                      [](char a, char b) { return (a | 0x20) == (b | 0x20); });
  });
  return gpu == gpus.end() ? nullptr : gpu;
}

}  // namespace rankmesh::planner
