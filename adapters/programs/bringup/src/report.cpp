#include "rankmesh/bringup/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "rankmesh/topology/config_text.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::bringup {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t columns = 100;

std::string_view verdict(ProofResult result) {
  switch (result) {
    case ProofResult::proven:
      return "proven";
    case ProofResult::failed:
      return "FAILED";
    case ProofResult::untried:
      return "untried";
  }
  return "unknown";
}

std::string communicator_text(const KindReport& kind) {
  if (!kind.made_by) return "none (groups of one)";
  if (*kind.made_by == kind.kind) return "made";
  return "shared with " + std::string(kind.made_by->name());
}

std::string row(const KindReport& kind) {
  return fmt::format("{:<20}{:>7}{:>7}  {:<28}{:<9}{:<9}{:>9}\n", kind.kind.name(), kind.group_count,
                     kind.group_size, communicator_text(kind), kind.made_by ? verdict(kind.members) : "-",
                     kind.made_by ? verdict(kind.order) : "-",
                     kind.milliseconds ? fmt::format("{:.2f}", *kind.milliseconds) : "-");
}

std::string backend_text(const BackendReport& backend) {
  if (!backend.nccl) return "";
  return fmt::format("{}, strategy {}, {}; rank 0 uses device {}\n", backend.library, backend.nccl->strategy,
                     backend.nccl->blocking ? "blocking" : "non-blocking", backend.nccl->device);
}

/// Appends a phrase to the last line of a text, or to a new line if the last line would become too long.
void append_phrase(std::string& text, const std::string& phrase) {
  const std::size_t line = text.rfind('\n') + 1;
  text += text.size() - line + 1 + phrase.size() > columns ? "\n" : " ";
  text += phrase;
}

std::string summary(const Report& report) {
  std::string text = fmt::format("\n{} for {};", counted(report.communicators_made, "communicator"),
                                 counted(report.kinds.size(), "kind"));
  for (const Report::Part& part : report.parts) {
    append_phrase(text, fmt::format("{} {:.2f} ms,", part.name, part.milliseconds));
  }
  append_phrase(text, fmt::format("bring-up in all {:.2f} ms", report.total_milliseconds));
  return text + "\n";
}

Json json_of(const KindReport& kind, const HostsReport& hosts) {
  Json json{{"kind", kind.kind.name()},
            {"groups", kind.group_count},
            {"size", kind.group_size},
            {"communicator", kind.made_by ? (*kind.made_by == kind.kind ? "made" : "shared") : "none"}};
  for (std::size_t level = 0; level < kind.spans.size(); ++level) {
    const KindReport::Span& span = kind.spans[level];
    Json touched{{"level", hosts.levels[level]},
                 {"least", span.fewest},
                 {"most", span.most},
                 {"crossing_groups", span.crossing_groups}};
    if (!hosts.rank_before.empty()) touched["most_before"] = span.most_before;
    json["touched"].push_back(std::move(touched));
  }
  if (!kind.made_by) return json;
  if (*kind.made_by != kind.kind) json["shared_with"] = kind.made_by->name();
  json["members_proven"] = kind.members == ProofResult::proven;
  json["order_proven"] = kind.order == ProofResult::proven;
  if (kind.milliseconds) json["milliseconds"] = *kind.milliseconds;
  return json;
}

/// `1`, `1-2`
std::string span_text(const KindReport::Span& span) {
  return span.fewest == span.most ? std::to_string(span.most) : fmt::format("{}-{}", span.fewest, span.most);
}

std::string hosts_line(const std::vector<HostsReport::Host>& hosts) {
  constexpr std::size_t most_hosts = 8;
  std::string text = fmt::format("\n{}:", counted(hosts.size(), "host"));
  for (std::size_t i = 0; i < std::min(hosts.size(), most_hosts); ++i) {
    append_phrase(text, fmt::format("{} ({}){}", hosts[i].name, counted(hosts[i].ranks, "rank"),
                                    i + 1 < hosts.size() ? "," : ""));
  }
  if (hosts.size() > most_hosts) append_phrase(text, "...");
  return text + "\n";
}

/// How many domains the groups of each kind touch, and the warnings. Only warnings on one host.
std::string hosts_text(const Report& report) {
  const HostsReport& hosts = report.hosts;
  std::string text;
  if (hosts.hosts.size() > 1) {
    text = hosts_line(hosts.hosts);
    if (hosts.is_renumbered) text += "ranks have other numbers, so that groups cross fewer hosts\n";
    std::size_t width = 18;
    for (const KindReport& kind : report.kinds) width = std::max(width, kind.kind.name().size());
    text += fmt::format("{:<{}}  {:<6}{:>9}{}\n", "kind", width, "level", "touched",
                        hosts.is_renumbered ? "  before" : "");
    for (const KindReport& kind : report.kinds) {
      for (std::size_t level = 0; level < kind.spans.size(); ++level) {
        const KindReport::Span& span = kind.spans[level];
        text += fmt::format("{:<{}}  {:<6}{:>9}{}\n", level == 0 ? kind.kind.name() : "", width,
                            hosts.levels[level], span_text(span),
                            hosts.is_renumbered ? fmt::format("{:>8}", span.most_before) : "");
      }
    }
  }
  for (const std::string& warning : hosts.warnings) text += "warning: " + warning + "\n";
  return text;
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text =
      fmt::format("rankmesh-bringup: {}\n{}\n", to_string(report.config), backend_text(report.backend));
  text += fmt::format("{:<20}{:>7}{:>7}  {:<28}{:<9}{:<9}{:>9}\n", "kind", "groups", "size", "communicator",
                      "members", "order", "ms");
  for (const KindReport& kind : report.kinds) text += row(kind);
  text += summary(report) + hosts_text(report);
  if (report.failures.empty()) return text + "every communicator holds its group, in order\n";
  text += fmt::format("{}:\n", counted(report.failures.size(), "failed proof"));
  for (const std::string& failure : report.failures) text += "  " + failure + "\n";
  return text;
}

std::string to_json(const Report& report) {
  Json json{{"world_size", report.config.world_size},
            {"config", to_string(report.config)},
            {"backend", report.backend.name},
            {"library", report.backend.library}};
  if (const auto& nccl = report.backend.nccl) {
    json["strategy"] = nccl->strategy;
    json["blocking"] = nccl->blocking;
    json["device"] = nccl->device;
  }
  json["kinds"] = Json::array();
  for (const KindReport& kind : report.kinds) json["kinds"].push_back(json_of(kind, report.hosts));
  json["communicators_made"] = report.communicators_made;
  for (const Report::Part& part : report.parts) json["milliseconds"][part.name] = part.milliseconds;
  json["milliseconds"]["total"] = report.total_milliseconds;
  json["hosts"] = Json::array();
  for (const HostsReport::Host& host : report.hosts.hosts) {
    json["hosts"].push_back({{"name", host.name}, {"ranks", host.ranks}});
  }
  if (!report.hosts.host_of_rank.empty()) {
    json["host_of_rank"] = Json::array();
    for (const int host : report.hosts.host_of_rank)
      json["host_of_rank"].push_back(report.hosts.hosts[static_cast<std::size_t>(host)].name);
  }
  if (!report.hosts.rank_before.empty()) json["rank_before"] = report.hosts.rank_before;
  json["warnings"] = report.hosts.warnings;
  json["failures"] = report.failures;
  json["ok"] = report.failures.empty();
  return json.dump(2) + "\n";
}

}  // namespace rankmesh::bringup
