#pragma once

#include <string>
#include <string_view>

#include "rankmesh/topology/parallel_config.hpp"
#include "word_reader.hpp"

/// @file
/// Reading and writing of each dialect, one source file for each. The readers check the text, but not the
/// rules of the configuration; the writers expect a valid configuration.

namespace rankmesh::dialects {

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

/// Turns `[TP, CP] = [8, 1]`, the form of papers, into `order=TP,CP sizes=8,1`.
[[nodiscard]] std::string with_words(std::string_view text);

}  // namespace rankmesh::dialects
