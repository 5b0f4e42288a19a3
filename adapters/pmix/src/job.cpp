#include "rankmesh/pmix/job.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "client.hpp"
#include "rankmesh/comm/duration_text.hpp"
#include "rankmesh/comm/errors.hpp"
#include "rankmesh/topology/text.hpp"

namespace rankmesh::pmix {
namespace {

// Messages of a bootstrap, beside those of the protocols.
constexpr int node_channel = 64;
constexpr int world_channel = 65;

struct Line {
  explicit Line(Job& job) : line(job) {}

  PmixTransport line;
};

}  // namespace

/// A bring-up with its transport.
class Job::OverPmix : private Line, public BringUp {
 public:
  OverPmix(Job& job, const ParallelConfig& config, const BringUpOptions& options,
           const std::optional<NcclScheduleOptions>& nccl)
      : Line(job),
        BringUp({.transport = line}, config, options, nccl),
        job_(job) {
    job_.current_ = this;
  }
  OverPmix(const OverPmix&) = delete;
  OverPmix& operator=(const OverPmix&) = delete;
  ~OverPmix() override { job_.current_ = nullptr; }

  /// Messages of the bootstrap that came before this rank waited for them.
  std::vector<Message>& early(int channel) { return early_[channel]; }

 private:
  Job& job_;
  std::map<int, std::vector<Message>> early_{};
};

Job::Job() : client_(std::make_shared<Client>()) {}

Job::~Job() = default;

int Job::rank() const noexcept {
  return client_->rank();
}

int Job::size() const noexcept {
  return client_->size();
}

int Job::local_rank() const noexcept {
  const std::vector<int>& ranks = ranks_of_node();
  return static_cast<int>(std::find(ranks.begin(), ranks.end(), rank()) - ranks.begin());
}

const std::vector<int>& Job::ranks_of_node() const& noexcept {
  return client_->ranks_of_node();
}

std::unique_ptr<BringUp> Job::begin(const ParallelConfig& config, const BringUpOptions& options,
                                    const std::optional<NcclScheduleOptions>& nccl) {
  return std::make_unique<OverPmix>(*this, config, options, nccl);
}

std::optional<std::string> Job::wait_for(int channel, std::vector<int> from,
                                         const std::function<void(Message)>& take) {
  AgreementSession& session = current_->session();
  const auto hold = session.hold();
  Transport& transport = session.transport();
  std::vector<Message>& early = current_->early(channel);
  while (true) {
    while (std::optional<Message> message = transport.receive(static_cast<Channel>(channel))) {
      early.push_back(*std::move(message));
    }
    std::erase_if(early, [&](Message& message) {
      if (std::erase(from, message.from) == 0) return false;
      take(std::move(message));
      return true;
    });
    if (from.empty() && transport.sends_done(static_cast<Channel>(channel))) return std::nullopt;
    // A moment before the others ask what this rank is doing.
    if (session.elapsed() >= session.timeouts().deadline) break;
    transport.idle();
  }
  RankSet silent;
  for (const int rank : from) silent.insert(RankSet(rank));
  return "nothing has come from " + silent.to_string() + " within " + duration_text(session.elapsed());
}

std::optional<std::string> Job::gather_on_node(const std::function<Bytes(int local_rank)>& own,
                                               std::vector<Bytes>& all) {
  const std::vector<int>& ranks = ranks_of_node();
  const auto position = [&](int rank) {
    return static_cast<std::size_t>(std::find(ranks.begin(), ranks.end(), rank) - ranks.begin());
  };
  all.resize(ranks.size());
  Bytes& mine = all[position(rank())];
  mine = own(local_rank());
  std::vector<int> others;
  for (const int other : ranks) {
    if (other == rank()) continue;
    others.push_back(other);
    current_->transport().send(other, static_cast<Channel>(node_channel), mine);
  }
  return wait_for(node_channel, std::move(others),
                  [&](Message message) { all[position(message.from)] = std::move(message.bytes); });
}

std::optional<std::string> Job::broadcast(std::span<std::byte> bytes, int root) {
  if (rank() == root) {
    for (int other = 0; other < size(); ++other) {
      if (other != root) current_->transport().send(other, static_cast<Channel>(world_channel), bytes);
    }
    return wait_for(world_channel, {}, [](const Message& /*message*/) {});
  }
  return wait_for(world_channel, {root}, [&](const Message& message) {
    std::copy_n(message.bytes.begin(), std::min(message.bytes.size(), bytes.size()), bytes.begin());
  });
}

}  // namespace rankmesh::pmix
