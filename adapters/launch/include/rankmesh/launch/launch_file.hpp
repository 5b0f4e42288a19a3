#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rankmesh/launch/export.hpp"
#include "rankmesh/topology/diagnostic.hpp"
#include "rankmesh/topology/parallel_config.hpp"

/// @file
/// The layout in a launch script or a configuration file of a training or inference system: shell scripts
/// with the flags of Megatron-LM, vLLM and others, YAML, TOML and JSON. docs/launch_files.md lists the
/// formats.
///
/// ```cpp
/// const rankmesh::launch::LaunchFile file = rankmesh::launch::read_file("train.sh");
/// for (const rankmesh::Diagnostic& diagnostic : file.diagnostics) print(diagnostic.message());
/// if (file.config) use(rankmesh::Topology(*file.config));
/// ```

namespace RANKMESH_LAUNCH_API rankmesh {
namespace launch {

/// What a file does not say and a caller may know.
struct Known {
  /// Ranks of the job; replaces what the file says.
  std::optional<std::int64_t> world_size{};
  /// Layers of the model.
  std::optional<std::int64_t> layers{};
  /// Attention heads of the model.
  std::optional<std::int64_t> heads{};
  /// The first rank of the layout in the job.
  std::int64_t rank_offset = 0;
  /// Ranks of the whole job, if they are not those up to the end of the layout.
  std::optional<std::int64_t> job_size{};
};

/// A size with its name: `tp`.
struct NamedSize {
  /// The name.
  std::string name{};
  /// Nothing if the file leaves it open: data parallelism without a world size, or an engine without expert
  /// parallelism.
  std::optional<std::int64_t> size{};

  bool operator==(const NamedSize&) const = default;
};

/// What a file says about a layout.
struct LaunchFile {
  /// The program that reads the file: `megatron-lm`, `torchtitan`, ...; empty if it was not recognised.
  std::string system{};
  /// The same in words: `Megatron-LM flags in a shell script`.
  std::string format{};
  /// Ranks of the job, if the file says so.
  std::optional<std::int64_t> world_size{};
  /// The sizes of the layout, with the defaults of the system.
  std::vector<NamedSize> sizes{};
  /// The sizes that the file gives itself.
  std::vector<std::string> stated{};
  /// Layers of the model.
  std::optional<std::int64_t> layers{};
  /// Samples of one data parallel rank in one step of the pipeline.
  std::optional<std::int64_t> micro_batch{};
  /// Samples of a step of the optimizer.
  std::optional<std::int64_t> global_batch{};
  /// The order of ranks, fastest axis first: `tp-cp-ep-dp-pp`; empty if the system documents none.
  std::string order{};
  /// Of a file with a second engine, which generates samples: its sizes.
  std::vector<NamedSize> generation{};
  /// Layers of each pipeline stage, where the file gives some stages other numbers.
  std::vector<std::int64_t> layers_per_stage{};
  /// Of a file with a layout of the pipeline: what each chunk of each stage holds, as Megatron-Core writes
  /// it: `Ett`.
  std::vector<std::vector<std::string>> stages{};
  /// The layout; nothing if there is a diagnostic, or if the world size is unknown.
  std::optional<ParallelConfig> config{};
  /// Everything that is wrong, with its place, in the words of the file.
  std::vector<Diagnostic> diagnostics{};
  /// What was assumed, a sentence each.
  std::vector<std::string> notes{};
};

/// Reads a text. Nothing in it is run.
/// @param source the name of the text in diagnostics
[[nodiscard]] LaunchFile read(std::string_view text, std::string source, const Known& known = {});
/// Reads a file of at most 1 MiB, or standard input if the path is `-`.
[[nodiscard]] LaunchFile read_file(const std::filesystem::path& path, const Known& known = {});

/// Whether a text on a command line consists of flags: `--tensor-model-parallel-size 8 ...`.
[[nodiscard]] bool is_flags(std::string_view text);

/// Whether a word is a flag of Megatron-LM that has to do with the layout: `--tensor-model-parallel-size`.
[[nodiscard]] bool is_layout_flag(std::string_view word);

}  // namespace launch
}  // namespace rankmesh
