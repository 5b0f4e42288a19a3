#pragma once

#include <optional>

#include "rankmesh/options/config_options.hpp"
#include "rankmesh/options/options.hpp"
#include "rankmesh/topology/pipeline_layout.hpp"

namespace rankmesh::cli {

/// The options of a program that say how the layers of a model are spread over the stages: `--layers`,
/// `--first-stage-layers` and so on.
class SplitOptions {
 public:
  /// Adds the options to a command.
  explicit SplitOptions(Command& command);

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
