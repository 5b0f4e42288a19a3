#include "layer_time.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rankmesh::planner {
namespace {

/// The 16-bit and the chosen peak of a GPU for large matrices, in FLOP/s.
double layer_peak(const Gpu& gpu, Precision precision, const Constants& c) {
  const double bf16 = gpu.bf16_tflops * gpu.efficiency * 1e12;
  // A GPU without such numbers computes with 16 bits.
  const bool has_fp8 = gpu.fp8_tflops > gpu.bf16_tflops;
  if (precision == Precision::bf16 || !has_fp8) return bf16;
  if (precision == Precision::fp8) return gpu.fp8_tflops * gpu.efficiency * c.fp8 * 1e12;
  if (precision == Precision::mxfp8) return gpu.fp8_tflops * gpu.efficiency * c.mxfp8 * 1e12;
  return gpu.fp4_tflops * gpu.efficiency * c.nvfp4 * 1e12;
}

/// The time of fused attention with the heads of a model, relative to heads with 128 channels and as many
/// operations: the softmax of a score takes about as long as 64 channels. Figure 5 of arXiv 2407.08608 has
/// 497 TFLOP/s for 64 channels and 648 for 128, a ratio of 0.77; this is 0.75.
double softmax_share(const ModelConfig& model) {
  const double channels = Widths(model, 1).attention_pair / as_double(2 * model.heads);
  return (1 + 64 / channels) / (1 + 64.0 / 128);
}

}  // namespace

LayerClock::LayerClock(const ModelConfig& model, const Machine& machine, const Training& training,
                       const Layout& layout, const Constants& constants)
    : m_(model),
      machine_(machine),
      t_(training),
      l_(layout),
      c_(constants),
      tp_(as_double(layout.tp)),
      tokens_(as_double(training.micro_batch * training.sequence_length) / as_double(layout.cp)),
      hidden_(as_double(model.hidden)),
      memory_rate_(machine.gpu.memory_tb_s * 1e12 * constants.memory_bandwidth),
      launch_(training.graphs ? 0 : constants.launch_s),
      peak_(layer_peak(machine.gpu, training.precision, constants)),
      output_peak_(layer_peak(machine.gpu, Precision::bf16, constants)),
      link_(machine.gpu.link_gb_s * 1e9 * constants.link),
      network_(machine.gpu.network_gb_s * 1e9 * constants.network),
      link_delay_(machine.link_latency_s.value_or(constants.link_latency_s) - constants.link_latency_s),
      network_delay_(machine.network_latency_s.value_or(constants.network_latency_s) -
                     constants.network_latency_s),
      spans_(layout, machine.domain) {}

double LayerClock::matrix(double rows, double inner, double columns, double peak) const {
  double efficiency = rows / (rows + c_.half_rows) * (columns / (columns + c_.half_columns)) *
                      (inner / (inner + c_.half_inner));
  if (std::fmod(inner, 64) != 0 || std::fmod(columns, 64) != 0) efficiency *= c_.misaligned;
  return std::max(2 * rows * inner * columns / (peak * efficiency),
                  bytes_time(2 * (rows * inner + inner * columns + rows * columns)));
}

double LayerClock::ring_rate(const GroupSpan& group) const {
  double rate = std::numeric_limits<double>::infinity();
  for_each_links(group, [&](const Links& links, std::int64_t) {
    // Every member of a domain has a network adapter of its own, and its share of the links farther out.
    rate = std::min(rate, links.rate * as_double(links.members));
  });
  return rate;
}

double LayerClock::pair_rate(const GroupSpan& group) const {
  double rate = std::numeric_limits<double>::infinity();
  for_each_links(group, [&](const Links& links, std::int64_t) {
    if (links.is_network == group.crosses()) rate = std::min(rate, links.rate);
  });
  return rate;
}

double LayerClock::delay(const GroupSpan& group) const {
  double last = 0;
  for_each_links(group, [&](const Links& links, std::int64_t) { last = links.delay; });
  return last;
}

double LayerClock::ring(const GroupSpan& group, double bytes) const {
  if (group.size <= 1) return 0;
  const double size = as_double(group.size);
  double before = 0;
  for_each_links(group, [&](const Links& links, std::int64_t members) {
    before += (std::log2(as_double(members)) - std::log2(as_double(links.members))) * start(links.delay);
  });
  return bytes * (size - 1) / size / ring_rate(group) + before;
}

double LayerClock::add_ends(double bytes) const {
  // The ends are in one domain if all stages are. Each scatters and gathers half of the bytes.
  double rate = std::numeric_limits<double>::infinity();
  for_each_links(spans_.pipeline,
                 [&](const Links& links, std::int64_t) { rate = std::min(rate, links.rate); });
  return 2 * (bytes / 2 / rate + start(delay(spans_.pipeline)));
}

void LayerClock::add_scores(PassTime& time) const {
  const Widths widths(m_, l_.tp);
  const double length = as_double(t_.sequence_length);
  const double flops = tokens_ * length * widths.attention_pair;
  const double peak = machine_.gpu.bf16_tflops * 1e12;
  const double scores = tokens_ * length * as_double(m_.heads) / tp_;
  switch (t_.attention) {
    case Attention::fused:
      time.attention = flops / (peak * machine_.gpu.attention) * softmax_share(m_);
      return;
    case Attention::flash2:
      time.attention = flops / (peak * machine_.gpu.flash2);
      return;
    case Attention::flash1:
      time.attention = flops / (peak * machine_.gpu.flash2 * c_.flash1);
      return;
    case Attention::scores:
    case Attention::plain:
      // Not only the half that is used is computed.
      time.attention =
          2 * flops / (peak * machine_.gpu.flash2) +
          bytes_time(scores * (t_.attention == Attention::scores ? c_.score_bytes : c_.plain_score_bytes));
      return;
  }
}

void LayerClock::add_attention(PassTime& time) const {
  const Widths widths(m_, l_.tp);
  if (m_.latent_rank > 0) {
    const double query = as_double(m_.nope_dim + m_.rope_dim);
    const double heads = as_double(m_.heads) / tp_;
    const double latents = as_double(m_.query_rank + m_.latent_rank + m_.rope_dim);
    time.matrices +=
        matrix(t_.sequence_parallel ? tokens_ / tp_ : tokens_, hidden_, latents, peak_) +
        matrix(tokens_, m_.query_rank > 0 ? as_double(m_.query_rank) : hidden_, heads * query, peak_) +
        matrix(tokens_, as_double(m_.latent_rank), heads * as_double(m_.nope_dim + m_.value_dim), peak_);
  } else {
    time.matrices += matrix(tokens_, hidden_, widths.attention_values - widths.attention_output, peak_);
  }
  time.matrices += matrix(tokens_, widths.attention_output, hidden_, peak_);
  time.other += bytes_time(c_.value_bytes * 2 * widths.attention_values * tokens_);
  add_scores(time);
}

void LayerClock::add_mlp(double inner, PassTime& time) const {
  const double matrices = inner_matrices(m_);
  time.matrices +=
      matrix(tokens_, hidden_, matrices * inner / tp_, peak_) + matrix(tokens_, inner / tp_, hidden_, peak_);
  time.other += bytes_time(c_.value_bytes * 2 * (matrices + 1) * inner / tp_ * tokens_);
}

double LayerClock::all_to_all(double bytes) const {
  const GroupSpan& group = spans_.expert;
  double seconds = 0;
  for_each_links(group, [&](const Links& links, std::int64_t) {
    const std::int64_t others = (links.is_network ? group.size : group.in_domain) - links.members;
    seconds = std::max(seconds, bytes * as_double(others) / as_double(group.size) / links.rate);
  });
  return seconds + std::max(0.0, c_.latency_s + delay(group));
}

void LayerClock::add_experts(PassTime& time) const {
  const double matrices = inner_matrices(m_);
  const double sent = tokens_ * as_double(m_.experts_per_token) / tp_;
  const double received = sent * as_double(l_.etp);
  const double local = as_double(m_.experts) / as_double(l_.ep);
  const double inner = as_double(m_.expert_ffn) / as_double(l_.etp);
  const double peak = peak_ * c_.experts;
  time.matrices += local * (matrix(received / local, hidden_, matrices * inner, peak) +
                            matrix(received / local, inner, hidden_, peak));
  // A fused kernel reads each token once, and writes it once to where its expert reads it.
  const double routing = t_.fused_experts ? 4 : c_.routing_bytes;
  time.other += bytes_time(routing * received * hidden_) +
                bytes_time(c_.value_bytes * 2 * (matrices + 1) * inner * received) + 10 * launch_;
  if (m_.shared_ffn > 0) add_mlp(as_double(m_.shared_ffn), time);
}

void LayerClock::add_messages(bool has_experts, PassTime& time) const {
  const LayerMessages messages(m_, t_, l_, has_experts);
  time.tensor = messages.tensor.calls * ring(spans_.tensor, messages.tensor.bytes);
  if (l_.etp > 1 && has_experts) {
    time.tensor += messages.expert_tensor.calls * ring(spans_.expert_tensor, messages.expert_tensor.bytes);
  }
  time.tensor *= 1 - c_.tensor_hidden;
  if (messages.expert.calls > 0)
    time.expert = messages.expert.calls * all_to_all(messages.expert.bytes) * (1 - c_.expert_hidden);
  if (messages.context.calls > 0) {
    // Keys and values travel around the ring while attention computes.
    const double moved =
        messages.context.calls * (messages.context.bytes / ring_rate(spans_.context) + delay(spans_.context));
    time.context = std::max(0.0, moved - time.attention) + messages.context.calls * c_.ring_step_s;
  }
}

double LayerClock::ends(const Stage& stage) const {
  const Messages messages = end_messages(m_, t_, l_, stage);
  return messages.calls * ring(spans_.tensor, messages.bytes) * (1 - c_.tensor_hidden);
}

PassTime LayerClock::layer(bool has_experts) const {
  PassTime time;
  add_attention(time);
  if (has_experts) {
    add_experts(time);
  } else {
    add_mlp(as_double(m_.ffn), time);
  }
  const double sp = t_.sequence_parallel ? tp_ : 1;
  const double separate = !t_.fused_norms ? c_.plain_norm_bytes : 0;
  time.other += bytes_time((c_.norm_bytes + separate) * hidden_ / sp * tokens_) + 11 * launch_;
  add_messages(has_experts, time);
  return time;
}

PassTime LayerClock::output() const {
  PassTime time;
  const double columns = as_double(m_.vocabulary) / tp_;
  time.matrices = matrix(tokens_, hidden_, columns, output_peak_);
  time.other = bytes_time(5.3 * tokens_ * columns);
  return time;
}

double LayerClock::stage_messages() const {
  if (l_.pp == 1) return 0;
  // The slowest link counts, so that all stages are near each other or none.
  const double seconds =
      std::max(0.0, stage_bytes(m_, t_, l_) / pair_rate(spans_.pipeline) + delay(spans_.pipeline));
  return 2 * as_double(l_.vpp) * seconds * (1 - c_.pipeline_hidden);
}

}  // namespace rankmesh::planner
