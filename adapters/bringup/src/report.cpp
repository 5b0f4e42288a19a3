#include "rankmesh/bringup/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::bringup {
namespace {

using Json = nlohmann::ordered_json;

std::string_view verdict(bool proven) {
  return proven ? "proven" : "FAILED";
}

std::string communicator_text(const KindReport& kind) {
  if (!kind.made_by) return "none (groups of one)";
  if (*kind.made_by == kind.kind) return "made";
  return "shared with " + std::string(kind.made_by->name());
}

std::string row(const KindReport& kind) {
  return fmt::format("{:<20}{:>7}{:>7}  {:<28}{:<9}{:<9}{:>9}\n", kind.kind.name(), kind.group_count,
                     kind.group_size, communicator_text(kind),
                     kind.made_by ? verdict(kind.members_proven) : "-",
                     kind.made_by ? verdict(kind.order_proven) : "-",
                     kind.milliseconds ? fmt::format("{:.2f}", *kind.milliseconds) : "-");
}

Json json_of(const KindReport& kind) {
  Json json{{"kind", kind.kind.name()},
            {"groups", kind.group_count},
            {"size", kind.group_size},
            {"communicator", kind.made_by ? (*kind.made_by == kind.kind ? "made" : "shared") : "none"}};
  if (!kind.made_by) return json;
  if (*kind.made_by != kind.kind) json["shared_with"] = kind.made_by->name();
  json["members_proven"] = kind.members_proven;
  json["order_proven"] = kind.order_proven;
  if (kind.milliseconds) json["milliseconds"] = *kind.milliseconds;
  return json;
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text = fmt::format("rankmesh-bringup: {}\n\n", to_string(report.config));
  text += fmt::format("{:<20}{:>7}{:>7}  {:<28}{:<9}{:<9}{:>9}\n", "kind", "groups", "size", "communicator",
                      "members", "order", "ms");
  for (const KindReport& kind : report.kinds) text += row(kind);
  text += fmt::format(
      "\n{} communicators for {} kinds; agreement {:.2f} ms, duplicate {:.2f} ms, bring-up in all {:.2f} "
      "ms\n",
      report.communicators_made, report.kinds.size(), report.agreement_milliseconds,
      report.duplicate_milliseconds, report.total_milliseconds);
  if (report.failures.empty()) return text + "every communicator holds its group, in order\n";
  text += fmt::format("{} failed {}:\n", report.failures.size(),
                      report.failures.size() == 1 ? "proof" : "proofs");
  for (const std::string& failure : report.failures) text += "  " + failure + "\n";
  return text;
}

std::string to_json(const Report& report) {
  Json kinds = Json::array();
  for (const KindReport& kind : report.kinds) kinds.push_back(json_of(kind));
  const Json json{{"world_size", report.config.world_size},
                  {"config", to_string(report.config)},
                  {"kinds", kinds},
                  {"communicators_made", report.communicators_made},
                  {"milliseconds",
                   {{"agreement", report.agreement_milliseconds},
                    {"duplicate", report.duplicate_milliseconds},
                    {"total", report.total_milliseconds}}},
                  {"failures", report.failures},
                  {"ok", report.failures.empty()}};
  return json.dump(2) + "\n";
}

}  // namespace rankmesh::bringup
