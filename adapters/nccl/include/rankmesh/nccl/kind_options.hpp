#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rankmesh/nccl/export.hpp"
#include "rankmesh/topology/group_kind.hpp"

namespace RANKMESH_NCCL_API rankmesh {
namespace nccl {

/// What NCCL is told about the communicators of one kind: the options of `ncclConfig_t`, as plain values.
/// What is not set is left to NCCL. Each is passed on where the header and the library know it; one that they
/// do not know is an error, never ignored.
struct CommunicatorConfig {
  /// Thread blocks per collective, at least and at most. NCCL 2.17.
  std::optional<int> min_ctas{};
  /// Likewise, at most.
  std::optional<int> max_ctas{};
  /// Thread blocks in a cooperative group array, 0 to 8. NCCL 2.17.
  std::optional<int> cga_cluster_size{};
  /// The network module, `IB` or `Socket` say. NCCL 2.17.
  std::optional<std::string> net_name{};
  /// Whether communicators split from one of these share its resources. NCCL 2.18.
  std::optional<bool> split_share{};
  /// The class of the traffic on the network. NCCL 2.26.
  std::optional<int> traffic_class{};
  /// The name in NCCL's logs instead of "kind/group". NCCL 2.27.
  std::optional<std::string> name{};
  /// Whether collectives may run in the network (CollNet, SHARP). NCCL 2.27.
  std::optional<bool> collnet{};
  /// What to prefer in the choice of thread blocks, the bits of NCCL_CTA_POLICY_*. NCCL 2.27.
  std::optional<int> cta_policy{};
  /// Whether communicators shrunk from one of these share its resources. NCCL 2.27.
  std::optional<bool> shrink_share{};
  /// Thread blocks of collectives in the NVLink switch. NCCL 2.27.
  std::optional<int> nvls_ctas{};
  /// Channels to each peer on the network. NCCL 2.28.
  std::optional<int> channels_per_net_peer{};
  /// Whether to schedule around NVLink. NCCL 2.28.
  std::optional<bool> nvlink_centric_scheduling{};

  bool operator==(const CommunicatorConfig&) const = default;
};

/// The member of a `CommunicatorConfig` that an option is kept in, and with it the sort of its values.
using ConfigMember =
    std::variant<std::optional<int> CommunicatorConfig::*, std::optional<bool> CommunicatorConfig::*,
                 std::optional<std::string> CommunicatorConfig::*>;

/// One option of a `CommunicatorConfig`.
struct ConfigKey {
  /// `max_ctas`: the name of the member, and the key in files.
  std::string_view key;
  /// The first version of NCCL that has it, as NCCL_VERSION_CODE numbers versions.
  int since;
  /// Where it is kept.
  ConfigMember member;
};

/// Every option, in the order of declaration.
[[nodiscard]] std::span<const ConfigKey> config_keys() noexcept;
/// The options that are set, in the order of declaration, as `max_ctas=16 name="gradients"`; empty if none
/// is. Equal configs print equal text, different ones different text, whatever the strings hold.
[[nodiscard]] std::string to_string(const CommunicatorConfig& config);
/// Everything that is wrong with the values, each as a sentence that begins with the key: `max_ctas = 0 is
/// below 1` say; empty if nothing is.
[[nodiscard]] std::vector<std::string> check(const CommunicatorConfig& config);
/// The options that are set and that a version of NCCL does not have yet.
[[nodiscard]] std::vector<ConfigKey> newer_than(const CommunicatorConfig& config, int version);
/// `2.27.3` for 22703.
[[nodiscard]] std::string version_text(int version);

/// The CUDA stream that a kind gets on request.
enum class Stream { none, normal, high_priority };

/// What a caller asks for one kind.
struct KindOptions {
  /// What NCCL is told.
  CommunicatorConfig communicator{};
  /// Which stream is made for the kind.
  Stream stream = Stream::none;

  bool operator==(const KindOptions&) const = default;
};

/// Kinds without an entry get what NCCL gives by default, and no stream.
using KindOptionsMap = std::map<GroupKind, KindOptions>;

}  // namespace nccl
}  // namespace rankmesh
