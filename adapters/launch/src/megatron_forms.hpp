#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reading.hpp"

namespace rankmesh::launch {

using Names = std::vector<std::string>;

/// Where a system keeps what.
struct Form {
  std::string_view system;
  Names sizes;
  /// Of the model: layers, heads, experts.
  Names model;
  Names batch;
  std::vector<std::string_view> micro{"micro_batch_size"};
  std::vector<std::string_view> global{"global_batch_size"};
  /// The tensor parallel size of experts if it is not given: 1, or that of the dense layers.
  bool has_unsplit_experts = false;
};

/// The form of a system of systems.hpp that is built on Megatron-Core.
[[nodiscard]] const Form& form_of(std::string_view system);

/// Whether a key changes which groups there are, as far as its name tells.
[[nodiscard]] bool is_of_parallelism(std::string_view key);
/// Whether a key that may change them is read, or ignored on purpose.
[[nodiscard]] bool is_known_key(std::string_view key);
/// The keys of sizes, for suggestions.
[[nodiscard]] const std::vector<std::string>& megatron_sizes();

/// The ranks of a job: of the file, of its launcher, or of a block that says how many nodes and GPUs there
/// are.
void read_world(Reading& reading, std::string_view system);
/// The second engine of a file for reinforcement learning.
void read_generation(Reading& reading, std::string_view system);

}  // namespace rankmesh::launch
