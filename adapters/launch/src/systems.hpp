#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reading.hpp"
#include "settings.hpp"

namespace rankmesh::launch {

/// A format: what a system reads, how it is recognised, and how it is read.
struct System {
  /// `megatron-lm`
  std::string_view name;
  /// `Megatron-LM flags in a shell script`
  std::string_view title;
  /// Whether settings are of this system.
  bool (*is_of)(const Settings& settings);
  void (*read)(Reading& reading, std::string_view name);
};

/// Those of commands in scripts and those of files, the more particular ones first.
[[nodiscard]] const std::vector<System>& systems_of_commands();
[[nodiscard]] const std::vector<System>& systems_of_files();

// megatron.cpp
void read_megatron(Reading& reading, std::string_view name);
// megatron_forms.cpp
/// Whether a key of Megatron-LM has to do with the layout, or looks as if it had.
[[nodiscard]] bool is_megatron_key(std::string_view key);
// mesh_systems.cpp
void read_torchtitan(Reading& reading, std::string_view name);
void read_accelerate(Reading& reading, std::string_view name);
void read_deepspeed_json(Reading& reading, std::string_view name);
// engines.cpp
void read_vllm(Reading& reading, std::string_view name);
void read_sglang(Reading& reading, std::string_view name);
void read_tensorrt_llm(Reading& reading, std::string_view name);

/// The ranks that a launcher starts: torchrun, deepspeed, srun, mpiexec, and variables of scripts.
void set_launched_world(Reading& reading);
/// Whether some word of a command is a program, whatever folder it is in.
[[nodiscard]] bool runs(const Settings& settings, std::string_view program);

}  // namespace rankmesh::launch
