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

/// The options of `ncclConfig_t` for the communicators of one kind, as plain values. NCCL chooses an option
/// that is not set. An option that the header or the library does not have is an error; it is never ignored.
struct CommunicatorConfig {
  /// The minimum number of thread blocks of a collective.
  std::optional<int> min_ctas{};
  /// The maximum number of thread blocks of a collective.
  std::optional<int> max_ctas{};
  /// Thread blocks in a cooperative group array, 0 to 8.
  std::optional<int> cga_cluster_size{};
  /// The network module, for example `IB` or `Socket`.
  std::optional<std::string> net_name{};
  /// Whether communicators split from this one share its resources.
  std::optional<bool> split_share{};
  /// The class of the traffic on the network. NCCL 2.26.
  std::optional<int> traffic_class{};
  /// The name in NCCL's logs instead of "kind/group". NCCL 2.27.
  std::optional<std::string> name{};
  /// Whether collectives may run in the network (CollNet, SHARP). NCCL 2.27.
  std::optional<bool> collnet{};
  /// How thread blocks are chosen, as the bits of NCCL_CTA_POLICY_*. NCCL 2.27.
  std::optional<int> cta_policy{};
  /// Whether communicators shrunk from this one share its resources. NCCL 2.27.
  std::optional<bool> shrink_share{};
  /// Thread blocks of collectives in the NVLink switch. NCCL 2.27.
  std::optional<int> nvls_ctas{};
  /// Channels to each peer on the network. NCCL 2.28.
  std::optional<int> channels_per_net_peer{};
  /// Whether to schedule around NVLink. NCCL 2.28.
  std::optional<bool> nvlink_centric_scheduling{};

  bool operator==(const CommunicatorConfig&) const = default;
};

/// The member of a `CommunicatorConfig` that holds an option, and so the type of its values.
using ConfigMember =
    std::variant<std::optional<int> CommunicatorConfig::*, std::optional<bool> CommunicatorConfig::*,
                 std::optional<std::string> CommunicatorConfig::*>;

/// One option of a `CommunicatorConfig`.
struct ConfigKey {
  /// The name of the member, and the key in files: `max_ctas`.
  std::string_view key;
  /// The first version of NCCL that has it, as NCCL_VERSION_CODE numbers versions.
  int since;
  /// The member that holds it.
  ConfigMember member;
};

/// Every option, in the order of declaration.
[[nodiscard]] std::span<const ConfigKey> config_keys() noexcept;
/// The options that are set, in the order of declaration, as `max_ctas=16 name="gradients"`; empty if none
/// is. Equal configs print equal text, and different configs different text.
[[nodiscard]] std::string to_string(const CommunicatorConfig& config);
/// The invalid values, each as a sentence that begins with the key, for example `max_ctas = 0 is below 1`;
/// empty if all are valid.
[[nodiscard]] std::vector<std::string> check(const CommunicatorConfig& config);
/// The options that are set and that a version of NCCL does not have yet.
[[nodiscard]] std::vector<ConfigKey> newer_than(const CommunicatorConfig& config, int version);
/// `2.27.3` for 22703.
[[nodiscard]] std::string version_text(int version);

/// The CUDA stream of a kind.
enum class Stream { none, normal, high_priority };

/// `none`, `normal`, `high_priority`.
[[nodiscard]] std::string_view to_string(Stream stream) noexcept;

/// Options of one kind.
struct KindOptions {
  /// The options of its communicators.
  CommunicatorConfig communicator{};
  /// The stream that is made for it.
  Stream stream = Stream::none;

  bool operator==(const KindOptions&) const = default;
};

/// Options by kind. A kind without an entry has the defaults of NCCL and no stream.
using KindOptionsMap = std::map<GroupKind, KindOptions>;

}  // namespace nccl
}  // namespace rankmesh
