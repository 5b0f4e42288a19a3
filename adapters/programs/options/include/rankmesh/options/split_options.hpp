#pragma once

#include <optional>
#include <vector>

#include "rankmesh/options/config_options.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"

namespace rankmesh::cli {

/// How the layers of a model are spread, as a command line says.
struct LayerSplit {
  /// The layers.
  PipelineSplit split{};
  /// Whether the output layer has the weights of the embedding.
  bool is_tied = true;
};

/// The options of a program that say how the layers of a model are spread over the stages: `--layers`,
/// `--first-stage-layers` and so on.
class SplitOptions {
 public:
  /// Adds the options to a command.
  explicit SplitOptions(Command& command);

  /// What the options say; nothing if none is given.
  [[nodiscard]] std::optional<LayerSplit> read(Problems& problems) const;
  /// The layout of the layers over the stages of a valid configuration, which gets its embedding stages;
  /// nothing if something is wrong, which is added to `found` in the words of the command line.
  [[nodiscard]] static std::optional<PipelineLayout> apply(const LayerSplit& layers, ParallelConfig& config,
                                                           std::vector<Diagnostic>& found);

  /// The layout of the layers; nothing if no option is given or something is wrong, which is a problem. The
  /// configuration gets the embedding stages of the layout.
  [[nodiscard]] std::optional<PipelineLayout> read(OptionReading& reading, Problems& problems) const;

 private:
  [[nodiscard]] PipelineSplit read_split(Problems& problems) const;
  [[nodiscard]] std::optional<SplitCosts> read_costs(Problems& problems) const;
  /// The first option that is given beside `--layers` and `--pipeline-layout`; null if none is.
  [[nodiscard]] const Option* first_other() const;

  const Option& layers_;
  const Option& mtp_layers_;
  const Option& first_;
  const Option& last_;
  const Option& embedding_;
  const Option& loss_;
  const Option& balance_;
  const Option& layout_;
  const Option& untied_;
};

}  // namespace rankmesh::cli
