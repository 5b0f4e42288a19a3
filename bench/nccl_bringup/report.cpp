#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "rankmesh/topology/config_text.hpp"

namespace rankmesh::bench {
namespace {

using Json = nlohmann::ordered_json;

/// Median, minimum and maximum of one number over the samples.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

template <typename Number>
Spread spread(const Row& row, Number Sample::*member) {
  std::vector<double> values;
  for (const Sample& sample : row.samples) values.push_back(static_cast<double>(sample.*member));
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  return {.median = median(values), .min = *least, .max = *greatest};
}

double mebibytes(double bytes) {
  return bytes / (1024.0 * 1024.0);
}

constexpr std::size_t column_count = 11;
using Cells = std::array<std::string, column_count>;

const Cells& header() {
  static const Cells cells{"strategy", "calls",    "proven",  "ms",    "min", "max",
                           "MiB",      "MiB used", "threads", "comms", "sent"};
  return cells;
}

std::string verdict(const Row& row) {
  if (row.is_unavailable()) return "-";
  return row.is_proven() ? "yes" : "FAILED";
}

/// The maximum of a count over the samples.
std::string count_text(const Row& row, std::int64_t Sample::*member) {
  return fmt::format("{:.0f}", spread(row, member).max);
}

bool was_made(const Row& row) {
  return std::all_of(row.samples.begin(), row.samples.end(),
                     [](const Sample& sample) { return sample.error.empty(); });
}

Cells cells_of(const Row& row) {
  const std::string calls = row.name.blocking ? "blocking" : "non-blocking";
  if (!was_made(row)) return {row.name.strategy, calls, verdict(row), "-", "-", "-", "-", "-", "-", "-", "-"};
  const Spread time = spread(row, &Sample::milliseconds);
  return {row.name.strategy,
          calls,
          verdict(row),
          fmt::format("{:.1f}", time.median),
          fmt::format("{:.1f}", time.min),
          fmt::format("{:.1f}", time.max),
          fmt::format("{:.0f}", mebibytes(spread(row, &Sample::bytes_made).median)),
          fmt::format("{:.0f}", mebibytes(spread(row, &Sample::bytes_used).median)),
          count_text(row, &Sample::threads),
          count_text(row, &Sample::communicators),
          count_text(row, &Sample::messages)};
}

/// The unique IDs of all ranks, if they are counted.
std::optional<std::int64_t> identifiers(const Row& row) {
  return row.samples.empty() ? std::nullopt : row.samples.front().identifiers_counted;
}

bool has_identifiers(const Report& report) {
  return std::any_of(report.rows.begin(), report.rows.end(),
                     [](const Row& row) { return identifiers(row).has_value(); });
}

std::string identifier_text(const Row& row) {
  return identifiers(row) ? std::to_string(*identifiers(row)) : "-";
}

std::string table_line(const Cells& cells, std::string_view more) {
  return fmt::format("  {:<16} {:<12} {:<6} {:>9} {:>9} {:>9} {:>7} {:>8} {:>7} {:>5} {:>5}{}\n", cells[0],
                     cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8], cells[9],
                     cells[10], more);
}

std::string markdown_line(std::string_view layout, const Cells& cells,
                          const std::optional<std::string>& more) {
  std::string line = fmt::format("| {} |", layout);
  for (const std::string& cell : cells) line += " " + cell + " |";
  if (more) line += " " + *more + " |";
  return line + "\n";
}

std::string title(const Report& report) {
  return fmt::format("{} {} on {} {} ({})", report.ranks, report.ranks == 1 ? "rank" : "ranks", report.gpus,
                     report.gpus == 1 ? "GPU" : "GPUs", report.gpu_name);
}

std::string legend(const Report& report) {
  std::string text = fmt::format(
      "{} repetitions. ms: median time until the slowest rank has its communicators, with minimum and "
      "maximum. "
      "MiB: memory\nof the GPUs that all ranks together hold then. MiB used: the same after the first "
      "collective "
      "on each communicator.\nthreads, comms: those of the rank with the most. sent: messages of the library "
      "at the rank with the most, without\nmessages inside of MPI calls.",
      report.repetitions);
  if (has_identifiers(report)) text += " IDs: unique IDs of all ranks.";
  text += "\n";
  if (report.gpus < report.ranks) {
    text +=
        "Ranks share a GPU and communicate through sockets: "
        "this proves that the communicators are right, and\n"
        "says nothing about the speed of a transport.\n";
  }
  return text;
}

/// One line for each distinct error and finding, with its layout and strategy.
std::string failures_text(const Report& report) {
  std::vector<std::string> lines;
  const auto add = [&](const Row& row, const std::string& what) {
    const std::string line = fmt::format("{}, {} {}: {}\n", to_string(row.layout), row.name.strategy,
                                         row.name.blocking ? "blocking" : "non-blocking", what);
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  };
  for (const Row& row : report.rows) {
    for (const Sample& sample : row.samples) {
      if (!sample.error.empty()) add(row, sample.error);
      for (const std::string& finding : sample.findings) add(row, finding);
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

Json json_of(const Row& row) {
  Json json{{"layout", to_string(row.layout)},
            {"strategy", row.name.strategy},
            {"blocking", row.name.blocking},
            {"available", !row.is_unavailable()},
            {"proven", row.is_proven()},
            {"members_proven", true},
            {"order_proven", true},
            {"failures", Json::array()}};
  for (const Sample& sample : row.samples) {
    if (!sample.members_proven) json["members_proven"] = false;
    if (!sample.order_proven) json["order_proven"] = false;
    if (!sample.error.empty()) json["failures"].push_back(sample.error);
    for (const std::string& finding : sample.findings) json["failures"].push_back(finding);
  }
  if (!was_made(row)) return json;
  const Sample& first = row.samples.front();
  const Spread time = spread(row, &Sample::milliseconds);
  json["milliseconds"] = {{"median", time.median}, {"min", time.min}, {"max", time.max}};
  json["bytes_made"] = spread(row, &Sample::bytes_made).median;
  json["bytes_used"] = spread(row, &Sample::bytes_used).median;
  json["threads"] = spread(row, &Sample::threads).max;
  json["communicators"] = first.communicators;
  json["messages"] = first.messages;
  if (first.communicators_counted) json["communicators_counted"] = *first.communicators_counted;
  if (first.identifiers_counted) json["identifiers_counted"] = *first.identifiers_counted;
  return json;
}

}  // namespace

bool Row::is_proven() const {
  return !samples.empty() && std::all_of(samples.begin(), samples.end(), [](const Sample& sample) {
    return sample.members_proven && sample.order_proven;
  });
}

bool Row::is_unavailable() const {
  return std::any_of(samples.begin(), samples.end(), [](const Sample& sample) { return sample.unavailable; });
}

bool Report::is_good() const {
  return std::all_of(rows.begin(), rows.end(),
                     [](const Row& row) { return row.is_proven() || row.is_unavailable(); });
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string to_text(const Report& report) {
  const bool with_identifiers = has_identifiers(report);
  std::string text = title(report) + "\n" + legend(report);
  std::optional<ParallelConfig> layout;
  for (const Row& row : report.rows) {
    if (layout != row.layout) {
      layout = row.layout;
      text += "\n" + to_string(*layout) + "\n" + table_line(header(), with_identifiers ? "   IDs" : "");
    }
    text += table_line(cells_of(row), with_identifiers ? fmt::format("{:>6}", identifier_text(row)) : "");
  }
  const std::string failures = failures_text(report);
  return failures.empty() ? text : text + "\n" + failures;
}

std::string to_markdown(const Report& report) {
  const bool with_identifiers = has_identifiers(report);
  const auto more = [&](const std::string& cell) {
    return with_identifiers ? std::optional(cell) : std::nullopt;
  };
  std::string text = "### " + title(report) + "\n\n" + legend(report) + "\n";
  text += markdown_line("layout", header(), more("IDs"));
  text += "|";
  for (std::size_t column = 0; column < column_count + (with_identifiers ? 2 : 1); ++column) {
    text += column < 4 ? " --- |" : " ---: |";
  }
  text += "\n";
  for (const Row& row : report.rows) {
    text += markdown_line("`" + to_string(row.layout) + "`", cells_of(row), more(identifier_text(row)));
  }
  const std::string failures = failures_text(report);
  return failures.empty() ? text : text + "\n```\n" + failures + "```\n";
}

std::string to_json(const Report& report) {
  Json json{{"ranks", report.ranks},    {"gpus", report.gpus},
            {"gpu", report.gpu_name},   {"repetitions", report.repetitions},
            {"good", report.is_good()}, {"rows", Json::array()}};
  for (const Row& row : report.rows) json["rows"].push_back(json_of(row));
  return json.dump(2) + "\n";
}

}  // namespace rankmesh::bench
