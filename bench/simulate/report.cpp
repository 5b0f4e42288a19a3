#include "report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::simulate {
namespace {

using nlohmann::ordered_json;

/// A count with three significant digits: 1.23M for 1234567.
std::string short_number(std::int64_t number) {
  auto value = static_cast<double>(number);
  for (const char* unit : {"", "k", "M", "G", "T"}) {
    if (value < 1000) return *unit == '\0' ? std::to_string(number) : fmt::format("{:.3g}{}", value, unit);
    value /= 1000;
  }
  return fmt::format("{:.3g}P", value);
}

ordered_json json_of(const Load& load) {
  return {{"most_messages_at_a_rank", load.most_messages},
          {"most_bytes_at_a_rank", load.most_bytes},
          {"messages", load.messages},
          {"bytes", load.bytes}};
}

ordered_json json_of(const LogGP& cost) {
  return {{"latency_ps", cost.latency.count()},
          {"overhead_ps", cost.overhead.count()},
          {"gap_ps", cost.gap.count()},
          {"gap_per_byte_ps", cost.gap_per_byte.count()}};
}

ordered_json json_of(const Outcome& outcome) {
  return {{"strategy", to_string(outcome.strategy)},
          {"critical_path_s", outcome.seconds},
          {"steps", outcome.steps},
          {"all", json_of(outcome.all)},
          {"protocol", json_of(outcome.protocol)},
          {"median_messages_of_protocols", outcome.median_messages},
          {"agreements", outcome.agreements},
          {"events", outcome.events},
          {"wall_s", outcome.wall_seconds}};
}

}  // namespace

std::string to_text(const Section& section) {
  constexpr const char* row = "{:<13}{:>7}{:>12}{:>16}{:>11}{:>9}{:>14}{:>9}{:>10}{:>11}\n";
  std::string text = to_string(section.layout) + "\n";
  text += fmt::format(fmt::runtime(row), "", "", "", "critical", "most at", "a rank", "of protocols",
                      "median", "in all", "");
  text += fmt::format(fmt::runtime(row), "strategy", "steps", "agreements", "path, s", "messages", "bytes",
                      "messages", "", "messages", "simulated");
  for (const Outcome& outcome : section.outcomes) {
    text += fmt::format(fmt::runtime(row), to_string(outcome.strategy), short_number(outcome.steps),
                        short_number(outcome.agreements), fmt::format("{:.6f}", outcome.seconds),
                        short_number(outcome.all.most_messages), short_number(outcome.all.most_bytes),
                        short_number(outcome.protocol.most_messages), short_number(outcome.median_messages),
                        short_number(outcome.all.messages), fmt::format("{:.1f} s", outcome.wall_seconds));
  }
  return text;
}

std::string to_json(const std::vector<Section>& sections, const Conditions& conditions) {
  ordered_json root;
  root["mpi"] = json_of(conditions.costs.mpi);
  root["tcp"] = json_of(conditions.costs.tcp);
  root["arrivals"] = conditions.arrivals == Arrivals::once ? "once" : "each";
  root["polling"] = conditions.polling == Polling::busy ? "busy" : "sleeps";
  root["ranks_per_identifier"] = conditions.ranks_per_identifier;
  root["layouts"] = ordered_json::array();
  for (const Section& section : sections) {
    ordered_json layout = {{"layout", to_string(section.layout)}, {"strategies", ordered_json::array()}};
    for (const Outcome& outcome : section.outcomes) layout["strategies"].push_back(json_of(outcome));
    root["layouts"].push_back(std::move(layout));
  }
  return root.dump(2) + "\n";
}

}  // namespace rankmesh::simulate
