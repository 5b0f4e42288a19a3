#include "members.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <utility>

#include "rankmesh/comm/slices.hpp"

namespace rankmesh::simulate {
namespace {

constexpr Time nothing = Time(-1);
constexpr int nobody = -1;

}  // namespace

template <typename To>
void Members::exchange(const LogGP& cost, std::int64_t bytes, To&& to) {
  coming_.assign(hosts_.size(), nothing);
  int senders = 0;
  for (int from = 0; from < size(); ++from) {
    const int receiver = to(from);
    if (receiver == nobody) continue;
    coming_[static_cast<std::size_t>(receiver)] = host(from).send(cost, bytes);
    ++senders;
  }
  for (int position = 0; position < size(); ++position) {
    const Time first_byte = coming_[static_cast<std::size_t>(position)];
    if (first_byte != nothing) host(position).receive(cost, host(position).land(cost, bytes, first_byte));
  }
  count(bytes, senders, std::forward<To>(to));
}

template <typename To>
void Members::count(std::int64_t bytes, int senders, To&& to) {
  if (senders == size()) {
    // Each sends one message and receives one: the counts of a million members need not be touched.
    of_each_.add_sent(bytes);
    of_each_.add_received(bytes);
    return;
  }
  for (int from = 0; from < size(); ++from) {
    const int receiver = to(from);
    if (receiver == nobody) continue;
    counts_at(from).add_sent(bytes);
    counts_at(receiver).add_received(bytes);
  }
}

void Members::all_reduce(const LogGP& cost, std::int64_t bytes) {
  const auto inside = static_cast<int>(std::bit_floor(hosts_.size()));
  const int beyond = size() - inside;
  if (beyond > 0) exchange(cost, bytes, [=](int i) { return i >= inside ? i - inside : nobody; });
  for (int distance = 1; distance < inside; distance *= 2) {
    exchange(cost, bytes, [=](int i) { return i < inside ? i ^ distance : nobody; });
  }
  if (beyond > 0) exchange(cost, bytes, [=](int i) { return i < beyond ? i + inside : nobody; });
}

void Members::all_gather(const LogGP& cost, std::int64_t bytes) {
  const int all = size();
  for (int have = 1; have < all; have += std::min(have, all - have)) {
    const int passed = std::min(have, all - have);
    exchange(cost, passed * bytes, [=](int i) { return (i - have + all) % all; });
  }
}

void Members::check_in(const LogGP& cost, std::int64_t bytes, int roots) {
  for (int root = 0; root < roots; ++root) {
    check_in(cost, bytes, slice_begin(root, roots, size()), slice_begin(root + 1, roots, size()));
  }
}

void Members::check_in(const LogGP& cost, std::int64_t bytes, int first, int last) {
  std::vector<Time> coming;
  for (int position = first + 1; position < last; ++position) {
    coming.push_back(host(position).send(cost, bytes));
    counts_at(position).add_sent(bytes);
  }
  std::sort(coming.begin(), coming.end());
  Host& root = host(first);
  for (const Time first_byte : coming) root.receive(cost, root.land(cost, bytes, first_byte));
  for (int position = first + 1; position < last; ++position) {
    const Time first_byte = root.send(cost, bytes);
    host(position).receive(cost, host(position).land(cost, bytes, first_byte));
    counts_at(position).add_received(bytes);
  }
  counts_at(first).add_received(bytes, last - first - 1);
  counts_at(first).add_sent(bytes, last - first - 1);
}

void Members::ring_all_gather(const LogGP& cost, std::int64_t bytes) {
  const int stages = size() - 1;
  if (stages == 0) return;
  // A member ends a stage a `turn` after its previous stage or a `hop` after its neighbour's, whichever is
  // later. So member i ends the last stage at the maximum, over the members at distance d before it, of their
  // entry plus d hops plus a turn for each other stage.
  const Time hop = 2 * cost.overhead + cost.length(bytes) + cost.latency;
  const Time turn = std::max(2 * cost.overhead, cost.gap + cost.length(bytes));
  const Time lead = std::max(hop - turn, Time::zero());

  const auto entry = [&](int place) { return host((place + size()) % size()).clock - lead * place; };
  std::vector<Time> leaves(hosts_.size());
  // A sliding maximum over the places -stages .. size - 1 around the ring: the front has the largest entry of
  // the last size() places.
  std::deque<int> largest;
  for (int place = -stages; place < size(); ++place) {
    while (!largest.empty() && entry(largest.back()) <= entry(place)) largest.pop_back();
    largest.push_back(place);
    if (largest.front() < place - stages) largest.pop_front();
    if (place >= 0) {
      leaves[static_cast<std::size_t>(place)] = entry(largest.front()) + lead * place + turn * stages;
    }
  }
  for (int position = 0; position < size(); ++position) {
    host(position).clock = leaves[static_cast<std::size_t>(position)];
    host(position).out = host(position).clock;
    host(position).in = host(position).clock;
    counts_at(position).add_sent(bytes, stages);
    counts_at(position).add_received(bytes, stages);
  }
}

}  // namespace rankmesh::simulate
