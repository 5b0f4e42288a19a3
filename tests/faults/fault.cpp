#include "faults/fault.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace rankmesh::tests::faults {
namespace {

struct State {
  std::thread::id thread{};
  std::map<std::string, int> counts{};
  std::optional<Fault> fault{};
  Pauses pauses{};
  std::string note_file{};
  std::chrono::steady_clock::time_point armed_at{};
};

State& state() {
  static State instance;
  return instance;
}

Kind kind_of(const std::string& name) {
  static const std::map<std::string, Kind> names = {
      {"kill", Kind::kill}, {"stop", Kind::stop},    {"exit", Kind::exit},   {"error", Kind::error},
      {"slow", Kind::slow}, {"late", Kind::late},    {"async", Kind::async}, {"die", Kind::die},
      {"hang", Kind::hang}, {"freeze", Kind::freeze}};
  const auto found = names.find(name);
  if (found == names.end()) throw std::invalid_argument("unknown fault " + name);
  return found->second;
}

void pause_for(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// @param folder has the files pid.RANK of all processes
void stop_all(const std::filesystem::path& folder) {
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (!file.path().filename().string().starts_with("pid.")) continue;
    pid_t process = 0;
    if (std::ifstream(file.path()) >> process && process != getpid()) kill(process, SIGSTOP);
  }
  raise(SIGSTOP);
}

}  // namespace

std::vector<Fault> parse_faults(const std::string& text) {
  std::vector<Fault> faults;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const std::size_t colon = word.find(':');
    const std::size_t at = word.find('@');
    const std::size_t hash = word.find('#');
    if (colon == std::string::npos || at == std::string::npos || hash == std::string::npos) {
      throw std::invalid_argument(word + " is not KIND:RANK@POINT#NUMBER");
    }
    faults.push_back({.kind = kind_of(word.substr(0, colon)),
                      .rank = std::stoi(word.substr(colon + 1, at - colon - 1)),
                      .point = word.substr(at + 1, hash - at - 1),
                      .number = std::stoi(word.substr(hash + 1))});
  }
  return faults;
}

void arm(const std::vector<Fault>& faults, int rank, Pauses pauses, const std::string& note_file) {
  state().thread = std::this_thread::get_id();
  state().pauses = pauses;
  state().note_file = note_file;
  state().armed_at = std::chrono::steady_clock::now();
  for (const Fault& fault : faults) {
    if (fault.rank == rank) state().fault = fault;
  }
}

bool meet(const std::string& point) {
  State& own = state();
  // The watchdog's thread calls MPI too: which of its calls is the nth is not known.
  if (std::this_thread::get_id() != own.thread) return false;
  const int number = ++own.counts[point];
  if (!own.fault || own.fault->point != point || own.fault->number != number) return false;
  std::ofstream(own.note_file)
      << std::chrono::duration<double>(std::chrono::steady_clock::now() - own.armed_at).count();
  switch (own.fault->kind) {
    case Kind::kill:
      raise(SIGKILL);
      break;
    case Kind::stop:
      raise(SIGSTOP);
      break;
    case Kind::exit:
      _exit(0);
    case Kind::error:
      return true;
    case Kind::slow:
      pause_for(own.pauses.slow);
      break;
    case Kind::late:
      pause_for(own.pauses.late);
      break;
    case Kind::freeze:
      stop_all(std::filesystem::path(own.note_file).parent_path());
      break;
    default:
      break;  // done by the double of NCCL
  }
  return false;
}

std::map<std::string, int> points_met() {
  return state().counts;
}

MpiBalance& mpi_balance() {
  static MpiBalance instance;
  return instance;
}

}  // namespace rankmesh::tests::faults
