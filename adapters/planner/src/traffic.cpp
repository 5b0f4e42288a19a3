#include <algorithm>

#include "estimate_parts.hpp"
#include "shapes.hpp"

namespace rankmesh::planner {
namespace {

/// The bytes that a rank of a ring sends, on the links of the domain and on the network. Of the messages that
/// the ranks of a ring send, those between neighbours in different domains cross the network.
Traffic ring_traffic(std::string_view kind, const GroupSpan& group, double bytes_of_all) {
  const double size = as_double(group.size);
  const double sent = bytes_of_all * (size - 1) / size;
  const double crossing = group.crosses() ? 1.0 / as_double(group.in_domain) : 0;
  return {.kind = kind, .domain_bytes = sent * (1 - crossing), .network_bytes = sent * crossing};
}

}  // namespace

std::vector<Traffic> traffic(const Work& work, const Machine& machine, const Training& training,
                             const Layout& layout) {
  const ModelConfig& model = work.model();
  const double tokens = as_double(training.micro_batch * training.sequence_length) / as_double(layout.cp);
  const double microbatches = as_double(training.global_batch) / as_double(training.micro_batch * layout.dp);
  const StageLayers layers(model.layers, layout.pp, 0);
  const double experts = as_double(work.expert_layers_before(layers.count));
  const double others = as_double(layers.count) - experts;
  const double hidden_bytes = 2 * tokens * as_double(model.hidden) * microbatches;
  const double passes = training.recompute == Recompute::full ? 3 : 2;
  const std::int64_t domain = machine.domain;
  std::vector<Traffic> result;
  // An all-gather and a reduce-scatter around attention, and around the MLP, in each pass.
  if (layout.tp > 1)
    result.push_back(ring_traffic("tensor", GroupSpan(layout.tp, 1, domain),
                                  2 * passes * hidden_bytes * (experts + 2 * others)));
  if (layout.cp > 1) {
    const double kv =
        2 * std::max(1.0, as_double(model.kv_heads) / as_double(layout.tp)) * as_double(model.head_dim);
    result.push_back(ring_traffic(
        "context", GroupSpan(layout.cp, layout.tp, domain),
        (passes + 1) * 2 * kv * tokens * microbatches * as_double(layout.cp) * as_double(layers.count)));
  }
  if (layout.ep > 1) {
    const GroupSpan group(layout.ep, layout.etp, domain);
    const double sent =
        2 * passes * hidden_bytes * as_double(model.experts_per_token) / as_double(layout.tp) * experts;
    result.push_back(
        {.kind = "expert",
         .domain_bytes = sent * as_double(group.in_domain - 1) / as_double(group.size),
         .network_bytes = sent * as_double(group.size - group.in_domain) / as_double(group.size)});
  }
  if (layout.pp > 1) {
    const double sent =
        hidden_bytes * 2 * as_double(layout.vpp) / (training.sequence_parallel ? as_double(layout.tp) : 1);
    const bool is_near = layout.tp * layout.cp * layout.dp * 2 <= domain;
    result.push_back({"pipeline", is_near ? sent : 0, is_near ? 0 : sent});
  }
  const double dense = (experts * work.dense_parameters(true) + others * work.dense_parameters(false) +
                        as_double(model.vocabulary * model.hidden)) /
                       as_double(layout.tp);
  const double bytes = training.zero >= 3   ? 6 * microbatches
                       : training.zero == 0 ? 2.0 * training.gradient_bytes
                                            : training.gradient_bytes + 2.0;
  if (layout.dp * layout.cp > 1)
    result.push_back(
        ring_traffic("data", GroupSpan(layout.dp * layout.cp, layout.tp, domain), bytes * dense));
  if (experts > 0 && layout.expert_dp() > 1)
    result.push_back(
        ring_traffic("expert_data", GroupSpan(layout.expert_dp(), layout.ep * layout.etp, domain),
                     bytes * experts * work.expert_parameters() / as_double(layout.ep * layout.etp)));
  return result;
}

}  // namespace rankmesh::planner
