#pragma once

/// @file
/// What the processes of rebuild_job.cpp have written.

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "support/cases.hpp"
#include "support/catch.hpp"
#include "support/mpi_job.hpp"

namespace rankmesh::tests {

/// What the processes wrote of one generation, by process: the text behind the generation.
using Lines = std::map<int, std::string>;

struct Said {
  std::map<int, Lines> generations{};
  /// Which communicators were kept, and how many were made in which way.
  std::map<int, Lines> made{};
  std::set<int> finished{};
  std::map<int, std::string> errors{};
};

/// @param environment `NAME=value` each
inline Said run(int processes, const std::string& options, const std::vector<std::string>& environment = {},
                const std::string& program = RANKMESH_REBUILD_JOB) {
  const Outcome outcome = run(Job{.program = program,
                                  .parts = {{.processes = processes, .options = options}},
                                  .environment = environment,
                                  .runs_on = true,
                                  .tells_of_failures = true});
  CHECK(outcome.left_over == 0);
  Said said;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    int process = 0;
    if (!(words >> word) || word != "process" || !(words >> process >> word)) continue;
    if (word == "finished") said.finished.insert(process);
    if (word == "error:") std::getline(words, said.errors[process]);
    if (word != "generation" && word != "made") continue;
    int number = 0;
    words >> number;
    std::getline(words, (word == "made" ? said.made : said.generations)[number][process]);
  }
  return said;
}

/// That all processes but some end in one generation, with proven communicators of these members.
/// @param members by process, the text of its communicators, or `idle`
inline void check_end(const Said& said, int processes, const std::set<int>& lost, int generation,
                      const std::string& beginning, const std::map<int, std::string>& members) {
  CHECK(said.generations.size() == static_cast<std::size_t>(generation) + 1);
  REQUIRE(said.generations.contains(generation));
  const Lines& last = said.generations.at(generation);
  for (int process = 0; process < processes; ++process) {
    CAPTURE(process);
    if (lost.contains(process)) {
      CHECK_FALSE(said.finished.contains(process));
      continue;
    }
    CHECK(said.finished.contains(process));
    REQUIRE(last.contains(process));
    CHECK_THAT(last.at(process), Catch::Matchers::StartsWith(" " + beginning + " "));
    if (const auto found = members.find(process); found != members.end()) {
      CHECK_THAT(last.at(process), Catch::Matchers::EndsWith("| " + found->second));
    }
  }
}

/// The number behind a word of a line.
inline int number_behind(const std::string& word, const std::string& line) {
  std::istringstream words(line);
  std::string each;
  while (words >> each && each != word) {
  }
  int number = -1;
  words >> number;
  return number;
}

}  // namespace rankmesh::tests
