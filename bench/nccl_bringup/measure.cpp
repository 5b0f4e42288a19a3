#include "measure.hpp"

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "counts.hpp"
#include "rankmesh/bringup/nccl_operations.hpp"
#include "rankmesh/bringup/proof.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/nccl/error.hpp"
#include "sent.hpp"

namespace rankmesh::bench {
namespace {

std::int64_t thread_count() {
  std::int64_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

/// Proves all kinds, in the same order on every rank.
void prove_all(const Job& job, const Device& device, const Topology& topology, const Strategy& strategy,
               Sample& sample) {
  const auto holds_on_all = [&](std::string finding) {
    for (std::string& text : job.gather_texts(finding)) sample.findings.push_back(std::move(text));
    return job.all(finding.empty());
  };
  const auto wait = [] { std::this_thread::yield(); };
  const bool has_singletons = strategy.name().makes_singletons;
  for (const KindFamily& kind : topology.kinds()) {
    std::optional<bringup::NcclOperations> operations;
    if (const auto communicator = strategy.at(kind.kind)) operations.emplace(*communicator, device.number());
    bringup::Membership mine{.kind = kind.kind, .operations = operations ? &*operations : nullptr};
    if (const auto place = kind.family.locate(job.rank)) {
      mine.group = place->group;
      mine.position = place->position;
    }
    if (!holds_on_all(bringup::check_presence(
            kind.family, mine, job.rank,
            has_singletons ? bringup::Expected::all_groups : bringup::Expected::groups_of_several))) {
      sample.members_proven = false;
      sample.order_proven = false;
      continue;  // a collective would wait for the rank without a communicator
    }
    if (!holds_on_all(bringup::prove_membership(kind.family, mine, job.rank, wait))) {
      sample.members_proven = false;
    }
    if (!holds_on_all(bringup::prove_order(kind.family, mine, job.rank, wait))) sample.order_proven = false;
  }
}

/// @return why the communicators were not created, the same on every rank; empty if they were
std::string create(Strategy& strategy, const Topology& topology, bool& unavailable) {
  try {
    strategy.create(topology);
    return "";
  } catch (const nccl::OptionsError& error) {
    unavailable = true;
    return error.what();
  } catch (const BringUpError& error) {
    return error.what();
  } catch (const DisagreementError& error) {
    return error.what();
  }
}

}  // namespace

Sample measure(const Job& job, const Device& device, const Topology& topology, Strategy& strategy) {
  Sample sample;
  const std::int64_t free_before = device.free_bytes(job);
  const std::int64_t threads_before = thread_count();
  const std::optional<Counts> counts_before = counts();
  job.barrier();
  const std::int64_t sent_before = messages_sent();
  const auto start = std::chrono::steady_clock::now();
  sample.error = create(strategy, topology, sample.unavailable);
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  const std::int64_t sent = messages_sent() - sent_before;
  if (!sample.error.empty()) {
    sample.members_proven = false;
    sample.order_proven = false;
    return sample;
  }
  sample.milliseconds = job.largest(elapsed.count());
  sample.messages = job.largest(sent);
  sample.threads = job.largest(thread_count() - threads_before);
  sample.communicators = job.largest(std::int64_t{strategy.communicator_count()});
  if (const std::optional<Counts> counts_after = counts(); counts_before && counts_after) {
    sample.identifiers_counted = job.sum(counts_after->identifiers - counts_before->identifiers);
    sample.communicators_counted = job.largest(counts_after->communicators - counts_before->communicators);
  }
  sample.bytes_made = free_before - device.free_bytes(job);
  prove_all(job, device, topology, strategy, sample);
  sample.bytes_used = free_before - device.free_bytes(job);
  strategy.close();
  return sample;
}

}  // namespace rankmesh::bench
