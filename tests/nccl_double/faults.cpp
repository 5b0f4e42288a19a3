#include "faults.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "environment.hpp"
#include "rankmesh/nccl_double.hpp"

namespace rankmesh::nccl_double {

namespace {

/// One rule of the specification: call@rank[#n]=kind[:value].
struct Rule {
  std::string call;
  std::optional<int> rank;    // none: every rank
  std::optional<int> number;  // none: every call
  Fault fault;
};

constexpr std::array<std::pair<std::string_view, FaultKind>, 7> kinds{
    {{"error", FaultKind::error},
     {"async", FaultKind::async},
     {"size", FaultKind::size},
     {"hang", FaultKind::hang},
     {"slow", FaultKind::slow},
     {"die", FaultKind::die},
     {"needs_excluded", FaultKind::needs_excluded}}};

/// The calls that can have a fault, and `init` for the three that take a unique ID.
constexpr std::array<std::string_view, 44> known_calls{{"init",
                                                        "ncclGetVersion",
                                                        "ncclGetUniqueId",
                                                        "ncclCommInitRank",
                                                        "ncclCommInitRankConfig",
                                                        "ncclCommInitRankScalable",
                                                        "ncclCommSplit",
                                                        "ncclCommShrink",
                                                        "ncclCommGetUniqueId",
                                                        "ncclCommGrow",
                                                        "ncclCommRevoke",
                                                        "ncclCommFinalize",
                                                        "ncclCommDestroy",
                                                        "ncclCommAbort",
                                                        "ncclCommGetAsyncError",
                                                        "ncclCommCount",
                                                        "ncclCommUserRank",
                                                        "ncclCommCuDevice",
                                                        "ncclGroupStart",
                                                        "ncclGroupEnd",
                                                        "ncclAllReduce",
                                                        "ncclAllGather",
                                                        "ncclBroadcast",
                                                        "cudaGetDeviceCount",
                                                        "cudaSetDevice",
                                                        "cudaGetDevice",
                                                        "cudaGetDeviceProperties",
                                                        "cudaDeviceGetPCIBusId",
                                                        "cudaRuntimeGetVersion",
                                                        "cudaDriverGetVersion",
                                                        "cudaDeviceGetStreamPriorityRange",
                                                        "cudaDeviceSynchronize",
                                                        "cudaStreamCreateWithFlags",
                                                        "cudaStreamCreateWithPriority",
                                                        "cudaStreamGetPriority",
                                                        "cudaStreamDestroy",
                                                        "cudaStreamQuery",
                                                        "cudaStreamSynchronize",
                                                        "cudaMalloc",
                                                        "cudaFree",
                                                        "cudaMemcpy",
                                                        "cudaMemcpyAsync",
                                                        "cudaMemset",
                                                        "cudaMemGetInfo"}};

bool is_known(std::string_view call) {
  return std::find(known_calls.begin(), known_calls.end(), call) != known_calls.end();
}

/// Whether the fault `size` can change the number of ranks in this call.
bool has_size(std::string_view call) {
  return call == "init" || call.starts_with("ncclCommInitRank") || call == "ncclCommSplit" ||
         call == "ncclCommShrink" || call == "ncclCommGrow";
}

[[noreturn]] void refuse(std::string_view rule) {
  std::fprintf(stderr, "RANKMESH_DOUBLE_FAULTS: cannot do \"%.*s\"; a rule is call@rank[#n]=kind[:value]\n",
               static_cast<int>(rule.size()), rule.data());
  std::_Exit(99);
}

int number_in(std::string_view text, std::string_view rule) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse(rule);
  return value;
}

/// The text up to `separator`, which is removed from `text` with it.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return head;
}

/// Whether a rule can have an effect. A rule without effect would let a test pass wrongly.
bool can_happen(const Rule& rule) {
  if (!is_known(rule.call)) return false;
  switch (rule.fault.kind) {
    case FaultKind::none:
      return false;
    case FaultKind::error:
    case FaultKind::async:
    case FaultKind::slow:
      return rule.fault.value > 0;
    case FaultKind::size:
      return has_size(rule.call);
    case FaultKind::needs_excluded:
      return rule.call == "ncclCommShrink";
    default:
      return true;
  }
}

Rule parse_rule(std::string_view text) {
  Rule rule;
  std::string_view effect = text;
  std::string_view who = take_until(effect, '=');
  std::string_view rank = who;
  rule.call = take_until(rank, '@');
  std::string_view number = rank;
  rank = take_until(number, '#');
  if (rule.call.empty() || rank.empty() || effect.empty()) refuse(text);
  if (rank != "*") rule.rank = number_in(rank, text);
  if (!number.empty()) rule.number = number_in(number, text);
  const std::string_view kind = take_until(effect, ':');
  for (const auto& [name, value] : kinds) {
    if (name == kind) rule.fault.kind = value;
  }
  if (!effect.empty()) rule.fault.value = number_in(effect, text);
  if (!can_happen(rule)) refuse(text);
  return rule;
}

struct Specification {
  std::mutex mutex;
  bool read = false;
  std::vector<Rule> rules;
  std::map<std::string, int, std::less<>> calls;
};

Specification& specification() {
  static Specification instance;
  return instance;
}

void read_environment(Specification& spec) {
  spec.read = true;
  spec.rules.clear();
  spec.calls.clear();
  const std::string text = setting("RANKMESH_DOUBLE_FAULTS").value_or("");
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view rule = take_until(rest, ';');
    if (!rule.empty()) spec.rules.push_back(parse_rule(rule));
  }
}

int count_call(Specification& spec, std::string_view name) {
  const auto found = spec.calls.find(name);
  return found != spec.calls.end() ? ++found->second : spec.calls.emplace(std::string(name), 1).first->second;
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

}  // namespace

extern "C" void rankmesh_nccl_double_reset() {
  Specification& spec = specification();
  const std::scoped_lock lock(spec.mutex);
  read_environment(spec);
}

Fault next_fault(std::string_view name, std::string_view family) {
  Specification& spec = specification();
  const std::scoped_lock lock(spec.mutex);
  if (!spec.read) read_environment(spec);
  if (!is_known(name)) refuse(name);  // the list above lacks this call
  const int number = count_call(spec, name);
  const int number_in_family = family.empty() ? 0 : count_call(spec, family);
  const int rank = job_rank();
  for (const Rule& rule : spec.rules) {
    if (rule.rank.value_or(rank) != rank || (rule.call != name && (family.empty() || rule.call != family)))
      continue;
    if (rule.number && *rule.number != (rule.call == name ? number : number_in_family)) continue;
    return rule.fault;
  }
  return {};
}

ncclResult_t undergo(const Fault& fault, const Cancellation& cancellation) {
  switch (fault.kind) {
    case FaultKind::hang:
      return cancellation.wait(-1) ? ncclInternalError : ncclSystemError;
    case FaultKind::slow:
      return cancellation.wait(fault.value) ? ncclInternalError : ncclSuccess;
    case FaultKind::die:
      if (cancellation.wait(fault.value)) return ncclInternalError;
      die();
    case FaultKind::async:
      return static_cast<ncclResult_t>(fault.value);
    default:
      return ncclSuccess;
  }
}

int undergo_fault_of(std::string_view name) {
  const Fault fault = next_fault(name);
  switch (fault.kind) {
    case FaultKind::hang:
      while (true) ::pause();
    case FaultKind::slow:
      ::usleep(static_cast<useconds_t>(fault.value) * 1000);
      return 0;
    case FaultKind::die:
      if (fault.value > 0) ::usleep(static_cast<useconds_t>(fault.value) * 1000);
      die();
    case FaultKind::error:
    case FaultKind::async:
      return fault.value;
    default:
      return 0;
  }
}

}  // namespace rankmesh::nccl_double
