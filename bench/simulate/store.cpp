#include "store.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "event_queue.hpp"

namespace rankmesh::simulate {
namespace {

constexpr std::int64_t request_bytes = 64;
constexpr std::int64_t reply_bytes = 16;
constexpr std::int64_t identifier_bytes = 128;

/// The requests of a rank for one group, in this order; ranks that are not members begin with `add`.
enum class Request : std::uint8_t {
  set_identifier,
  await_identifier,
  get_identifier,
  add,
  count,
  set_last,
  await_last,
};

/// The store and all ranks of a job.
class Store {
 public:
  Store(int ranks, const LogGP& cost) : cost_(cost), clients_(static_cast<std::size_t>(ranks)) {}

  /// Lets all ranks create some groups of one family, one after another.
  void create(const GroupFamily& family, int first_group, int count);

  [[nodiscard]] Time finished_at() const { return finished_at_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::int64_t events() const { return events_; }

 private:
  struct Client {
    Host host{};
    int group = 0;
    Request request{};
  };
  struct What {
    /// Whether the message is sent to the store; if not, it is an answer.
    bool is_request = false;
    Request request{};
    int rank = 0;
    int group = 0;
  };
  /// The state of a group in the store.
  struct Group {
    bool has_identifier = false;
    bool is_complete = false;
    int arrived = 0;
    std::vector<int> await_identifier{};
    std::vector<int> await_last{};
  };

  void begin_group(int rank);
  void ask(int rank, Request request);
  void serve(const What& what, Time first_byte);
  void answer(int rank, Request request, int group);
  void answer_all(std::vector<int>& ranks, Request request, int group);
  void take_answer(const What& what, Time first_byte);
  [[nodiscard]] Group& known(int group) { return groups_[static_cast<std::size_t>(group - first_)]; }
  [[nodiscard]] Client& client(int rank) { return clients_[static_cast<std::size_t>(rank)]; }

  LogGP cost_;
  Host store_{};
  std::vector<Client> clients_;
  EventQueue<What> queue_{};
  const GroupFamily* family_ = nullptr;
  int first_ = 0;
  int end_ = 0;
  std::vector<Group> groups_{};
  Counts counts_{};
  Time finished_at_{};
  std::int64_t events_ = 0;
};

void Store::create(const GroupFamily& family, int first_group, int count) {
  family_ = &family;
  first_ = first_group;
  end_ = first_group + count;
  groups_.assign(static_cast<std::size_t>(count), {});
  for (int rank = 0; rank < static_cast<int>(clients_.size()); ++rank) {
    client(rank).group = first_group;
    begin_group(rank);
  }
  while (!queue_.empty()) {
    const auto event = queue_.pop();
    ++events_;
    if (event.what.is_request) {
      serve(event.what, event.at);
    } else {
      take_answer(event.what, event.at);
    }
  }
}

void Store::begin_group(int rank) {
  const Client& self = client(rank);
  if (self.group == end_) {
    finished_at_ = std::max(finished_at_, self.host.clock);
    return;
  }
  const auto place = family_->locate(rank);
  if (!place || place->group != self.group || family_->group_size() == 1) return ask(rank, Request::add);
  if (place->position > 0) return ask(rank, Request::await_identifier);
  ask(rank, Request::set_identifier);
  // A set is not answered.
  ask(rank, Request::add);
}

void Store::ask(int rank, Request request) {
  Client& self = client(rank);
  self.request = request;
  const std::int64_t bytes =
      request == Request::set_identifier ? request_bytes + identifier_bytes : request_bytes;
  queue_.push(self.host.send(cost_, bytes), {true, request, rank, self.group});
}

void Store::serve(const What& what, Time first_byte) {
  const bool has_identifier = what.request == Request::set_identifier;
  const std::int64_t bytes = has_identifier ? request_bytes + identifier_bytes : request_bytes;
  store_.receive(cost_, store_.land(cost_, bytes, first_byte));
  counts_.add_received(bytes);
  Group& group = known(what.group);
  switch (what.request) {
    case Request::set_identifier:
      group.has_identifier = true;
      return answer_all(group.await_identifier, Request::await_identifier, what.group);
    case Request::await_identifier:
      if (!group.has_identifier) return group.await_identifier.push_back(what.rank);
      break;
    case Request::add:
      ++group.arrived;
      break;
    case Request::set_last:
      group.is_complete = true;
      return answer_all(group.await_last, Request::await_last, what.group);
    case Request::await_last:
      if (!group.is_complete) return group.await_last.push_back(what.rank);
      break;
    case Request::get_identifier:
    case Request::count:
      break;
  }
  answer(what.rank, what.request, what.group);
}

void Store::answer_all(std::vector<int>& ranks, Request request, int group) {
  for (const int rank : ranks) answer(rank, request, group);
  ranks = {};
}

void Store::answer(int rank, Request request, int group) {
  const std::int64_t bytes = request == Request::get_identifier ? identifier_bytes : reply_bytes;
  counts_.add_sent(bytes);
  // A rank that asks after the last one has arrived sees from the counter that all have.
  const bool is_full = request == Request::count && known(group).arrived == static_cast<int>(clients_.size());
  queue_.push(store_.send(cost_, bytes), {false, is_full ? Request::set_last : request, rank, group});
}

void Store::take_answer(const What& what, Time first_byte) {
  Host& host = client(what.rank).host;
  const std::int64_t bytes = what.request == Request::get_identifier ? identifier_bytes : reply_bytes;
  host.receive(cost_, host.land(cost_, bytes, first_byte));
  switch (what.request) {
    case Request::await_identifier:
      return ask(what.rank, Request::get_identifier);
    case Request::get_identifier:
      return ask(what.rank, Request::add);
    case Request::add:
      return ask(what.rank, Request::count);
    case Request::set_last:
      ask(what.rank, Request::set_last);
      return ask(what.rank, Request::await_last);
    case Request::count:
      return ask(what.rank, Request::await_last);
    case Request::set_identifier:
    case Request::await_last:
      break;
  }
  ++client(what.rank).group;
  begin_group(what.rank);
}

Counts times(const Counts& counts, std::int64_t factor, std::int64_t divisor) {
  return {counts.messages_sent * factor / divisor, counts.messages_received * factor / divisor,
          counts.bytes_sent * factor / divisor, counts.bytes_received * factor / divisor};
}

}  // namespace

StoreResult run_store(const Topology& topology, const LogGP& cost, std::int64_t max_messages) {
  Store store(topology.world_size(), cost);
  StoreResult result;
  const std::int64_t messages_per_group = std::int64_t{7} * topology.world_size();
  Counts counted;
  for (const KindFamily& kind : topology.kinds()) {
    const int count = kind.family.group_count();
    const auto simulated =
        static_cast<int>(std::clamp<std::int64_t>(max_messages / messages_per_group, 1, count));
    const Time before = store.finished_at();
    const Counts counts_before = store.counts();
    store.create(kind.family, 0, simulated);
    result.seconds += seconds(store.finished_at() - before) / simulated * count;
    Counts added = store.counts();
    added += times(counts_before, -1, 1);
    counted += times(added, count, simulated);
    result.groups += count;
    result.simulated_groups += simulated;
  }
  result.at_store = counted;
  result.events = store.events();
  return result;
}

}  // namespace rankmesh::simulate
