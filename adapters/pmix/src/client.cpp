#include "client.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <thread>

#include "rankmesh/pmix/error.hpp"

namespace rankmesh::pmix {
namespace {

constexpr const char* box_key = "rankmesh.box";
/// After so many seconds PMIx gives a get up.
constexpr int seconds_for_a_get = 10;

void require_success(pmix_status_t status, const char* call) {
  if (status != PMIX_SUCCESS) throw PmixError({.call = call, .code = status});
}

/// A value that PMIx knows of the whole job, from the memory of this process.
pmix_value_t* value_of_job(const pmix_proc_t& self, const char* key) {
  pmix_proc_t all;
  PMIX_LOAD_PROCID(&all, self.nspace, PMIX_RANK_WILDCARD);
  pmix_info_t only_here;
  bool yes = true;
  PMIX_INFO_LOAD(&only_here, PMIX_OPTIONAL, &yes, PMIX_BOOL);
  pmix_value_t* value = nullptr;
  const pmix_status_t status = PMIx_Get(&all, key, &only_here, 1, &value);
  PMIX_INFO_DESTRUCT(&only_here);
  return status == PMIX_SUCCESS ? value : nullptr;
}

int job_size(const pmix_proc_t& self) {
  int size = 0;
  if (pmix_value_t* value = value_of_job(self, PMIX_JOB_SIZE)) {
    if (value->type == PMIX_UINT32) size = static_cast<int>(value->data.uint32);
    PMIX_VALUE_RELEASE(value);
  }
  return size;
}

/// The numbers of a list with commas.
std::vector<int> numbers_of(std::string_view text) {
  std::vector<int> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int number = 0;
    const auto [next, problem] = std::from_chars(at, end, number);
    if (problem == std::errc()) numbers.push_back(number);
    at = next < end ? next + 1 : end;
  }
  return numbers;
}

std::vector<int> ranks_on_this_node(const pmix_proc_t& self) {
  std::vector<int> ranks;
  if (pmix_value_t* value = value_of_job(self, PMIX_LOCAL_PEERS)) {
    if (value->type == PMIX_STRING) ranks = numbers_of(value->data.string);
    PMIX_VALUE_RELEASE(value);
  }
  const int own = static_cast<int>(self.rank);
  if (std::find(ranks.begin(), ranks.end(), own) == ranks.end()) ranks.push_back(own);
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

}  // namespace

/// A get under way. PMIx reads the options until it has answered.
struct Client::Request {
  Request(std::shared_ptr<Replies> to, int rank) : replies(std::move(to)), from(rank) {
    bool yes = true;
    int seconds = seconds_for_a_get;
    // Without it, values that were put again would be seen once only.
    PMIX_INFO_LOAD(&info[0], PMIX_GET_REFRESH_CACHE, &yes, PMIX_BOOL);
    PMIX_INFO_LOAD(&info[1], PMIX_TIMEOUT, &seconds, PMIX_INT);
  }

  std::shared_ptr<Replies> replies;
  int from;
  std::array<pmix_info_t, 2> info{};
};

Client::Client() {
  if (const pmix_status_t status = PMIx_Init(&self_, nullptr, 0); status != PMIX_SUCCESS) {
    throw PmixError({.call = "PMIx_Init",
                     .code = status,
                     .hint = "start the job with a launcher that has PMIx: srun --mpi=pmix, prterun, or the "
                             "mpiexec of Open MPI"});
  }
  size_ = job_size(self_);
  ranks_of_node_ = ranks_on_this_node(self_);
  if (std::optional<Box> before = own_box_of_before(); before && !before->sessions.empty()) {
    box_ = *std::move(before);
    next_ = box_.sessions.back().ordinal + 1;
  }
}

Client::~Client() {
  PMIx_Finalize(nullptr, 0);
}

std::optional<Box> Client::own_box_of_before() {
  ask(rank());
  // The server of this node answers at once, also where there is no box.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_for_a_get);
  while (std::chrono::steady_clock::now() < until) {
    for (const Reply& reply : take_replies()) return reply.bytes ? decode(*reply.bytes) : std::nullopt;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return std::nullopt;
}

std::uint64_t Client::open() {
  const std::lock_guard lock(mutex_);
  box_.sessions.push_back({.ordinal = next_});
  return next_++;
}

void Client::close(std::uint64_t session) {
  const std::lock_guard lock(mutex_);
  box_.find(session)->is_open = false;
  box_.forget();
}

void Client::add(std::uint64_t session, int to, int channel, std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex_);
  Box::add(*box_.find(session), to, channel, bytes);
  is_published_ = false;
}

void Client::publish() {
  const std::lock_guard lock(mutex_);
  if (is_published_) return;
  Bytes bytes = encode(box_);
  pmix_value_t value;
  PMIX_VALUE_CONSTRUCT(&value);
  value.type = PMIX_BYTE_OBJECT;
  // PMIx copies them.
  value.data.bo.bytes = reinterpret_cast<char*>(bytes.data());
  value.data.bo.size = bytes.size();
  require_success(PMIx_Put(PMIX_GLOBAL, box_key, &value), "PMIx_Put");
  require_success(PMIx_Commit(), "PMIx_Commit");
  is_published_ = true;
}

void Client::take_value(pmix_status_t status, pmix_value_t* value, void* request) {
  const std::unique_ptr<Request> own(static_cast<Request*>(request));
  Reply reply{.from = own->from};
  if (status == PMIX_SUCCESS && value != nullptr && value->type == PMIX_BYTE_OBJECT) {
    const auto bytes = std::as_bytes(std::span(value->data.bo.bytes, value->data.bo.size));
    reply.bytes.emplace(bytes.begin(), bytes.end());
  }
  const std::lock_guard lock(own->replies->mutex);
  own->replies->arrived.push_back(std::move(reply));
}

void Client::ask(int rank) {
  auto request = std::make_unique<Request>(replies_, rank);
  pmix_proc_t other;
  PMIX_LOAD_PROCID(&other, self_.nspace, static_cast<pmix_rank_t>(rank));
  const pmix_status_t status = PMIx_Get_nb(&other, box_key, request->info.data(), request->info.size(),
                                           &Client::take_value, request.get());
  if (status == PMIX_SUCCESS) {
    // `take_value` deletes it.
    static_cast<void>(request.release());
    return;
  }
  if (status != PMIX_ERR_NOT_FOUND) require_success(status, "PMIx_Get_nb");
  const std::lock_guard lock(replies_->mutex);
  replies_->arrived.push_back({.from = rank});
}

std::vector<Reply> Client::take_replies() {
  const std::lock_guard lock(replies_->mutex);
  return std::exchange(replies_->arrived, {});
}

}  // namespace rankmesh::pmix
