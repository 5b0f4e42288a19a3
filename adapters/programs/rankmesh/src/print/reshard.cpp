#include "print/reshard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "rankmesh/output/table.hpp"
#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/text.hpp"
#include "state_arguments.hpp"

namespace rankmesh::cli {
namespace {

using Align = Table::Align;

/// What one rank sends to another.
struct Message {
  std::optional<int> from{};
  int to = 0;
  std::int64_t bytes = 0;
  /// Parts of classes.
  std::int64_t parts = 0;
};

constexpr std::size_t most_messages = 20;

/// `1.50 GiB`; nothing for 0.
std::string bytes_text(std::int64_t bytes) {
  if (bytes == 0) return "";
  constexpr std::array<const char*, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.2f} {}", size, units[unit]);
}

std::string bytes_or_nothing(std::int64_t bytes) {
  return bytes == 0 ? "nothing" : bytes_text(bytes);
}

/// The messages, those from a checkpoint last, the largest first.
std::vector<Message> messages_of(const ReshardJob& job, const Resharding& result) {
  std::vector<Message> messages;
  for (const StateMove& move : result.moves)
    messages.push_back({move.from, move.to, move.block.size() * job.classes[move.state].step_bytes(), 1});
  std::sort(messages.begin(), messages.end(), [](const Message& a, const Message& b) {
    return std::tuple(a.from, a.to) < std::tuple(b.from, b.to);
  });
  std::size_t count = 0;
  for (const Message& message : messages) {
    if (count > 0 && messages[count - 1].from == message.from && messages[count - 1].to == message.to) {
      messages[count - 1].bytes += message.bytes;
      messages[count - 1].parts += 1;
    } else {
      messages[count++] = message;
    }
  }
  messages.resize(count);
  std::stable_sort(messages.begin(), messages.end(), [](const Message& a, const Message& b) {
    return std::tuple(!a.from, -a.bytes) < std::tuple(!b.from, -b.bytes);
  });
  return messages;
}

void put_line(const std::string& text, Writer& out, Style style) {
  out.put(hanging(text, style.width()) + "\n");
}

void print_optimizer(const ReshardJob& job, Writer& out, Style style) {
  const auto is_sharded = [](const StateClass& row) { return row.is_sharded; };
  if (std::none_of(job.classes.begin(), job.classes.end(), is_sharded)) return;
  const auto is_distributed = [](const StateLayout& layout) {
    return state_holders(layout.topology, layout.state).distributed_optimizer;
  };
  const bool before = is_distributed(job.from);
  const auto word = [](bool distributed) { return distributed ? "distributed" : "replicated"; };
  put_line(before == is_distributed(job.to)
               ? optimizer_text(before)
               : fmt::format("optimizer: {} in FROM and {} in TO, as the layouts say", word(before),
                             word(!before)),
           out, style);
}

std::string division_of(const StateClass& row) {
  std::string text = row.experts > 0 ? counted(row.experts, "expert") : "";
  if (row.is_split) text += (text.empty() ? "" : ", each ") + counted(row.units, "unit");
  return text.empty() ? "not divided" : text;
}

void print_classes(const ReshardJob& job, const Resharding& result, Writer& out, Style style) {
  Table table({{"class"},
               {"divided into"},
               {"moved", Align::right},
               {"kept", Align::right},
               {"from a checkpoint", Align::right}});
  for (std::size_t state = 0; state < job.classes.size(); ++state) {
    const StateBytes& bytes = result.of_class[state];
    table.add({{job.classes[state].name},
               {division_of(job.classes[state])},
               {bytes_text(bytes.moved)},
               {bytes_text(bytes.kept)},
               {bytes_text(bytes.from_checkpoint)}});
  }
  table.add({{"all"},
             {},
             {bytes_text(result.total.moved)},
             {bytes_text(result.total.kept)},
             {bytes_text(result.total.from_checkpoint)}});
  table.print(out, style);
}

void print_levels(const ReshardJob& job, const Resharding& result, Writer& out, Style style) {
  if (!job.options.places || result.total.moved == 0) return;
  out.put('\n');
  Table table({{"moved between"}, {"bytes", Align::right}, {"share", Align::right}});
  for (std::size_t level = 0; level < result.of_level.size(); ++level) {
    const double share =
        static_cast<double>(result.of_level[level]) / static_cast<double>(result.total.moved);
    table.add({{job.options.places->cluster.level_name(level) + "s"},
               {bytes_text(result.of_level[level])},
               {result.of_level[level] == 0 ? "" : fmt::format("{:.1f} %", 100 * share)}});
  }
  table.print(out, style);
}

void print_busiest(const Resharding& result, const std::vector<Message>& messages, Writer& out, Style style) {
  const auto sender = std::max_element(result.sent.begin(), result.sent.end()) - result.sent.begin();
  const auto receiver =
      std::max_element(result.of_rank.begin(), result.of_rank.end(),
                       [](const StateBytes& a, const StateBytes& b) { return a.moved < b.moved; }) -
      result.of_rank.begin();
  const auto count = [&](auto is_theirs) {
    return counted(std::count_if(messages.begin(), messages.end(), is_theirs), "rank");
  };
  out.put('\n');
  put_line(fmt::format("busiest sender: rank {} of FROM, {} to {}", sender,
                       bytes_text(result.sent[static_cast<std::size_t>(sender)]),
                       count([&](const Message& m) { return m.from && *m.from == sender; })),
           out, style);
  put_line(fmt::format("busiest receiver: rank {} of TO, {} from {}", receiver,
                       bytes_text(result.of_rank[static_cast<std::size_t>(receiver)].moved),
                       count([&](const Message& m) { return m.from && m.to == receiver; })),
           out, style);
}

/// `rank 3`, or `rank 3 on node1`.
std::string place_text(const ReshardJob& job, int rank, int process) {
  if (!job.options.places) return std::to_string(rank);
  const auto& [cluster, placement] = *job.options.places;
  const int host = cluster.host_of(placement.slot_of(process));
  return fmt::format("{} on {}", rank, cluster.domain_name(cluster.host_level(), host));
}

void print_messages(const ReshardJob& job, const std::vector<Message>& messages, bool all, Writer& out,
                    Style style) {
  out.put('\n');
  Table table(
      {{"rank of FROM"}, {"to rank of TO"}, {"bytes", Align::right}, {"parts of classes", Align::right}});
  const std::size_t shown = all ? messages.size() : std::min(messages.size(), most_messages);
  for (std::size_t i = 0; i < shown; ++i) {
    const Message& message = messages[i];
    const int process = job.options.old_rank_of_rank.empty()
                            ? message.to
                            : job.options.old_rank_of_rank[static_cast<std::size_t>(message.to)];
    table.add({{message.from ? place_text(job, *message.from, *message.from) : "checkpoint"},
               {place_text(job, message.to, process)},
               {bytes_text(message.bytes)},
               {std::to_string(message.parts)}});
  }
  table.print(out, style);
  if (shown < messages.size())
    put_line(fmt::format("and {} more; --all prints them", counted(messages.size() - shown, "line")), out,
             style);
}

}  // namespace

void print_reshard(const ReshardJob& job, const Resharding& result, bool all, Writer& out, Style style) {
  put_line("FROM: " + to_string(job.from.topology.config()), out, style);
  put_line("TO: " + to_string(job.to.topology.config()), out, style);
  print_optimizer(job, out, style);
  out.put('\n');
  print_classes(job, result, out, style);
  const std::vector<Message> messages = messages_of(job, result);
  out.put('\n');
  if (messages.empty()) {
    put_line("nothing moves: every process holds what its new rank needs", out, style);
    return;
  }
  std::string sum = bytes_or_nothing(result.total.moved) + " moved between processes, " +
                    bytes_or_nothing(result.total.kept) + " kept";
  if (result.total.from_checkpoint > 0) {
    sum += ", " + bytes_text(result.total.from_checkpoint) +
           " from a checkpoint: no process that is left holds this part";
  }
  put_line(sum, out, style);
  print_levels(job, result, out, style);
  if (result.total.moved > 0) print_busiest(result, messages, out, style);
  print_messages(job, messages, all, out, style);
}

}  // namespace rankmesh::cli
