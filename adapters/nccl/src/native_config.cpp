#include "native_config.hpp"

#include <optional>

namespace rankmesh::nccl {

namespace {

template <typename Value>
void set(int& native, const std::optional<Value>& value) {
  if (value) native = static_cast<int>(*value);
}

const char* keep(const std::string& text, std::list<std::string>& kept) {
  return kept.emplace_back(text).c_str();
}

}  // namespace

ncclConfig_t native_config(const CommunicatorConfig& config, bool blocking,
                           [[maybe_unused]] const std::string& default_name, std::list<std::string>& kept) {
  ncclConfig_t native = NCCL_CONFIG_INITIALIZER;
  native.blocking = blocking ? 1 : 0;
  set(native.minCTAs, config.min_ctas);
  set(native.maxCTAs, config.max_ctas);
  set(native.cgaClusterSize, config.cga_cluster_size);
  if (config.net_name) native.netName = keep(*config.net_name, kept);
  set(native.splitShare, config.split_share);
#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 26, 0)
  set(native.trafficClass, config.traffic_class);
#endif
#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 27, 0)
  native.commName = keep(config.name.value_or(default_name), kept);
  set(native.collnetEnable, config.collnet);
  set(native.CTAPolicy, config.cta_policy);
  set(native.shrinkShare, config.shrink_share);
  set(native.nvlsCTAs, config.nvls_ctas);
#endif
#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 28, 0)
  set(native.nChannelsPerNetPeer, config.channels_per_net_peer);
  set(native.nvlinkCentricSched, config.nvlink_centric_scheduling);
#endif
  return native;
}

}  // namespace rankmesh::nccl
