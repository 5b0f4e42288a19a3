#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster_options.hpp"
#include "rankmesh/options/options.hpp"

namespace rankmesh::cli {

/// What a command line says is lost.
struct GivenLoss {
  /// The lost ranks.
  std::vector<int> ranks{};
  /// The lost hosts of `--lost-nodes`, ascending.
  std::vector<int> hosts{};
  /// Whether ranks were given too.
  bool names_ranks = false;
};

/// `--lost-ranks` and `--lost-nodes`
class LossOptions {
 public:
  /// @param layout whose ranks are lost, in the words of the command
  explicit LossOptions(Command& command, std::string layout = "the layout",
                       const std::string& heading = "Options");

  /// Whether one of the options was given.
  [[nodiscard]] bool is_given() const { return ranks_.count() + nodes_.count() > 0; }
  /// Whether hosts are named.
  [[nodiscard]] bool needs_hosts() const { return nodes_.count() > 0; }
  /// @param ranks the ranks of the layout; without them, only the form of the ranks is checked
  /// @param where the hosts, if they are known
  [[nodiscard]] GivenLoss read(std::optional<int> ranks, const std::optional<PlacedRanks>& where,
                               Problems& problems) const;

 private:
  void read_ranks(std::optional<int> ranks, GivenLoss& loss, Problems& problems) const;
  void read_hosts(int ranks, const PlacedRanks& where, GivenLoss& loss, Problems& problems) const;

  std::string layout_;
  const Option& ranks_;
  const Option& nodes_;
};

/// Ranks as ranges: `0-3, 8`; of many ranges the first ones, and `...`.
[[nodiscard]] std::string ranges_text(const std::vector<int>& ascending);

}  // namespace rankmesh::cli
