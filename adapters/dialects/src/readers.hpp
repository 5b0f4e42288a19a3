#pragma once

#include <string>
#include <string_view>

#include "rankmesh/topology/parallel_config.hpp"
#include "words.hpp"

/// @file
/// Reading and writing of each dialect, in a file of its own. What is read is sound as a text, and still to
/// be checked as a layout; what is written is valid.

namespace rankmesh {

[[nodiscard]] ParallelConfig read_rankmesh(std::string_view text, WorldSize world_size);
[[nodiscard]] ParallelConfig read_megatron(std::string_view text, WorldSize world_size);
[[nodiscard]] ParallelConfig read_devicemesh(std::string_view text, WorldSize world_size);
[[nodiscard]] ParallelConfig read_deepspeed(std::string_view text, WorldSize world_size);
[[nodiscard]] ParallelConfig read_torchtitan(std::string_view text, WorldSize world_size);
[[nodiscard]] ParallelConfig read_inner_to_outer(std::string_view text, WorldSize world_size);

[[nodiscard]] std::string write_rankmesh(const ParallelConfig& config);
[[nodiscard]] std::string write_megatron(const ParallelConfig& config);
[[nodiscard]] std::string write_devicemesh(const ParallelConfig& config);
[[nodiscard]] std::string write_deepspeed(const ParallelConfig& config);
[[nodiscard]] std::string write_torchtitan(const ParallelConfig& config);
[[nodiscard]] std::string write_inner_to_outer(const ParallelConfig& config);

}  // namespace rankmesh
