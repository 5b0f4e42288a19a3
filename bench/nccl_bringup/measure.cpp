#include "measure.hpp"

#include <chrono>
#include <filesystem>

#include "counts.hpp"
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

/// Proves every kind, in the same order on every rank.
void prove_all(const Job& job, Prover& prover, const Topology& topology, const Way& way, Sample& sample) {
  const auto note = [&](const std::string& finding) {
    for (std::string& text : job.gather_texts(finding)) sample.findings.push_back(std::move(text));
    return job.all(finding.empty());
  };
  for (const KindFamily& kind : topology.kinds()) {
    const std::optional<ncclComm_t> mine = way.at(kind.kind);
    if (!note(prover.check_presence(kind, mine, way.name().makes_singletons))) {
      sample.members_proven = false;
      sample.order_proven = false;
      continue;  // who has a communicator would wait for who has none
    }
    const Findings findings = prover.prove(kind, mine);
    if (!note(findings.members)) sample.members_proven = false;
    if (!note(findings.order)) sample.order_proven = false;
  }
}

/// @return why it was not made, the same on every rank
std::string make(Way& way, const Topology& topology, bool& unavailable) {
  try {
    way.make(topology);
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

Sample measure(const Job& job, const Device& device, Prover& prover, const Topology& topology, Way& way) {
  Sample sample;
  const std::int64_t free_before = device.free_bytes(job);
  const std::int64_t threads_before = thread_count();
  const std::optional<Counts> counts_before = counts();
  job.barrier();
  const std::int64_t sent_before = messages_sent();
  const auto start = std::chrono::steady_clock::now();
  sample.error = make(way, topology, sample.unavailable);
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
  sample.communicators = job.largest(std::int64_t{way.communicator_count()});
  if (const std::optional<Counts> counts_after = counts(); counts_before && counts_after) {
    sample.identifiers_counted = job.sum(counts_after->identifiers - counts_before->identifiers);
    sample.communicators_counted = job.largest(counts_after->communicators - counts_before->communicators);
  }
  sample.bytes_made = free_before - device.free_bytes(job);
  prove_all(job, prover, topology, way, sample);
  sample.bytes_used = free_before - device.free_bytes(job);
  way.close();
  return sample;
}

}  // namespace rankmesh::bench
